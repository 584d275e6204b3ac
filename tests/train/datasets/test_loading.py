from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.config import GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets import DataError, open_dataset
from spade_studio.train.datasets.loading import Batch, BatchLoader, Collate, StepBatches, TrainingSet, modulation_resolutions
from spade_studio.train.datasets.sampler import ResumableSampler, SampleKey

CROP = GeometryConfig(mode="crop", load_size=40, crop_size=32)
FEW = (156, 134, 0)


def fill(make: Any, count: int = 6) -> Any:
    for number in range(count):
        make.photo(f"images/p{number}.png", 40, 44, number)
        make.map(f"labels/p{number}.png", np.random.default_rng(number).choice(FEW, (40, 44)), 40, 44)
        make.map(f"instances/p{number}.png", np.arange(40 * 44).reshape(40, 44) // 100, 40, 44, np.uint16)
    return make


def training_set(make: Any, seed: int | None = 1, geometry: GeometryConfig = CROP) -> TrainingSet:
    dataset = open_dataset(make.root)
    return TrainingSet(dataset.with_channels(LabelChannels.from_label_set(dataset.label_set, FEW[:2], "last", edge=True)), geometry, seed)


def loader(data: TrainingSet, **options: Any) -> BatchLoader:
    resolutions = options.pop("resolutions", ((32, 32, 3),))
    return BatchLoader(data, ResumableSampler(len(data), 2, seed=1), Collate(data.dataset.channels, resolutions), **options)


def test_a_key_gives_the_same_example_and_an_epoch_another(make: Any) -> None:
    data = training_set(fill(make))
    first, again = data.example(SampleKey(0, 3)), data.example(SampleKey(0, 3))
    assert (first.photo == again.photo).all()
    assert first.name == "p3"
    assert any((data.example(SampleKey(epoch, 3)).photo != first.photo).any() for epoch in range(1, 4))
    assert any((data.example(SampleKey(0, 3, occurrence=time)).photo != first.photo).any() for time in range(1, 4))
    made = Collate(data.dataset.channels).batch([data[SampleKey(0, 3, occurrence=time)] for time in range(2)])
    assert isinstance(made, Batch)
    assert made.indices == (3, 3 + (1 << 32))


def test_validation_examples_never_change(make: Any) -> None:
    data = training_set(fill(make), seed=None)
    assert (data.example(SampleKey(0, 3)).photo == data.example(SampleKey(9, 3)).photo).all()


def test_a_batch_holds_photographs_and_their_layout(make: Any) -> None:
    data = training_set(fill(make))
    (batch,) = next(iter(loader(data)))
    keys = [SampleKey(0, index) for index in batch.indices]
    examples = [data.example(key) for key in keys]
    assert len(batch) == 2
    assert batch.names == tuple(example.name for example in examples)
    photos = np.stack([example.photo for example in examples]).transpose(0, 3, 1, 2).astype(np.float32)
    assert torch.equal(batch.pixels, torch.from_numpy(np.stack([example.photo for example in examples])))
    assert torch.equal(batch.photos, torch.from_numpy(photos / np.float32(127.5) - np.float32(1)))
    assert batch.photos.is_contiguous()
    expected = Layout.from_channels(
        np.stack([example.channels for example in examples]),
        4,
        instances=np.stack([example.instances for example in examples]),
        edge_channel=True,
    )
    assert (batch.layout.codes == expected.codes).all()
    assert batch.layout.book == expected.book
    assert batch.layout.one_hot(32, 32, "cpu", torch.float32)[:, 3].any()


def test_workers_give_what_one_process_gives_from_a_zip_too(make: Any, tmp_path: Path) -> None:
    data = training_set(fill(make))
    archive = make.zip(tmp_path / "data.zip")
    zipped = TrainingSet(open_dataset(archive).with_channels(data.dataset.channels), CROP, 1)
    zipped.example(SampleKey(0, 0))  # the archive is open before the workers start
    here = [batch for (batch,) in islice(loader(data), 5)]
    there = [batch for (batch,) in islice(loader(zipped, workers=2), 5)]
    for one, two in zip(here, there, strict=True):
        assert one.names == two.names
        assert torch.equal(one.photos, two.photos)
        assert (one.layout.codes == two.layout.codes).all()
        assert torch.equal(one.layout.grid(32, 32, 3, "cpu").pixel_ids, two.layout.grid(32, 32, 3, "cpu").pixel_ids)


@pytest.mark.parametrize("edges", [True, False])
def test_the_parts_of_a_step_are_handed_over_as_one_tensor_and_stay_what_they_are(make: Any, edges: bool) -> None:
    dataset = open_dataset(fill(make).root)
    data = TrainingSet(dataset.with_channels(LabelChannels.from_label_set(dataset.label_set, FEW[:2], "last", edge=edges)), CROP, 1)
    collate = Collate(data.dataset.channels, ((8, 8, 3), (32, 32, 3)))
    made = collate([data[SampleKey(0, index, 3)] for index in range(5)])
    assert isinstance(made, StepBatches)
    assert [len(part) for part in made] == [2, 2, 1]
    rebuild, stored = made.__reduce__()
    assert sum(isinstance(value, Tensor) for value in stored) == 1
    assert not any(isinstance(value, (Tensor, np.ndarray)) for outline in stored[-1] for grid in outline.grids for value in grid.values())
    for part, again in zip(made, rebuild(*stored), strict=True):
        assert torch.equal(part.photos, again.photos)
        assert (part.layout.codes == again.layout.codes).all()
        assert again.layout.codes.dtype == np.int32
        assert part.layout.book == again.layout.book
        assert (part.names, part.indices, part.resolutions) == (again.names, again.indices, again.resolutions)
        again.layout.codes = np.zeros((0, 0, 0), np.int32)  # a new grid could not be made of this
        for resolution in part.resolutions:
            ours, theirs = vars(part.layout.grid(*resolution, "cpu")), vars(again.layout.grid(*resolution, "cpu"))
            assert (ours["edge_rows"] is not None) == edges
            for name, value in ours.items():
                same = (torch.equal(value, theirs[name]) and value.dtype == theirs[name].dtype) if isinstance(value, Tensor) else None
                assert value == theirs[name] if same is None else same


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_sample_ends_the_run_with_its_name(make: Any, workers: int) -> None:
    fill(make, 2)
    labels = np.full((40, 44), 156)
    labels[3, 4] = 200
    make.map("labels/p1.png", labels, 40, 44)
    with pytest.raises(DataError, match=r"labels/p1\.png holds the value 200.*x 4, y 3") as caught:
        next(iter(loader(training_set(make), workers=workers)))
    assert caught.value.kind == "unknown id"


def test_sizes_that_differ_in_a_batch_are_told(make: Any) -> None:
    make.pair("a", height=40, width=40)
    make.pair("b", height=64, width=40)
    with pytest.raises(DataError, match="different sizes in one batch"):
        next(iter(loader(training_set(make, geometry=GeometryConfig(mode="none")), resolutions=())))


@pytest.mark.parametrize("upsampling", ["normal", "more", "most"])
def test_the_resolutions_are_those_that_a_generator_asks_for(make: Any, upsampling: Any) -> None:
    config = GeneratorConfig(4, base_channels=2, hidden_width=2, upsampling=upsampling, crop_size=128, input="noise", z_width=2)
    layout = Layout.from_channels(np.zeros((1, 128, 256), np.int64), 4, edge_channel=True)
    asked: list[tuple[int, int, int]] = []
    original = layout.grid

    def grid(height: int, width: int, kernel_size: int, device: Any) -> Any:
        asked.append((height, width, kernel_size))
        return original(height, width, kernel_size, device)

    layout.grid = grid  # pyright: ignore[reportAttributeAccessIssue]
    accelerate(Generator(config)).eval()(layout, torch.zeros(1, 2))
    assert tuple(dict.fromkeys(asked)) == modulation_resolutions(config, 128, 256)
    assert modulation_resolutions(Pix2PixHDConfig(4), 128, 256) == ()


def test_a_moved_batch_brings_its_grids_and_needs_no_new_ones(make: Any) -> None:
    (batch,) = next(iter(loader(training_set(fill(make)))))
    assert batch.to("cpu") is batch
    moved = batch.to("meta")
    grid = moved.layout.grid(32, 32, 3, "meta")
    source = batch.layout.grid(32, 32, 3, "cpu")
    assert moved.photos.is_meta
    tensors = [value for value in vars(grid).values() if isinstance(value, Tensor)]
    assert len(tensors) == 12
    assert all(tensor.is_meta for tensor in tensors)
    assert grid.pixel_ids.shape == source.pixel_ids.shape
    assert (grid.batch, grid.height, grid.width) == (2, 32, 32)
    moved.layout.codes = np.zeros((0, 0, 0), np.int32)  # a new grid could not be made of this
    assert moved.layout.grid(32, 32, 3, moved.photos.device) is grid


@pytest.mark.parametrize("mode", ["none", "scale_width", "scale_shortside"])
@pytest.mark.parametrize("upsampling", ["more", "most"])
def test_a_generator_of_any_stride_makes_pictures_of_sides_that_nothing_fixes(make: Any, mode: Any, upsampling: Any) -> None:
    make.pair("a", height=70, width=130)
    dataset = open_dataset(make.root)
    config = GeneratorConfig(dataset.channels.semantic_channels, base_channels=2, hidden_width=2, upsampling=upsampling, crop_size=128)
    data = TrainingSet(dataset, GeometryConfig(mode, load_size=160, crop_size=128), 1, multiple=config.stride)
    batch = Collate(dataset.channels).batch([data[SampleKey(0, 0)]])
    assert isinstance(batch, Batch)
    with torch.no_grad():
        assert Generator(config).eval()(batch.layout).shape == batch.photos.shape


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_pinned_batches_reach_the_gpu(make: Any) -> None:
    data = training_set(fill(make))
    (batch,) = next(iter(loader(data, workers=1, pin_memory=True)))
    assert batch.photos.is_pinned()
    assert batch.layout.grid(32, 32, 3, "cpu").pixel_ids.is_pinned()
    moved = batch.to("cuda")
    assert torch.equal(moved.photos.cpu(), batch.photos)
    assert moved.layout.grid(32, 32, 3, moved.photos.device).pixel_ids.is_cuda


def test_the_sample_after_an_unreadable_one_takes_its_place(make: Any) -> None:
    data = training_set(fill(make))
    (make.root / "images/p2.png").write_bytes(b"no picture")
    (make.root / "images/p3.png").unlink()
    patient = TrainingSet(data.dataset, CROP, 1, most_unreadable=2)
    found = patient[SampleKey(5, 2)]
    assert found.example is not None
    assert (found.example.name, found.key) == ("p4", SampleKey(5, 4))
    assert (found.example.photo == data.example(SampleKey(5, 4)).photo).all()
    assert [name for name, _ in found.unreadable] == ["p2", "p3"]
    assert "images/p2.png" in found.unreadable[0][1]
    assert isinstance(TrainingSet(data.dataset, CROP, 1, most_unreadable=1)[SampleKey(0, 2)].error, DataError)
    last = TrainingSet(open_dataset(make.root).subset([2]), CROP, 1, most_unreadable=9)
    assert isinstance(last[SampleKey(0, 0)].error, DataError)  # and not for ever
    batches = [batch for (batch,) in islice(loader(patient, workers=1), 3)]
    assert sorted({name for batch in batches for name, _ in batch.unreadable}) == ["p2", "p3"]
    assert all("p2" not in batch.names and "p3" not in batch.names for batch in batches)
