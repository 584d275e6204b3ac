from __future__ import annotations

import pytest
import torch

from spade_studio.engine import device as devices
from spade_studio.engine.device import choose_device, choose_dtype, device_errors, dtype_name
from spade_studio.engine.errors import OutOfMemoryError, RenderError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_auto_is_cuda_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == CPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == CUDA


def test_devices_that_the_machine_has_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    for name in ("cpu", "cuda", "cuda:0", "cuda:1", "mps"):
        assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:2", "mps", "meta", "xpu", "gpu please", "", "cuda:x"])
def test_other_devices_are_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2 if name == "cuda:2" else 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(RenderError, match=f"the device '{name}'"):
        choose_device(name)


def test_auto_types_suit_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cpu_has_bfloat16", lambda: True)
    assert choose_dtype("auto", CPU) == torch.bfloat16
    assert choose_dtype("auto", CUDA) == torch.float16
    assert choose_dtype("auto", torch.device("mps")) == torch.float32
    monkeypatch.setattr(devices, "cpu_has_bfloat16", lambda: False)
    assert choose_dtype("auto", CPU) == torch.float32


def test_types_are_overridable_by_name() -> None:
    for name in ("float32", "bfloat16"):
        assert dtype_name(choose_dtype(name, CPU)) == name
    assert choose_dtype("float16", CUDA) == torch.float16
    with pytest.raises(RenderError, match="float16 on cpu"):
        choose_dtype("float16", CPU)
    with pytest.raises(RenderError, match="the compute type 'int8'"):
        choose_dtype("int8", CPU)


def test_this_processor_is_asked() -> None:
    assert isinstance(devices.cpu_has_bfloat16(), bool)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
        RuntimeError("MPS backend out of memory"),
    ],
    ids=["torch", "Python", "CPU", "MPS"],
)
def test_want_of_memory_is_told_as_such(error: Exception) -> None:
    with pytest.raises(OutOfMemoryError, match="not enough memory on cpu") as caught, device_errors(CPU):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(("text", "told"), [("CUDA error: unspecified launch failure\nstack", "unspecified"), ("", "RuntimeError")])
def test_failing_devices_are_told(text: str, told: str) -> None:
    with pytest.raises(RenderError, match=f"cuda failed: .*{told}") as caught, device_errors(CUDA):
        raise RuntimeError(text)
    assert not isinstance(caught.value, OutOfMemoryError)
    assert "stack" not in str(caught.value)


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), device_errors(CPU):
        raise KeyError


def test_really_too_much_memory_is_told_as_such() -> None:
    with pytest.raises(OutOfMemoryError), device_errors(CPU):
        torch.empty(2**46)


@pytest.mark.cuda
def test_tf32_is_allowed() -> None:
    devices.allow_tf32()
    assert torch.backends.cuda.matmul.fp32_precision == "tf32"
