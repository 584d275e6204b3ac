"""The controller of the style in use, which connects the style panels, the renderer and the document."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.model.document import Document
from spade_studio.app.model.state import Json
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.styles import pictures
from spade_studio.app.styles.collection import StyleCollection
from spade_studio.app.styles.ends import End
from spade_studio.app.styles.names import name_of
from spade_studio.app.styles.note import Note
from spade_studio.app.styles.past import StyleHistory
from spade_studio.app.styles.saved import SavedStyle
from spade_studio.app.styles.shelf import BuiltIn, Choice, Reference
from spade_studio.app.styles.style import MAX_SEED, MAX_STRENGTH, Style, blend, other_number, style_of
from spade_studio.app.styles.style_json import style_from_json, style_to_json
from spade_studio.app.styles.undo import ChangeStyle
from spade_studio.engine.errors import EngineError
from spade_studio.engine.rendering.service import RendererReady, RenderFailure, RenderJob, RenderResult
from spade_studio.engine.style import StyleCode

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer


class StylesController(QObject):
    """Holds the style in use and changes it.

    Attributes:
        style: Style in use.
        history: Recently used styles with pictures.
        collection: User's references and favourites.
        is_locked: Whether the style is protected from dice and from documents that are opened.
        note: Message about the style in use.
        ends: The two styles of the mix; None for one that is not chosen.
        share: Fraction of the second style in the mix, 0..1.
    """

    changed = Signal()  # the style or its note
    history_changed = Signal()
    weights_changed = Signal()
    mix_changed = Signal()

    def __init__(self, live: LiveRenderer, document: Document, state_folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._live, self._document = live, document
        self.style = style_of(live.seed)
        self.history = StyleHistory(state_folder / "styles.json")
        self.collection = StyleCollection(self, state_folder)
        self.is_locked = False
        self.note = Note(self)
        self.note.changed.connect(self.changed)
        self.ends: list[End | None] = [None, None]
        self.share = 0.5
        self._change: object = object()
        self._mix_change: object = object()
        self._strength_change: object = object()
        self._is_remembered = False
        self._picture = QImage()
        self._taking: RenderJob | None = None
        self._last_image: pictures.Picture | None = None  # the last render
        self._saved = SavedStyle(document, lambda: self.style)
        live.ready.connect(self._on_ready)
        live.rendered.connect(self._on_rendered)
        live.failed.connect(self._on_failed)

    def close(self) -> None:
        """Stop reading photographs and save the style history for the next session."""
        self.collection.close()
        self.history.save()

    # -- what the weights can do ----------------------------------------------------------------------------------

    @property
    def why_no_style(self) -> str:
        """Reason why the style cannot be changed; empty where it can be, or while this is unknown."""
        info = self._live.info
        if info is None or info.can_use_noise:
            return ""
        return self.tr("These weights have one look only: they were trained without a style.")

    @property
    def why_no_references(self) -> str:
        """Reason why styles of photographs cannot be taken; empty where they can be."""
        info = self._live.info
        if info is None:
            return self.tr("The weights are not loaded yet.")
        if not info.can_use_noise:
            return self.why_no_style
        if not info.can_use_style_image:
            return self.tr("These weights have no encoder: they cannot take the style of a photograph.")
        return ""

    def why_not(self, built_in: BuiltIn) -> str:
        """Return the reason why a built-in style cannot be used; empty where it can be."""
        info = self._live.info
        if info is not None and info.can_use_noise and info.sha256 == built_in.weights:
            return ""
        reason = self.why_no_references
        if info is None or not info.can_use_noise or not reason:
            return reason
        return self.tr("The built-in styles belong to other weights, and these have no encoder to take them over.")

    # -- choosing a style -----------------------------------------------------------------------------------------

    def adopt(self, style: Style | int | StyleCode, name: str = "", *, is_saved: bool = False, is_step: bool = True) -> None:
        """Set the style, even while it is locked.

        Args:
            style: A style, a seed, or a code, float32 ``[z]``, at strength 1; a seed or a code keeps the present texture, or sets it to 0
                if ``is_saved``. A style of other weights is encoded again from its picture where possible, otherwise used as it is with
                a note; a code of the wrong length is refused with a note.
            name: Display name.
            is_saved: Whether the style is that of the saved document, so that there is nothing to save.
            is_step: Whether to record an undo step.
        """
        text = "" if is_saved or not is_step else "style"
        if isinstance(style, int | np.ndarray):
            style = replace(style_of(style, name), texture=0 if is_saved else self.style.texture)
        elif name:
            style = replace(style, label=name)
        self._cancel()
        self._change = object()
        info = self._live.info
        if info is None or info.z_width is None or style.fits(info.z_width, info.sha256):
            self._use(style, text, is_saved=is_saved)
        elif style.picture and info.can_use_style_image:
            self._take(style, lambda taken: self._use(taken, text, is_saved=is_saved))
        elif style.code is not None and len(style.code) != info.z_width:
            self.say(self.tr("“{}” was made with other weights, which these cannot follow.").format(name_of(style)))
        else:
            note = self.tr("“{}” was made with other weights and may look different with these.").format(name_of(style))
            self._use(style, text, note, is_saved=is_saved)

    def adopt_seed(self, seed: int) -> None:
        """Set the style of a seed, at the present strength."""
        self.adopt(Style("seed", seed, strength=self.style.strength, texture=self.style.texture))

    def roll(self) -> None:
        """Set a random style, unless the style is locked."""
        if self.is_locked:
            self.say(self.tr("The style is locked: the dice leaves it alone."))
            return
        self.adopt_seed(other_number(self.style.seed))

    def new_texture(self) -> None:
        """Resample the texture noise: the same light and colours with different fine structure, such as grass, waves and clouds."""
        self._use(replace(self.style, texture=other_number(self.style.texture)), "texture", self.note.text)

    def adopt_reference(self, reference: Reference, *, sample: bool = False) -> None:
        """Take the style of a photograph.

        Args:
            reference: Reference photograph.
            sample: Whether to sample from the encoder's posterior, differently each time, instead of using its mean.
        """
        self._cancel()
        self._change = object()
        self._take(self.wanted(reference, sample=sample), lambda taken: self._use(taken, "style"))

    def adopt_built_in(self, built_in: BuiltIn) -> None:
        """Set a built-in style; with other weights than its own, it is encoded from its picture."""
        if not self.why_not(built_in):
            self.adopt(self.wanted(built_in))

    def choose(self, choice: Choice) -> None:
        """Set a style, the style of a reference, or a built-in style."""
        match choice:
            case Style():
                self.adopt(choice)
            case Reference():
                self.adopt_reference(choice)
            case BuiltIn():
                self.adopt_built_in(choice)

    def set_strength(self, strength: float) -> None:
        """Set the factor on the style code, 0..1.5; 1 is as trained."""
        strength = min(max(strength, 0.0), MAX_STRENGTH)
        if strength != self.style.strength:
            self._use(self.style.with_strength(strength), "strength", self.note.text, change=self._strength_change)

    def end_strength(self) -> None:
        """End a drag of the strength slider, so that later changes are an undo step of their own."""
        self._strength_change = object()

    def set_locked(self, locked: bool) -> None:
        """Set whether the style is protected from dice and from documents that are opened."""
        self.is_locked = locked
        self.say("")

    # -- mixing two -----------------------------------------------------------------------------------------------

    def set_end(self, index: int) -> None:
        """Use the style in use as an end of the mix, 0 or 1, and move the mix to that end."""
        self.share = float(index)
        self._set_end(index, End(self.style, self.picture))

    def put_end(self, index: int, choice: Choice, image: QImage) -> None:
        """Use a style as an end of the mix, 0 or 1, with its thumbnail, and update the mix."""
        style = choice if isinstance(choice, Style) else self.wanted(choice)
        info = self._live.info
        if info is None or info.z_width is None:
            return

        def put(style: Style) -> None:
            self._set_end(index, End(style, image))
            if all(self.ends):
                self.mix(self.share)

        if style.fits(info.z_width, info.sha256):
            put(style)
        elif style.picture:
            self._cancel()
            self._take(style, put)
        else:
            self.say(self.tr("“{}” was made with other weights, which these cannot follow.").format(name_of(style)))

    def _set_end(self, index: int, end: End) -> None:
        self.ends[index] = end
        self._mix_change = object()
        self.mix_changed.emit()

    def mix(self, share: float) -> None:
        """Set the style to the mix of the two ends; 0 is the first, 1 the second."""
        self.share = share
        first, second = self.ends
        info = self._live.info
        if first is None or second is None or info is None or info.z_width is None:
            return
        self._cancel()
        name = self.tr("{:.0%} {}, {:.0%} {}").format(1 - share, name_of(first.style), share, name_of(second.style))
        has_codes = any(end.style.code is not None for end in (first, second))
        try:
            style = blend(first.style, second.style, share, info.z_width, name, info.sha256 if has_codes else "")
            style = replace(style, texture=self.style.texture)
        except EngineError as error:
            self.say(str(error))
            return
        self._change = self._mix_change
        self._use(style, "mix", change=self._mix_change)

    # -- documents ------------------------------------------------------------------------------------------------

    def serve(self, connection: DocumentConnection) -> None:
        """Connect the style to documents, which store and restore it."""
        connection.read_style = lambda: style_to_json(self.style)
        connection.write_style = self._show_style_of_document

    def open_with(self, style: Style | int | StyleCode) -> None:
        """Set the style of an opened document, unless the style is locked."""
        if not self.is_locked:
            self.adopt(style, is_saved=True)

    def _show_style_of_document(self, data: Mapping[str, Json]) -> None:
        style = style_from_json(data) if data else None
        if style is not None:
            self.open_with(style)

    @property
    def picture(self) -> QImage:
        """Thumbnail of the last render; null before the first one."""
        return self._picture

    # -- inside ---------------------------------------------------------------------------------------------------

    def _use(self, style: Style, step: str = "", note: str = "", *, change: object = None, is_saved: bool = False) -> None:
        """Set the style; ``step`` is the name of the undo step, empty for none; steps with the same ``change`` are merged."""
        before = self.style
        self.style, self._is_remembered = style, False
        self.note.keep(note)
        if step and not style.is_same(before):
            self._record(step, before, change)
        if is_saved:
            self._saved.keep()
        else:
            self._saved.look()
        self._apply()
        self.changed.emit()

    def _record(self, text: str, before: Style, change: object) -> None:
        stack = self._document.undo_stack
        self._document.end_stroke()
        if change is not None and isinstance(last := stack.open_end, ChangeStyle) and last.change is change:
            last.after = self.style
            stack.amended()
        else:
            stack.push(ChangeStyle(lambda style: self.adopt(style, is_step=False), text, before, self.style, change))

    def wanted(self, choice: Reference | BuiltIn, *, sample: bool = False) -> Style:
        """Return the style of a reference or a built-in style, before it is encoded for the present weights."""
        if isinstance(choice, BuiltIn):
            strength, texture = self.style.strength, self.style.texture
            return Style("built-in", None, choice.code, strength, choice.name, choice.weights, choice.jpeg, texture)
        seed = secrets.randbelow(MAX_SEED + 1) if sample else None
        label = choice.label or self.tr("Reference")
        return Style("reference", seed, np.zeros(1, np.float32), self.style.strength, label, "", choice.jpeg, self.style.texture)

    def say(self, note: str) -> None:
        """Show a note for a while, at most until the style changes; an empty text removes it."""
        self.note.say(note)

    def _apply(self) -> None:
        """Pass the style to the renderer, once its code length is known."""
        info = self._live.info
        self._live.texture = self.style.texture
        if info is None:
            if self.style.code is None and self.style.strength == 1:
                self._live.style = self.style.for_renderer(1)
        elif info.z_width is None:
            self._live.style = self._live.seed  # ignored by these weights, which would reject a code
        else:
            self._live.style = self.style.for_renderer(info.z_width)

    def _take(self, wanted: Style, use: Callable[[Style], object]) -> None:
        """Encode the picture of a style for the present weights and pass the result to ``use``."""
        if self.cannot_take():
            return
        weights, strength = self._live.info.sha256 if self._live.info else "", self.style.strength
        sample_seed = wanted.seed if wanted.origin == "reference" else None

        def encode(renderer: Renderer) -> StyleCode:
            return renderer.style_from_image(pictures.decode(wanted.picture), sample_seed=sample_seed)

        def done(code: StyleCode) -> None:
            self._taking = None
            moved = self.style.strength
            use(replace(wanted, code=code, weights=weights))
            if moved != strength:  # the strength changed while the picture was encoded
                self.set_strength(moved)

        def fail(error: EngineError) -> None:
            self._taking = None
            self.say(str(error))

        self._taking = self._live.work(encode, done, fail)

    def cannot_take(self) -> bool:
        """Return whether styles of photographs cannot be taken; if so, a note says why."""
        if reason := self.why_no_references:
            self.say(reason)
        return bool(reason)

    def _cancel(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _on_ready(self, info: RendererReady) -> None:
        """Convert the style for newly loaded weights, as far as possible."""
        self._cancel()
        style = self.style
        is_saved = self._saved.is_in_use  # converting a saved style for other weights is no unsaved change
        if info.z_width is None:
            self._apply()
        else:
            if style.code is not None and len(style.code) != info.z_width:
                note = self.tr("“{}” was made with other weights, which these cannot follow.").format(name_of(style))
                self._use(Style("seed", self._live.seed, strength=style.strength), "", note, is_saved=is_saved)
            self._apply()
            if not style.fits(info.z_width, info.sha256):
                if style.picture and info.can_use_style_image:
                    self._take(style, lambda taken: self._use(taken, is_saved=is_saved))
                elif style.code is not None and len(style.code) == info.z_width:
                    self.note.keep(self.tr("“{}” was made with other weights and may look different with these.").format(name_of(style)))
        self._is_remembered = False
        self.weights_changed.emit()
        self.changed.emit()

    def _on_rendered(self, result: RenderResult) -> None:
        if self._document.is_empty:  # a render of an empty layout does not represent the style
            self._last_image, self._picture = None, QImage()
            self.changed.emit()
            return
        self._last_image = result.image
        if result.quality == "exact" and self._live.is_up_to_date:
            self._remember(result.image)

    def _on_failed(self, _failure: RenderFailure) -> None:
        if self._last_image is not None and self._live.is_up_to_date:  # the picture is final
            self._remember(self._last_image)

    def _remember(self, image: pictures.Picture) -> None:
        self._picture = pictures.thumbnail(image)
        if not self._is_remembered and not self.why_no_style:
            self._is_remembered = True
            self.history.add(self.style, self._picture, self._change)
            self.history_changed.emit()
        self.changed.emit()
