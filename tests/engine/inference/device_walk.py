"""Run by test_device_walk.py in a process of its own, since it registers a device: the render path on a GPU that is not there.

Fake tensors carry a device but no values. An operation on tensors of two devices fails, as does whatever needs a value on the host;
:class:`NoWaits` adds copies that would make the host wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils._pytree as pytree
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from spade_studio.engine.inference import pictures as makers
from spade_studio.engine.inference import preview as previews
from spade_studio.engine.inference.fast_generator import FastGenerator
from spade_studio.engine.inference.pictures import DefinitionMaker, FastMaker, make_picture_maker
from spade_studio.engine.inference.transfer import to_device
from spade_studio.engine.networks.build import AnyGenerator, build_generator
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    EncoderConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
)
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.layout import Layout

_setup_privateuseone_for_python_backend("gpu")
GPU = torch.device("gpu:0")

KINDS: list[dict[str, Any]] = [
    {"input": "noise"},
    {"input": "noise", "norm": "instance"},
    {"input": "layout", "kernel_size": 5, "upsampling": "more", "spectral_norm": False},
]
WALK = pytest.mark.parametrize("changes", KINDS, ids=lambda changes: " ".join(str(value) for value in changes.values()))


class HostWaitsError(Exception):
    """An operation would have made the host wait for the GPU."""


class NoWaits(TorchDispatchMode):
    """Fails at copies to the host, copies to the GPU that wait, and operations that would copy an operand over silently."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func.namespace == "aten" and func._can_decompose():  # in inference mode, compositions of operations come here whole
            with self:
                return func.decompose(*args, **kwargs)
        tensors = [value for value in pytree.tree_leaves((args, kwargs)) if isinstance(value, Tensor)]
        devices = {tensor.device.type for tensor in tensors if tensor.ndim}
        name = func.overloadpacket._qualified_op_name.removeprefix("aten::")
        if name == "_to_copy":
            devices.add((kwargs.get("device") or tensors[0].device).type)
        if len(devices - {"meta"}) > 1:
            if name not in ("_to_copy", "copy_"):
                raise HostWaitsError(f"{name} of {devices}")
            target = kwargs.get("device") if name == "_to_copy" else tensors[0].device
            non_blocking = kwargs.get("non_blocking", args[2] if name == "copy_" and len(args) > 2 else False)
            if target is not None and target.type == "cpu":
                raise HostWaitsError("a copy to the host")
            if not non_blocking:
                raise HostWaitsError("a copy to the GPU that waits")
        return func(*args, **kwargs)


def module_to(self: nn.Module, *arguments: Any, **named: Any) -> nn.Module:
    """``Module.to``, which cannot swap its parameters for fake ones."""
    for module in self.modules():
        for holder in (module._parameters, module._buffers):
            for name, value in holder.items():
                if value is not None:
                    changes = dict(named)
                    if not value.is_floating_point():
                        changes.pop("dtype", None)
                    if value.ndim != 4:
                        changes.pop("memory_format", None)
                    moved = value.detach().to(*arguments, **changes)
                    holder[name] = nn.Parameter(moved, requires_grad=value.requires_grad) if holder is module._parameters else moved  # pyright: ignore[reportArgumentType]
    return self


