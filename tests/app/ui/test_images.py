from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6.QtGui", exc_type=ImportError)

from spade_studio.app.ui.images import to_image


@pytest.mark.parametrize("channels", [3, 4])
def test_a_picture_becomes_an_image_of_its_own_memory(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 14, channels), np.uint8)[:, ::2]
    image, expected = to_image(pixels), pixels.copy()
    pixels[:] = 0
    assert (image.width(), image.height(), image.hasAlphaChannel()) == (7, 5, channels == 4)
    for y, x in np.ndindex(5, 7):
        color = image.pixelColor(x, y)
        assert (color.red(), color.green(), color.blue(), color.alpha())[:channels] == tuple(expected[y, x])


def test_a_plane_becomes_an_opacity() -> None:
    image = to_image(np.array([[0, 128, 255]], np.uint8))
    assert [image.pixelColor(x, 0).alpha() for x in range(3)] == [0, 128, 255]
