"""Agreement of a segmenter with the layouts: confusion matrices of K classes, with class K for ignored pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor

_COMMON: Final = 0.001  # of the pixels that count


@dataclass(frozen=True)
class Agreement:
    """The figures of a confusion matrix.

    Attributes:
        pixels: Number of pixels that count.
        pixel_accuracy: Fraction of them that is correct.
        mean_iou: Mean over the classes that occur in truth or prediction.
        mean_iou_common: Mean over the classes with more than a thousandth of the pixels that count.
        iou: Intersection over union of each class; None where it occurs in neither.
    """

    pixels: int
    pixel_accuracy: float
    mean_iou: float
    mean_iou_common: float
    iou: tuple[float | None, ...]


def confusion(truth: Tensor, found: Tensor, classes: int) -> Tensor:
    """Return the confusion matrix.

    Args:
        truth: True classes, int64 [...], 0 to K; K is ignored.
        found: Predicted classes, int64 of the same shape, 0 to K; K is none of the classes.
        classes: Number of classes K.

    Returns:
        Matrix of truth (rows) and prediction (columns), int64 [K + 1, K + 1]; the last row is zero.
    """
    from torchmetrics.functional.classification import multiclass_confusion_matrix

    return multiclass_confusion_matrix(found, truth, classes + 1, ignore_index=classes, validate_args=False)


def agreement(matrix: Tensor) -> Agreement | None:
    """Return the figures of a matrix of :func:`confusion`, or of a sum of them; None where no pixel counts."""
    from torchmetrics.classification import MulticlassJaccardIndex

    matrix = matrix.long()
    classes, pixels = matrix.shape[0] - 1, int(matrix.sum())
    if not pixels:
        return None

    def jaccard(average: Literal["macro", "none"]) -> Tensor:
        metric = MulticlassJaccardIndex(classes + 1, average=average, ignore_index=classes, validate_args=False)
        nothing = torch.zeros(0, dtype=torch.int64)
        metric.update(nothing, nothing)  # pyright: ignore[reportUnknownMemberType]  # tells it that there are counts, which come ready-made
        metric.confmat = matrix
        value: Tensor = metric.compute()  # pyright: ignore[reportUnknownMemberType]
        return value

    each = [float(value) for value in jaccard("none")[:classes]]
    rows, columns = ([int(count) for count in matrix.sum(dim)[:classes]] for dim in (1, 0))
    iou = tuple(value if row or column else None for value, row, column in zip(each, rows, columns, strict=True))
    common = [value for value, row in zip(each, rows, strict=True) if row > _COMMON * pixels]
    return Agreement(pixels, float(matrix.diag()[:classes].sum()) / pixels, float(jaccard("macro")), sum(common) / len(common), iou)
