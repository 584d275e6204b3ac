"""Form for questions that the files of published weights leave open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from spade_studio.app.ui import messages
from spade_studio.app.ui.boxes import column, named
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.app.weights.jobs import Examined, may_ask
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet, built_in_label_sets, load_label_set
from spade_studio.engine.weights.info import PublishedOptions

_FROM_FILE = object()


class QuestionsForm(QWidget):
    """Form with one choice per question; hidden if there is none."""

    changed = Signal(object)  # PublishedOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._examined: Examined | None = None
        self._extra_sets: list[LabelSet] = []
        self.boxes: dict[str, QComboBox] = {}
        self._frames: dict[str, QWidget] = {}
        self._heading = PlainLabel(self.tr("What the file does not tell"), role="heading")
        layout = column(self, spacing=4)
        layout.addWidget(self._heading)
        for name, title, hint in self._texts():
            box = named(QComboBox(), title)
            box.setAccessibleDescription(hint)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(28)
            box.setMaximumWidth(420)
            caption, explanation = PlainLabel(title), PlainLabel(hint, role="caption", wraps=True)
            caption.setBuddy(box)
            box.activated.connect(lambda _index, name=name: self._on_chosen(name))
            self.boxes[name] = box
            frame = QWidget()
            inner = column(frame, spacing=4, margins=(0, 6, 0, 0))
            for widget in (caption, box, explanation):
                inner.addWidget(widget)
            layout.addWidget(frame)
            self._frames[name] = frame

    def show_questions(self, examined: Examined, document_set: LabelSet) -> None:
        """Show the open questions about weights, with earlier answers selected."""
        if self._examined is None or self._examined.path != examined.path:
            self._extra_sets = []
        if examined.options.label_set is not None and examined.options.label_set not in self._extra_sets:
            self._extra_sets.append(examined.options.label_set)
        self._examined = examined
        options = examined.options
        for name in ("upsampling", "crop_size", "aspect_ratio"):
            choices = [(self._choice_text(name, choice), _value(name, choice)) for choice in examined.questions.get(name, ())]
            self._fill(name, choices, getattr(options, name))
        self._fill("label_set", self._set_choices(examined, document_set), options.label_set)
        self._fill("unlabeled", self._place_choices(examined), options.unlabeled)
        self.setVisible(any(not box.isHidden() for box in self.boxes.values()))

    def _texts(self) -> tuple[tuple[str, str, str], ...]:
        return (
            (
                "upsampling",
                self.tr("&Upsampling"),
                self.tr("How often the generator doubles the picture's size: num_upsampling_layers in the training's opt.txt."),
            ),
            (
                "crop_size",
                self.tr("&Width of the training pictures"),
                self.tr("crop_size in opt.txt. It decides at which size pictures are rendered unless you choose another."),
            ),
            ("aspect_ratio", self.tr("Asp&ect of the training pictures"), self.tr("aspect_ratio in opt.txt: width divided by height.")),
            (
                "label_set",
                self.tr("&Labels"),
                self.tr("What the label channels mean, in the order of the set. Only sets with a fitting number of labels are listed."),
            ),
            (
                "unlabeled",
                self.tr("Channel for un&labeled pixels"),
                self.tr("Before or after the labels. If pictures look as if all labels were mixed up, try the other one."),
            ),
        )

    def _choice_text(self, name: str, choice: str) -> str:
        if name == "upsampling":
            return {
                "normal": self.tr("normal: sides in steps of 32 pixels, the usual one"),
                "more": self.tr("more: steps of 64 pixels, as in the published Cityscapes weights"),
                "most": self.tr("most: steps of 128 pixels, with a block more"),
            }.get(choice, choice)
        if name == "crop_size":
            return self.tr("{width} pixels").format(width=choice)
        return {"1": self.tr("1: square"), "2": self.tr("2: twice as wide as high")}.get(choice, choice)

    def _set_choices(self, examined: Examined, document_set: LabelSet) -> list[tuple[str, Any]]:
        facts = examined.facts
        if facts is None or facts.info.channels is None or not may_ask(facts):
            return [] if examined.options.label_set is None else self._named(self._extra_sets)
        total = facts.info.channels.semantic_channels
        sets: list[LabelSet] = []
        for label_set in (*(load_label_set(name) for name in built_in_label_sets()), document_set, *self._extra_sets):
            if _fits(label_set, total) and label_set not in sets:
                sets.append(label_set)
        return [*self._named(sets), (self.tr("From a file…"), _FROM_FILE)]

    def _named(self, sets: Sequence[LabelSet]) -> list[tuple[str, Any]]:
        named: list[tuple[str, Any]] = [(self._set_text(label_set), label_set) for label_set in sets]
        return [(self.tr("As the file tells, else numbers"), None), *named]

    def _set_text(self, label_set: LabelSet) -> str:
        return self.tr("{name}, %Ln label(s)", "", len(label_set.labels)).format(name=label_set.name)

    def _place_choices(self, examined: Examined) -> list[tuple[str, Any]]:
        info = examined.facts.info if examined.facts else None
        has_channel = info is not None and info.file_kind == "published" and info.channels and info.channels.unlabeled_channel is not None
        if not has_channel and examined.options.unlabeled is None:
            return []
        return [
            (self.tr("As usual for these labels"), None),
            (self.tr("Before the labels"), "first"),
            (self.tr("After the labels"), "last"),
        ]

    def _fill(self, name: str, choices: Sequence[tuple[str, Any]], chosen: Any) -> None:
        box = self.boxes[name]
        box.clear()
        for text, value in choices:
            box.addItem(text, value)
        box.setCurrentIndex(next((i for i, (_, value) in enumerate(choices) if value == chosen), -1))
        if choices and box.currentIndex() < 0:
            box.setPlaceholderText(self.tr("Please choose"))
        for widget in (box, self._frames[name]):
            widget.setVisible(bool(choices))

    def _on_chosen(self, name: str) -> None:
        if name == "label_set" and self.boxes[name].currentData() is _FROM_FILE:
            self._ask_for_set()
            return
        self.changed.emit(self._options())

    def _options(self) -> PublishedOptions:
        values = {name: box.currentData() for name, box in self.boxes.items() if box.currentIndex() >= 0 and not box.isHidden()}
        return PublishedOptions(**values)

    def _ask_for_set(self) -> None:
        examined = self._examined
        assert examined is not None
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Label set"), str(examined.path.parent), self.tr("Label sets (*.json)"))
        if name:
            self.use_set_file(Path(name))
        else:
            self._choose_set(examined.options.label_set)

    def use_set_file(self, path: Path) -> None:
        """Load a label set from a JSON file and select it as the answer, or show an error."""
        examined = self._examined
        assert examined is not None
        try:
            label_set = load_label_set(path)
        except EngineError as error:
            messages.show_error(self, self.tr("The label set cannot be used"), error)
            self._choose_set(examined.options.label_set)
            return
        box = self.boxes["label_set"]
        if label_set not in self._extra_sets:
            self._extra_sets.append(label_set)
            box.insertItem(box.count() - 1, self._set_text(label_set), label_set)
        self._choose_set(label_set)
        self.changed.emit(self._options())

    def _choose_set(self, label_set: LabelSet | None) -> None:
        box = self.boxes["label_set"]
        box.setCurrentIndex(next((i for i in range(box.count()) if box.itemData(i) == label_set), -1))


def _value(name: str, choice: str) -> object:
    return choice if name == "upsampling" else int(choice) if name == "crop_size" else float(choice)


def _fits(label_set: LabelSet, channels: int) -> bool:
    labels = sum(label.id != label_set.unlabeled_id for label in label_set.labels)
    return 0 <= channels - labels <= 2