def build_truly(config: AnyGeneratorConfig) -> AnyGenerator:
    """Build a network outside the mode, in which a meta tensor cannot be made."""
    with unset_fake_temporarily():
        return build_generator(config)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run with fake tensors; what exists already, like weights, may be used."""
    monkeypatch.setattr(nn.Module, "to", module_to)
    monkeypatch.setattr(makers, "build_generator", build_truly)
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode():
        yield


@contextmanager
def no_waits() -> Iterator[None]:
    with NoWaits():
        yield


def style_for(tiny: Any, changes: dict[str, Any], seed: int = 0, count: int = 1) -> np.ndarray | None:
    return tiny.style(seed, count) if changes["input"] == "noise" else None


def there(picture: Tensor, shape: tuple[int, ...]) -> bool:
    return picture.device == GPU and tuple(picture.shape) == shape


@pytest.mark.usefixtures("gpu")
def test_wrong_devices_are_found() -> None:
    away = torch.empty(4, 3, device=GPU)
    for wrong in (
        lambda: away + torch.zeros(4, 3),
        lambda: away.index_select(0, torch.tensor([1])),
        lambda: nn.functional.linear(away, torch.zeros(2, 3)),
        lambda: torch.cat((away, torch.zeros(1, 3))),
    ):
        with pytest.raises(RuntimeError, match="device"):
            wrong()


@pytest.mark.usefixtures("gpu")
def test_waits_are_found() -> None:
    away, host = torch.empty(4, 3, device=GPU), torch.zeros(4, 3)
    for wait in (lambda: away.sum().item(), lambda: bool(away.any()), away.nonzero, lambda: away[away > 0], lambda: away.unique()):
        with pytest.raises(Exception, match="aten"):
            wait()
    for wait in (away.cpu, lambda: host.to(GPU), lambda: away.copy_(host), lambda: away[torch.tensor([1])]):
        wait()
        with no_waits(), pytest.raises(HostWaitsError):
            wait()
    with no_waits():
        away += to_device(np.ones((4, 3), np.float32), GPU, torch.float32)
        away.copy_(host, non_blocking=True)


@WALK
def test_previews(tiny: Any, changes: dict[str, Any], gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_COST_OF_A_POSITION", 0)
    config = tiny.config(**changes)
    generator = FastGenerator(config, tiny.state(config), GPU, torch.float32)
    labels = tiny.channels(0, 128, 128)
    generator.render(Layout.from_channels(labels.copy(), 6, edge_channel=True), style_for(tiny, changes), keep=True)
    labels[0, 40:50, 40:50] = (labels[0, 40:50, 40:50] + 1) % 5
    with no_waits():
        picture = previews.preview(generator, Layout.from_channels(labels, 6, edge_channel=True))
    if config.norm == "instance":
        assert picture is None
    else:
        assert picture is not None
        assert there(picture, (1, 128, 128, 3))


@WALK
@pytest.mark.parametrize("path", ["fast", "dense"])
def test_picture_makers(tiny: Any, changes: dict[str, Any], path: Any, gpu: None) -> None:
    config = tiny.config(**changes)
    maker = make_picture_maker(config, tiny.state(config), GPU, torch.float16, path)
    assert isinstance(maker, FastMaker if path == "fast" else DefinitionMaker)
    side = 2 * config.stride
    count = 2 if config.input == "noise" else 1
    maker.pictures(tiny.layout(0, side, side), style_for(tiny, changes))
    with no_waits():
        pictures = maker.pictures(tiny.layout(0, side, side), style_for(tiny, changes, count=count))
        assert there(pictures.values, (count, 3, side, side))
        for preview in (True, True, False):
            frame = maker.frame(tiny.layout(1, side, side), style_for(tiny, changes), preview=preview, should_stop=lambda: False)
            assert frame is not None
            assert there(frame[0].values, (1, 3, side, side))


def test_modules_in_training(tiny: Any) -> None:
    generator = build_generator(tiny.config(input="noise"))
    with FakeTensorMode(allow_non_fake_inputs=True):
        module_to(generator, GPU)
        for prepare in (lambda definition: definition, accelerate):
            generator.zero_grad()
            prepare(generator)(tiny.layout(0), torch.randn(2, tiny.z_width, device=GPU)).sum().backward()
            assert all(parameter.grad is not None and parameter.grad.device == GPU for parameter in generator.parameters())


@pytest.mark.usefixtures("gpu")
def test_other_networks(tiny: Any) -> None:
    others: list[AnyGeneratorConfig] = [
        Pix2PixHDConfig(6, 4, 2, 2, crop_size=64),
        ConcatenationConfig(6, 4, input="noise", z_width=tiny.z_width, crop_size=64),
        LayeredPix2PixHDConfig(6, 4, 2, 2, layout="spade", hidden_width=8, crop_size=64),
        LayeredPix2PixHDConfig(6, 4, 2, 2, layout="concatenation", norm="instance", crop_size=64),
    ]
    for config in others:
        z = None if config.style_width is None else tiny.style(0, 2)
        pictures = DefinitionMaker(config, build_truly(config).state_dict(), GPU, torch.float16).pictures(tiny.layout(0), z)
        assert there(pictures.values, (1 if z is None else 2, 3, 64, 64))
    with unset_fake_temporarily():
        encoder = Encoder(EncoderConfig(2, 5, tiny.z_width)).eval()
    mu, _ = encoder.to(GPU)(torch.zeros(1, 3, 40, 50, device=GPU))
    assert there(mu, (1, tiny.z_width))
