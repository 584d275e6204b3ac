"""A pickle reader for torch files that lists tensors without executing anything."""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import IO, Any, Final, cast

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.printable import printable

MAX_TENSORS: Final = 10_000

_STORAGE_DTYPES: Final = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
}
DTYPE_BYTES: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_REBUILD_TENSOR: Final = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
_REBUILD_PARAMETER: Final = "torch._utils._rebuild_parameter"
_ORDERED_DICT: Final = "collections.OrderedDict"
_MAX_STEPS: Final = 3
_MAX_DICTS: Final = 1000
_OUR_CHECKPOINT: Final = frozenset({"format_version", "step", "config", "parts"})
_NEEDED: Final = frozenset({*_REBUILD_TENSOR, _REBUILD_PARAMETER, _ORDERED_DICT, *(f"torch.{name}" for name in _STORAGE_DTYPES)})


@dataclass(frozen=True)
class Storage:
    """A block of numbers stored elsewhere in the file."""

    key: str
    dtype: str
    elements: int

    @property
    def bytes(self) -> int:
        """Size in the file, in bytes."""
        return self.elements * DTYPE_BYTES[self.dtype]


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as a view of a storage; ``offset`` and ``stride`` in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Number of elements."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True)
class _Global:
    name: str


class PickleReader:
    """An interpreter of the pickle opcodes that ``torch.save`` writes for state dicts; others are refused.

    It creates tuples, lists, dicts, numbers, strings and the records above only, so files cannot execute code, and memory is bounded by
    the size of the pickle.

    Args:
        where: Name of the file in messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self.storages: dict[str, Storage] = {}  # that the last pickle refers to, by key

    def read(self, file: IO[bytes]) -> object:
        """Read one pickle from ``file``, which is left at its end.

        Raises:
            WeightsError: a damaged pickle, or one with anything that a state dict does not need.
        """
        self._stack, self._marks, self._memo, self.storages = [], [], {}, {}
        try:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name == "STOP":
                    return self._stack.pop()
                self._step(opcode.name, argument)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            # pickletools reports damage as ValueError; the others come from instructions that do not fit together.
            raise self._damaged(str(error) or type(error).__name__) from error
        raise self._damaged("it has no end")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        match name:
            case "MARK":
                self._marks.append(stack)
                self._stack = []
            case "BINUNICODE" | "SHORT_BINSTRING" | "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT":
                stack.append(argument)
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(name == "NEWTRUE")
            case "EMPTY_TUPLE":
                stack.append(())
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_DICT":
                stack.append({})
            case "TUPLE":
                items = self._pop_mark()
                self._stack.append(tuple(items))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(name[-1])
                if len(stack) < count:
                    raise IndexError("too few values for a tuple")
                stack[-count:] = [tuple(stack[-count:])]
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self._memo[argument])
            case "GLOBAL":
                stack.append(self._global(str(argument).replace(" ", ".")))
            case "BINPERSID":
                stack.append(self._storage(stack.pop()))
            case "REDUCE":
                arguments = stack.pop()
                stack[-1] = self._call(stack[-1], arguments)
            case "BUILD":
                # The attributes of an OrderedDict (torch keeps module versions there); nothing needs them.
                stack.pop()
                _as_dict(stack[-1])
            case "SETITEM" | "SETITEMS":
                items = self._pop_mark() if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
                target = _as_dict(self._stack[-1])
                for key, value in zip(items[::2], items[1::2], strict=True):
                    if not isinstance(key, (str, int)):
                        raise TypeError("a dict key that is neither text nor number")
                    target[key] = value
            case "APPEND" | "APPENDS":
                items = self._pop_mark() if name == "APPENDS" else [stack.pop()]
                target = self._stack[-1]
                if not isinstance(target, list):
                    raise TypeError("an item for what is no list")
                cast("list[Any]", target).extend(items)
            case "PROTO":
                if argument != 2:
                    raise self._refused(f"{self._where} is pickled with protocol {argument}", "protocol 2, as torch.save writes it")
            case _:
                raise self._refused(f"{self._where} holds the pickle instruction {name}", "only those that torch.save writes for tensors")

    def _pop_mark(self) -> list[Any]:
        items = self._stack
        self._stack = self._marks.pop()
        return items

    def _global(self, name: str) -> _Global:
        if name not in _NEEDED:
            raise self._refused(f"{self._where} asks for {printable(name[:100])}", "a state dict, which needs only tensors")
        return _Global(name)

    def _storage(self, identity: Any) -> Storage:
        match identity:
            # The sixth value, where there is one, is for storages that are views of others; torch stopped writing those in 2017.
            case ("storage", _Global(name), str(key), str(), int(elements), *view) if view in ([], [None]) and elements >= 0:
                dtype = _STORAGE_DTYPES.get(name.removeprefix("torch."))
                storage = None if dtype is None else Storage(key, dtype, elements)
                if storage is not None and self.storages.setdefault(key, storage) == storage:
                    return storage
            case _:
                pass
        raise ValueError("a reference to stored numbers has an unknown form")

    def _call(self, function: object, arguments: Any) -> object:
        match function, arguments:
            case _Global("collections.OrderedDict"), ():
                return {}
            case _Global("torch._utils._rebuild_parameter"), (StoredTensor() as tensor, *_):
                return tensor
            case _Global(name), (Storage() as storage, int(offset), shape, stride, *_) if name in _REBUILD_TENSOR:
                return self._tensor(storage, offset, _whole(shape), _whole(stride))
            case _:
                raise ValueError("a call with unknown arguments")

    def _tensor(self, storage: Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> StoredTensor:
        if len(shape) != len(stride) or len(shape) > 8 or offset < 0:
            raise ValueError("a tensor has an impossible shape")
        tensor = StoredTensor(storage, offset, shape, stride)
        last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
        if tensor.elements and (last >= storage.elements or tensor.elements > storage.elements):
            raise ValueError(f"a tensor of shape {list(shape)} does not fit in the {storage.elements} numbers stored for it")
        return tensor

    def _damaged(self, reason: str) -> WeightsError:
        found = f"{self._where} has a damaged table of contents: {printable(reason[:200])}"
        return WeightsError(found, "a file written by torch.save", "Download or copy the file again")

    def _refused(self, found: str, expected: str) -> WeightsError:
        action = "Nothing of the file was run. If you trust it, save only network.state_dict() with torch.save where it comes from"
        return WeightsError(found, expected, action)


def _holds_tensors(value: object) -> bool:
    return isinstance(value, dict) and any(isinstance(item, StoredTensor) for item in cast("dict[Any, Any]", value).values())


def _as_dict(value: object) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError("an entry for what is no dict")
    return cast("dict[Any, Any]", value)


def _whole(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple):
        raise TypeError("sizes that are no tuple")
    numbers: list[int] = []
    for value in cast("tuple[object, ...]", values):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError("a size that is no whole number")
        numbers.append(value)
    return tuple(numbers)


def state_dict_within(value: object, names: tuple[str, ...]) -> str:
    """Return the first of ``names`` under which ``value`` has a state dict; empty where there is none."""
    entries = cast("dict[Any, Any]", value) if isinstance(value, dict) else {}
    return next((name for name in names if _holds_tensors(entries.get(name))), "")


def state_dicts(value: object) -> dict[tuple[str, ...], dict[str, StoredTensor]]:
    """Return all state dicts in ``value`` by the names that lead to them; none for our own checkpoints and for other dicts."""
    found: dict[tuple[str, ...], dict[str, StoredTensor]] = {}
    waiting: list[tuple[tuple[str, ...], object]] = [((), value)]
    for place, item in waiting:  # which grows; nothing is looked at beyond a few steps, so that it ends
        entries = cast("dict[Any, Any]", item) if isinstance(item, dict) else {}
        if not place and entries.keys() >= _OUR_CHECKPOINT:
            return {}
        if entries and all(isinstance(name, str) and isinstance(tensor, StoredTensor) for name, tensor in entries.items()):
            if len(entries) <= MAX_TENSORS:
                found[place] = entries
        elif len(place) < _MAX_STEPS and len(waiting) < _MAX_DICTS:
            waiting += [((*place, name), inner) for name, inner in entries.items() if isinstance(name, str) and isinstance(inner, dict)]
    return found


def state_dict_tensors(value: object, where: str) -> dict[str, StoredTensor]:
    """Return the tensors of a bare state dict by name.

    Raises:
        WeightsError: ``value`` is anything else, such as a training checkpoint with a state dict inside.
    """
    action = "Save only network.state_dict() with torch.save"
    entries = cast("dict[Any, Any]", value) if isinstance(value, dict) else {}
    if not entries:
        kind = "one tensor" if isinstance(value, StoredTensor) else f"an empty {type(cast('object', value)).__name__}"
        raise WeightsError(f"{where} holds {kind}", "a bare state dict: names with tensors", action)
    others = [str(name)[:60] for name, item in entries.items() if not (isinstance(name, str) and isinstance(item, StoredTensor))]
    if entries.keys() >= _OUR_CHECKPOINT:
        raise WeightsError(
            f"{where} is a checkpoint of a training of SPADE Studio",
            "weights that were exported from it",
            "Choose weights.safetensors in the folder of the run; if it is not there yet, spade-train export RUN writes it",
        )
    if others:
        shown = printable(", ".join(others[:5]) + (", ..." if len(others) > 5 else ""))
        inner = next((str(name)[:60] for name, item in entries.items() if _holds_tensors(item)), None)
        if inner is not None:
            action = f"There are tensors inside {printable(inner)!r}: save that entry alone with torch.save"
        raise WeightsError(f"{where} holds entries that are not tensors: {shown}", "a bare state dict: names with tensors", action)
    if len(entries) > MAX_TENSORS:
        raise WeightsError(f"{where} holds {len(entries):,} tensors", f"at most {MAX_TENSORS:,}", "Choose a weights file of SPADE")
    return cast("dict[str, StoredTensor]", entries)
