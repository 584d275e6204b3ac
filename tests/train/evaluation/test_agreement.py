from __future__ import annotations

import numpy as np
import pytest
import torch

from spade_studio.train.evaluation.agreement import agreement, confusion


def _random(seed: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    return tuple(torch.from_numpy(rng.integers(0, classes + 1, (20, 30))) for _ in range(2))  # type: ignore[return-value]


def test_figures_are_those_of_the_definition() -> None:
    classes = 4
    truth, found = _random(1, classes)
    matrix = confusion(truth, found, classes)
    t, f = truth.numpy(), found.numpy()
    counts = t != classes
    measured = agreement(matrix)
    assert measured is not None
    assert measured.pixels == counts.sum()
    assert measured.pixel_accuracy == pytest.approx((t == f)[counts].mean())
    expected = [((t == c) & (f == c)).sum() / ((t == c) | ((f == c) & counts)).sum() for c in range(classes)]
    assert measured.iou == pytest.approx(expected)
    assert measured.mean_iou == pytest.approx(np.mean(expected))
    assert matrix[classes].sum() == 0
    assert matrix[0, classes] == ((t == 0) & (f == classes)).sum()


def test_classes_that_do_not_occur_are_left_out_of_the_mean() -> None:
    truth = torch.tensor([0, 0, 1, 3])
    found = torch.tensor([0, 2, 1, 0])
    measured = agreement(confusion(truth, found, 4))
    assert measured is not None
    # Class 2 was found but is not there; class 3 is there and never found.
    assert measured.iou == pytest.approx([1 / 3, 1.0, 0.0, 0.0])
    measured = agreement(confusion(truth[:3], torch.tensor([0, 0, 1]), 4))
    assert measured is not None
    assert measured.iou == (1.0, 1.0, None, None)
    assert measured.mean_iou == measured.mean_iou_common == 1.0


def test_rare_classes_count_for_the_plain_mean_only() -> None:
    truth = torch.zeros(5000, dtype=torch.int64)
    truth[0] = 1
    measured = agreement(confusion(truth, torch.zeros_like(truth), 2))
    assert measured is not None
    assert measured.mean_iou == pytest.approx(0.5, abs=1e-3)
    assert measured.mean_iou_common == pytest.approx(1.0, abs=1e-3)


def test_without_a_pixel_that_counts_there_is_no_figure() -> None:
    assert agreement(confusion(torch.full((5,), 2), torch.zeros(5, dtype=torch.int64), 2)) is None


def test_matrices_add_up() -> None:
    (a, b), (c, d) = _random(2, 3), _random(3, 3)
    both = confusion(torch.cat([a, c]), torch.cat([b, d]), 3)
    assert torch.equal(both, confusion(a, b, 3) + confusion(c, d, 3))
