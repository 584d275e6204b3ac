"""Style codes, drawn from seeds and interpolated with numpy, equal on all devices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spade_studio.engine.errors import StyleError

StyleCode = npt.NDArray[np.float32]


def style_from_seed(seed: int, width: int, truncation: float = 1.0) -> StyleCode:
    """Draw a style code from the standard normal distribution.

    Args:
        seed: Seed from 0 to 2**63 - 1; codes are the same on all machines.
        width: Length of the code.
        truncation: Factor on the code, from 0 to 10: 1 as in training, 0 for the average style.

    Returns:
        Style code, float32 [width].

    Raises:
        StyleError: seed or truncation out of range.
    """
    if not 0 <= seed < 2**63:
        raise StyleError(f"the seed {seed}", "a whole number from 0 to 2**63 - 1")
    check_truncation(truncation)
    generator = np.random.Generator(np.random.PCG64(seed))
    return (generator.standard_normal(width) * truncation).astype(np.float32)


def check_truncation(truncation: float) -> None:
    """Raise StyleError unless truncation is a number from 0 to 10."""
    if not 0 <= truncation <= 10:
        raise StyleError(f"the truncation {truncation}", "a number from 0 to 10; 1 is as trained")


def interpolate_styles(a: StyleCode, b: StyleCode, t: float) -> StyleCode:
    """Interpolate two style codes spherically, and their lengths linearly.

    Codes of a normal prior lie near a sphere; linear interpolation would pass through average styles.

    Args:
        a: Style code at t = 0, float32 [z].
        b: Style code at t = 1, float32 [z].
        t: Position from 0 to 1.

    Returns:
        Style code, float32 [z].
    """
    if a.shape != b.shape or a.ndim != 1:
        raise StyleError(f"styles of shapes {a.shape} and {b.shape}", "two style codes of the same length")
    x, y = a.astype(np.float64), b.astype(np.float64)
    length_x, length_y = float(np.linalg.norm(x)), float(np.linalg.norm(y))
    if min(length_x, length_y) < 1e-6:
        return ((1 - t) * x + t * y).astype(np.float32)
    cosine = float(np.clip(x @ y / (length_x * length_y), -1, 1))
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-4:  # the same direction, or opposite ones without a unique circle
        return ((1 - t) * x + t * y).astype(np.float32)
    direction = (np.sin((1 - t) * angle) * x / length_x + np.sin(t * angle) * y / length_y) / np.sin(angle)
    return (direction * ((1 - t) * length_x + t * length_y)).astype(np.float32)
