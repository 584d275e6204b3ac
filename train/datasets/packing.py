"""Packing of tensors into one, since each tensor passed between processes takes an open file in both."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_ALIGNMENT = 64  # bytes; of every type that there is
TensorForm = tuple[torch.dtype, tuple[int, ...]]


def pack(tensors: Sequence[Tensor]) -> tuple[Tensor, tuple[TensorForm, ...]]:
    """Copy CPU tensors into one buffer.

    Returns:
        Buffer, uint8 [N], and type and shape of each tensor, for :func:`unpack`.
    """
    forms = tuple((tensor.dtype, tuple(tensor.shape)) for tensor in tensors)
    places, size = _places(forms)
    buffer = torch.empty(size, dtype=torch.uint8)
    for tensor, place in zip(tensors, places, strict=True):
        flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
        buffer[place : place + flat.numel()] = flat
    return buffer, forms


def unpack(buffer: Tensor, forms: Sequence[TensorForm]) -> list[Tensor]:
    """Return the packed tensors as views of the buffer."""
    tensors: list[Tensor] = []
    for (dtype, shape), place in zip(forms, _places(forms)[0], strict=True):
        size = math.prod(shape) * dtype.itemsize
        tensors.append(buffer[place : place + size].view(dtype).view(shape))
    return tensors


def _places(forms: Sequence[TensorForm]) -> tuple[list[int], int]:
    """Return where each tensor begins in the buffer, and the buffer's size."""
    places: list[int] = []
    end = 0
    for dtype, shape in forms:
        places.append(end)
        end += -(-math.prod(shape) * dtype.itemsize // _ALIGNMENT) * _ALIGNMENT
    return places, end
