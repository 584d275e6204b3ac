"""JSON serialization of styles, with validation of untrusted input."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import cast

import numpy as np

from spade_studio.app.styles.style import MAX_CODE, MAX_LABEL, MAX_STRENGTH, Origin, Style
from spade_studio.engine.errors import EngineError
from spade_studio.engine.style import StyleCode

MAX_PICTURE_BYTES = 64 << 10
"""Maximum size of a reference's JPEG in bytes."""
_ORIGINS: tuple[Origin, ...] = ("seed", "reference", "blend", "built-in")
_MAX_SEED = 2**63 - 1


def style_to_json(style: Style) -> dict[str, str | int | float]:
    """Return a style as JSON values."""
    data: dict[str, str | int | float] = {"origin": style.origin, "strength": style.strength}
    if style.seed is not None:
        data["seed"] = style.seed
    if style.code is not None:
        data["code"] = pack_code(style.code)
    if style.texture:
        data["texture"] = style.texture
    if style.label:
        data["label"] = tidy(style.label)
    if style.weights:
        data["weights"] = style.weights
    if 0 < len(style.picture) <= MAX_PICTURE_BYTES:
        data["picture"] = base64.b64encode(style.picture).decode("ascii")
    return data


def style_from_json(data: Mapping[str, object]) -> Style | None:
    """Return a style from untrusted JSON values, or None where they are invalid; a seed alone is a valid style."""
    origin, strength = data.get("origin", "seed"), data.get("strength", 1.0)
    seed, code, texture = data.get("seed"), data.get("code"), data.get("texture", 0)
    if origin not in _ORIGINS or isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 <= strength <= MAX_STRENGTH:
        return None
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= _MAX_SEED):
        return None
    if isinstance(texture, bool) or not isinstance(texture, int) or not 0 <= texture <= _MAX_SEED:
        return None
    try:
        return Style(
            cast("Origin", origin),
            cast("int | None", seed),
            None if code is None else unpack_code(code),
            float(strength),
            tidy(_text(data.get("label"), 10 * MAX_LABEL)),
            weights if _is_hash(weights := _text(data.get("weights"), 64)) else "",
            _picture(data.get("picture")),
            texture,
        )
    except EngineError:
        return None


def pack_code(code: StyleCode) -> str:
    """Return a code, float32 ``[z]``, as lossless base64 text."""
    return base64.b64encode(np.asarray(code, "<f4").tobytes()).decode("ascii")


def unpack_code(text: object) -> StyleCode:
    """Return the code, float32 ``[z]``, of a packed text; for invalid input an empty array, which no style accepts."""
    raw = _bytes(text, 4 * MAX_CODE)
    return np.frombuffer(raw, "<f4").astype(np.float32) if len(raw) % 4 == 0 else np.zeros(0, np.float32)


def tidy(text: str) -> str:
    """Return a name reduced to one displayable line."""
    return "".join(character for character in text if character.isprintable()).strip()[:MAX_LABEL]


def _picture(text: object) -> bytes:
    return _bytes(text, MAX_PICTURE_BYTES)


def _bytes(text: object, most: int) -> bytes:
    if not isinstance(text, str) or len(text) > -(-most // 3) * 4:
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _text(value: object, longest: int) -> str:
    return value if isinstance(value, str) and len(value) <= longest else ""


def _is_hash(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)
