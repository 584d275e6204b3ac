"""Segmentation networks as safetensors files with a graph of operations in the metadata (``graph``, JSON)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import torch.nn.functional as F
from safetensors import SafetensorError
from torch import Tensor, cat, device

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.safetensors_file import load_safetensors
from spade_studio.engine.weights.safetensors_header import read_safetensors_header
from spade_studio.train.pretrained.inception import resize_from_corners

_KEY: Final = "graph"
_MAX_OPERATIONS: Final = 4096
_MAX_SIDE: Final = 4096
Values = dict[int, Tensor]
Step = Callable[[Values], Tensor]


def is_graph_file(path: Path) -> bool:
    """Whether a file is a safetensors file with a graph."""
    try:
        return path.is_file() and _KEY in read_safetensors_header(path).metadata
    except WeightsError:
        return False


@dataclass(frozen=True, eq=False)
class GraphNetwork:
    """A network of TensorFlow Lite's operations on float32 [N, C, H, W].

    Attributes:
        steps: Operations in order, with the number of each one's value.
        given, wanted: Numbers of input and output values.
        side: Height and width of input and output.
        channels: Number of output channels.
    """

    steps: tuple[tuple[int, Step], ...]
    given: int
    wanted: int
    side: int
    channels: int

    @classmethod
    def load(cls, path: Path, target: device) -> GraphNetwork:
        """Read a file.

        Raises:
            WeightsError: a damaged file, or an unknown operation.
        """
        text = read_safetensors_header(path).metadata.get(_KEY, "")
        try:
            tensors = {name: tensor.float().to(target) for name, tensor in load_safetensors(path).items()}
            graph = _object(json.loads(text))
            operations = graph["ops"]
            if not isinstance(operations, list) or not operations:
                raise ValueError("no list of operations")
            listed = [_Operation(_object(item), tensors) for item in cast("list[object]", operations)[:_MAX_OPERATIONS]]
            last = next(operation for operation in reversed(listed) if operation.out == graph["output"])
            side, other = last.pair("size")
            if last.kind != "RESIZE_BILINEAR" or side != other:
                raise ValueError("the output is not enlarged to the input's square")
            sources = [operation for operation in listed if operation.out in last.inputs and "w" in operation.fields]
            if not sources:
                raise ValueError("no convolution makes the output")
            steps = tuple((operation.out, operation.step()) for operation in listed)
            return cls(steps, _number(graph["input"]), last.out, side, sources[-1].tensor("b", 1).shape[0])
        except (SafetensorError, OSError, ValueError, KeyError, TypeError, StopIteration, RecursionError) as error:
            raise WeightsError(
                f"{path.name} lists no segmentation network that can be run ({printable(str(error)[:200])})",
                "a graph of convolutions, additions, concatenations, average pooling and bilinear enlargement",
                "Use a model of transformers, or such a file",
            ) from error

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return logits [N, channels, side, side] of pictures [N, 3, side, side] in [-1, 1].

        Raises:
            WeightsError: The operations do not fit each other.
        """
        values: Values = {self.given: pictures}
        try:
            for out, step in self.steps:
                values[out] = step(values)
            return values[self.wanted]
        except (KeyError, RuntimeError) as error:
            raise WeightsError(f"the segmentation network cannot be run ({printable(str(error)[:200])})", "operations that fit") from error


class _Operation:
    """One entry of the list; raises ValueError, KeyError or TypeError where it is not as it should be."""

    def __init__(self, fields: Mapping[str, object], tensors: Mapping[str, Tensor]) -> None:
        self.fields, self._tensors = fields, tensors
        self.kind = str(fields["op"])
        self.out = _number(fields["out"])
        inputs = fields["in"]
        if not isinstance(inputs, list) or not inputs:
            raise ValueError("an operation without inputs")
        self.inputs = [_number(item) for item in cast("list[object]", inputs)]

    def tensor(self, key: str, dims: int) -> Tensor:
        """Return the tensor that an entry names."""
        found = self._tensors[str(self.fields[key])]
        if found.dim() != dims:
            raise ValueError(f"{key} of {self.kind} has {found.dim()} dimensions")
        return found

    def pair(self, key: str) -> tuple[int, int]:
        """Return an entry of two whole numbers above 0."""
        value = self.fields[key]
        if not isinstance(value, list) or len(cast("list[object]", value)) != 2:
            raise ValueError(f"{key} of {self.kind} is no pair")
        first, second = (_number(item) for item in cast("list[object]", value))
        if not (1 <= first <= _MAX_SIDE and 1 <= second <= _MAX_SIDE):
            raise ValueError(f"{key} of {self.kind} is {first}, {second}")
        return first, second

    def step(self) -> Step:
        """Return what computes it from the values before, activation and range included."""
        compute, finish = self._compute(), self._finish()
        return lambda values: finish(compute(values))

    def _compute(self) -> Step:
        first, same = self.inputs[0], self.fields.get("pad") == 0
        if self.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            weight, bias, stride, dilation = self.tensor("w", 4), self.tensor("b", 1), self.pair("s"), self.pair("d")
            groups, kernel = weight.shape[0] if self.kind.startswith("DEPTHWISE") else 1, (weight.shape[2], weight.shape[3])

            def convolve(values: Values) -> Tensor:
                x = _padded(values[first], kernel, stride, dilation) if same else values[first]
                return F.conv2d(x, weight, bias, stride, 0, dilation, groups)

            return convolve
        if self.kind == "AVERAGE_POOL_2D":
            kernel, stride = self.pair("k"), self.pair("s")
            if same and kernel != (1, 1):
                raise ValueError("average pooling with padding")  # which must leave the padding out
            return lambda values: F.avg_pool2d(values[first], kernel, stride)
        if self.kind == "RESIZE_BILINEAR":
            size, aligned, halves = self.pair("size"), self.fields.get("align") is True, self.fields.get("half") is True
            if aligned or halves:
                return lambda values: F.interpolate(values[first], size=size, mode="bilinear", align_corners=aligned)
            return lambda values: resize_from_corners(values[first], *size)
        if self.kind == "ADD" and len(self.inputs) == 2:
            return lambda values: values[first] + values[self.inputs[1]]
        if self.kind == "CONCATENATION":
            return lambda values: cat([values[number] for number in self.inputs], 1)
        raise ValueError(f"operation {self.kind[:40]!r} of {len(self.inputs)} inputs is not known")

    def _finish(self) -> Callable[[Tensor], Tensor]:
        """Return the activation and the range that networks trained for 8-bit numbers keep their values in."""
        low, high = {0: (-math.inf, math.inf), 1: (0.0, math.inf), 3: (0.0, 6.0)}[_number(self.fields.get("act", 0))]
        if quantized := self.fields.get("q"):
            scale, zero = (float(cast("float", item)) for item in cast("list[object]", quantized))
            low, high = max(low, -zero * scale), min(high, (255 - zero) * scale)
        return (lambda y: y) if low == -math.inf and high == math.inf else lambda y: y.clamp(low, high)


def _padded(x: Tensor, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]) -> Tensor:
    """Pad as TensorFlow's SAME: the odd row and column come last."""
    missing = [
        max((-(-side // step) - 1) * step + (wide - 1) * apart + 1 - side, 0)
        for side, wide, step, apart in zip(x.shape[-2:], kernel, stride, dilation, strict=True)
    ]
    height, width = missing
    return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)) if height or width else x


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an entry is not an object")
    return cast("dict[str, object]", value)


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} where a whole number should be")
    return value
