"""The seeds of styles and textures that a command line gives."""

from __future__ import annotations

import pytest

from spade_studio.engine.batch.plan import MAX_SEED
from spade_studio.engine.batch.style_plan import StyleSource
from spade_studio.engine.errors import StyleError


@pytest.mark.parametrize("variations", [1, 2])
def test_seeds_up_to_the_largest_are_those_of_textures_too(variations: int) -> None:
    first = MAX_SEED - variations + 1
    source = StyleSource(seed=first, variations=variations)
    assert (list(source.styles)[-1], source.first_texture) == (MAX_SEED, first)
    assert StyleSource(variations=variations, texture=first).first_texture == first


@pytest.mark.parametrize(("texture", "variations"), [(-1, 1), (MAX_SEED, 2), (MAX_SEED + 1, 1)])
def test_textures_out_of_range_are_refused(texture: int, variations: int) -> None:
    with pytest.raises(StyleError, match="textures from"):
        StyleSource(variations=variations, texture=texture)
