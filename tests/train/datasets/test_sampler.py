from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.sampler import ResumableSampler, for_other_data


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
        assert len(joined) == max(len(whole), min(2, batch) * world)  # filled up where ranks have none, or batch norms one only


def test_a_resumed_run_may_have_other_ranks() -> None:
    one = ResumableSampler(12, 4, seed=5)
    for _ in range(4):
        one.advance()
    two = ResumableSampler(12, 2, seed=5, rank=1, world_size=2)
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


def test_no_part_of_a_last_batch_has_one_sample_alone() -> None:
    sampler = ResumableSampler(9, 8, seed=1, parts=2)
    whole, last = (list(batch) for batch in islice(sampler, 2))
    assert [len(whole), len(last)] == [8, 2]
    assert last[0].parts == 1
    assert last[1].index == whole[0].index  # from the epoch's start
    assert sampler.images_per_epoch == 10
    assert len(next(iter(ResumableSampler(1, 4, seed=1)))) == 2
    of_three = ResumableSampler(7, 4, seed=1, parts=2)
    assert [batch[0].parts for batch in islice(of_three, 2)] == [2, 1]
    # Batches of one, and parts of one, are what was asked for.
    assert [len(batch) for batch in islice(ResumableSampler(3, 1, seed=1), 3)] == [1, 1, 1]
    assert [batch[0].parts for batch in islice(ResumableSampler(5, 4, seed=1, parts=4), 2)] == [4, 1]


def test_weights_say_how_often_samples_are_drawn() -> None:
    weights = np.ones(40)
    weights[7], weights[8] = 10.0, 5.0
    sampler = ResumableSampler(40, 8, seed=1, weights=weights)
    counts = np.stack([np.bincount(sampler.order(epoch), minlength=40) for epoch in range(200)])
    assert (counts.sum(1) == 40).all()
    share = 40 * weights / weights.sum()
    assert (counts >= np.floor(share)).all()
    assert (counts <= np.ceil(share)).all()
    assert counts.mean(0) == pytest.approx(share, abs=0.2)
    assert (sampler.order(3) == ResumableSampler(40, 8, seed=1, weights=weights).order(3)).all()
    assert (sampler.order(3) != sampler.order(4)).any()


@pytest.mark.parametrize("world", [1, 2])
def test_each_time_that_a_sample_comes_in_an_epoch_has_a_number_of_its_own(world: int) -> None:
    weights = np.ones(10)
    weights[7] = 10.0
    parts = [ResumableSampler(10, 4 // world, seed=1, rank=rank, world_size=world, weights=weights) for rank in range(world)]
    steps = [list(islice(part, 2)) for part in parts]  # not the last, which others may fill up
    keys = [key for step in zip(*steps, strict=True) for batch in step for key in batch]
    assert [key.index for key in keys] == parts[0].order(0)[:8].tolist()
    again = [key for key in keys if key.index == 7]
    assert [key.occurrence for key in again] == list(range(len(again)))
    assert len({key.number for key in keys}) == len(keys) > len({key.index for key in keys})
    assert again[0].number == 7


def test_a_state_goes_on_with_other_data_in_its_epoch() -> None:
    sampler = ResumableSampler(11, 4, seed=5)
    sampler.advance()
    state = sampler.state_dict()
    other = ResumableSampler(9, 4, seed=5)
    other.load_state_dict(for_other_data(state, 9))
    assert (other.epoch, other.position) == (0, 4)
    fewer = ResumableSampler(3, 4, seed=5)
    fewer.load_state_dict(for_other_data(state, 3))
    assert (fewer.epoch, fewer.position) == (1, 0)
