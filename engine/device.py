"""Choice of device and compute type, and translation of device errors."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from spade_studio.engine.errors import OutOfMemoryError, RenderError
from spade_studio.engine.hardware import DeviceEntry

_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(name: str) -> torch.device:
    """Resolve ``auto`` (CUDA where there is one, else the CPU), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        RenderError: an unknown name, or a device that this machine lacks.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise RenderError(f"the device {name!r}", "auto, cpu, cuda, cuda:N or mps") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise RenderError(
            f"the device {name!r} on a machine with {torch.cuda.device_count()} CUDA devices", "a device it has", "Use cpu or auto."
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise RenderError("the device 'mps' on a machine without it", "a device it has", "Use cpu or auto.")
    if device.type not in ("cpu", "cuda", "mps"):
        raise RenderError(f"the device {name!r}", "auto, cpu, cuda, cuda:N or mps")
    return device


def refuse_missing_device(name: str, processes: int = 1) -> None:
    """Check that a device is available, and for CUDA that there is one for each process.

    Raises:
        RenderError: this machine lacks it.
    """
    device, gpus = choose_device(name), torch.cuda.device_count()
    if device.type == "cuda" and processes > gpus:
        raise RenderError(f"{processes} processes for {gpus} CUDA devices", "a device of its own for each", "Start fewer processes.")


def available_devices() -> tuple[DeviceEntry, ...]:
    """Return the devices of this machine with their compute types: the CPU, each CUDA device, mps.

    Initialises CUDA, which takes some tenths of a second.
    """
    entries = [DeviceEntry("cpu", "", ("float32", "bfloat16"))]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            entries.append(DeviceEntry(f"cuda:{index}", torch.cuda.get_device_name(index), ("float32", "bfloat16", "float16")))
    if torch.backends.mps.is_available():
        entries.append(DeviceEntry("mps", "", ("float32", "bfloat16")))
    return tuple(entries)


def allow_tf32(allowed: bool = True) -> None:
    """Set whether float32 matrix products and convolutions on CUDA may use TF32."""
    precision = "tf32" if allowed else "ieee"
    torch.backends.cuda.matmul.fp32_precision = precision
    torch.backends.cudnn.conv.fp32_precision = precision  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def cpu_has_bfloat16() -> bool:
    """Whether this CPU has bfloat16 instructions (AVX-512 BF16 or AMX); without them bfloat16 is slower than float32."""
    # torch offers these checks by no public name.
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # pyright: ignore[reportPrivateUsage]


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device supports bfloat16 natively, so that training in it is faster than in float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and cpu_has_bfloat16()


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """Resolve ``auto`` (float16 on CUDA, bfloat16 on a CPU with instructions for it, else float32) or a type's name.

    Raises:
        RenderError: an unknown name, or float16 elsewhere than on CUDA.
    """
    if name == "auto":
        if device.type == "cuda":
            return torch.float16
        return torch.bfloat16 if device.type == "cpu" and cpu_has_bfloat16() else torch.float32
    if name not in _TYPES:
        raise RenderError(f"the compute type {name!r}", f"auto, {', '.join(_TYPES)}")
    if name == "float16" and device.type != "cuda":
        raise RenderError(f"the compute type float16 on {device}", "float32 or bfloat16 there", "float16 is for CUDA devices.")
    return _TYPES[name]


def dtype_name(dtype: torch.dtype) -> str:
    """Return the name of a type without module: ``float32`` for ``torch.float32``."""
    return str(dtype).removeprefix("torch.")


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of torch or Python reports exhausted memory, on the CPU or a GPU."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in ("can't allocate memory", "out of memory"))


@contextmanager
def device_errors(device: torch.device) -> Generator[None]:
    """Return a context that translates torch's memory and device errors into the engine's.

    Raises:
        OutOfMemoryError: memory was exhausted.
        RenderError: another device failure.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if ran_out_of_memory(error):
            raise OutOfMemoryError(f"not enough memory on {device}", "", "Render a smaller size or close other programs") from error
        text = str(error)
        first_line = text.strip().splitlines()[0] if text.strip() else type(error).__name__
        raise RenderError(f"{device} failed: {first_line}", "", "Try again, or choose another device") from error
