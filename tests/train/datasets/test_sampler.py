from __future__ import annotations

from itertools import islice

import pytest

from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.sampler import ResumableSampler


def steps(sampler: ResumableSampler, count: int) -> list[list[tuple[int, int]]]:
    return [[(key.epoch, key.index) for key in batch] for batch in islice(sampler, count)]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("size", "batch"), [(10, 4), (12, 4), (3, 4), (1, 1)])
def test_every_epoch_has_every_sample_once(size: int, batch: int, drop_last: bool) -> None:
    sampler = ResumableSampler(size, batch, seed=1, drop_last=drop_last)
    count = sampler.batches_per_epoch
    batches = steps(sampler, 3 * count)
    orders: list[list[int]] = []
    for epoch in range(3):
        keys = [key for part in batches[epoch * count : (epoch + 1) * count] for key in part]
        assert {number for number, _ in keys} == {epoch}
        indices = [index for _, index in keys]
        assert len(indices) == len(set(indices)) == (size - size % batch if drop_last and size >= batch else size)
        orders.append(indices)
    if size >= 10:
        assert orders[0] != orders[1] != orders[2]


def test_the_order_follows_from_the_seed() -> None:
    assert steps(ResumableSampler(50, 5, seed=1), 20) == steps(ResumableSampler(50, 5, seed=1), 20)
    assert steps(ResumableSampler(50, 5, seed=1), 20) != steps(ResumableSampler(50, 5, seed=2), 20)
    assert steps(ResumableSampler(4, 2, seed=1, shuffle=False), 2) == [[(0, 0), (0, 1)], [(0, 2), (0, 3)]]


@pytest.mark.parametrize("done", range(8))
def test_resuming_goes_on_at_the_exact_sample(done: int) -> None:
    whole = steps(ResumableSampler(10, 4, seed=3), 12)
    sampler = ResumableSampler(10, 4, seed=3)
    reader = iter(sampler)
    for _ in range(done + 3):  # workers read ahead of what is trained on
        next(reader)
    for _ in range(done):
        sampler.advance()
    state = sampler.state_dict()
    resumed = ResumableSampler(10, 4, seed=3)
    resumed.load_state_dict(state)
    assert steps(resumed, 12 - done) == whole[done:]


@pytest.mark.parametrize("size", [16, 14, 13, 9, 8, 5])
@pytest.mark.parametrize("world", [2, 4])
def test_ranks_share_the_batches_of_one_process(size: int, world: int) -> None:
    batch = 4 // world
    one = ResumableSampler(size, 4, seed=5)
    ranks = [ResumableSampler(size, batch, seed=5, rank=rank, world_size=world) for rank in range(world)]
    count = 2 * one.batches_per_epoch
    assert {rank.batches_per_epoch for rank in ranks} == {one.batches_per_epoch}
    for whole, *parts in zip(steps(one, count), *(steps(rank, count) for rank in ranks), strict=True):
        joined = [key for part in parts for key in part]
        assert joined[: len(whole)] == whole
        sizes = [len(part) for part in parts]
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1
        assert len(joined) == max(len(whole), world)  # filled up only where there are fewer samples than ranks


def test_a_resumed_run_may_have_other_ranks() -> None:
    one = ResumableSampler(11, 4, seed=5)
    for _ in range(4):
        one.advance()
    two = ResumableSampler(11, 2, seed=5, rank=1, world_size=2)
    two.load_state_dict(one.state_dict())
    assert [part[-1] for part in steps(two, 5)] == [whole[-1] for whole in steps(one, 5)]


def test_other_data_cannot_be_resumed() -> None:
    state = ResumableSampler(11, 4, seed=5).state_dict()
    with pytest.raises(DataError, match="samples 11"):
        ResumableSampler(12, 4, seed=5).load_state_dict(state)
    with pytest.raises(DataError, match="seed 5"):
        ResumableSampler(11, 4, seed=6).load_state_dict(state)
    with pytest.raises(DataError, match="position"):
        ResumableSampler(11, 4, seed=5).load_state_dict(state | {"position": 11})
    with pytest.raises(DataError, match="state with"):
        ResumableSampler(11, 4, seed=5).load_state_dict({})
    with pytest.raises(DataError, match="no sample"):
        ResumableSampler(0, 4, seed=5)
    with pytest.raises(DataError, match="rank 2 of 2"):
        ResumableSampler(4, 4, seed=5, rank=2, world_size=2)
