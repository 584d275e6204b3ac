from __future__ import annotations

from pathlib import Path

import pytest
import torch

from spade_studio.train.learning.discriminator_file import load_discriminator_beside


def write(folder: Path, name: str, value: float) -> None:
    torch.save({"weight": torch.full((2,), value)}, folder / name)


def found(weights: Path) -> float | None:
    state = load_discriminator_beside(weights)
    return None if state is None else float(state["weight"][0])


def test_the_discriminator_is_of_the_epoch_of_the_generator_that_a_folder_gives(tmp_path: Path) -> None:
    assert found(tmp_path) is None
    for epoch in (9, 10):
        write(tmp_path, f"{epoch}_net_G.pth", 0)
        write(tmp_path, f"{epoch}_net_D.pth", epoch)
    write(tmp_path, "11_net_D.pth", 11)  # its generator was removed
    (tmp_path / "old_net_G.pth").write_bytes(b"")
    assert found(tmp_path) == 10
    assert found(tmp_path / "9_net_G.pth") == 9
    write(tmp_path, "latest_net_G.pth", 0)
    assert found(tmp_path) is None  # none but of other epochs
    write(tmp_path, "latest_net_D.pth", 100)
    assert found(tmp_path) == 100
    (tmp_path / "9_net_D.pth").unlink()
    assert found(tmp_path / "9_net_G.pth") is None


@pytest.mark.parametrize("name", ["mine.pth", "9_net_E.pth"])
def test_files_of_other_names_have_none(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, 0)
    assert found(tmp_path / name) is None
