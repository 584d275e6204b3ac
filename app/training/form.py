"""Form for a training configuration, with grouped fields and validation during input."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QWidget

from spade_studio.app.training.editors import Editor
from spade_studio.app.training.fields import BASIC, PATHS, absolute_path, all_fields, culprit, flat_values, is_missing, nested, shown_title
from spade_studio.app.ui.boxes import column, named
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.engine.errors import ConfigError
from spade_studio.train.config.presets import with_architecture
from spade_studio.train.config.run import TrainConfig


class ConfigForm(QScrollArea):
    """Form with all fields of a :class:`TrainConfig`.

    Attributes:
        editors: Editors by dotted field name.
        problem: Validation message for the current values; empty if they are valid.
        problem_field: Name of the field that causes it; empty if unknown.
        is_unfilled: Whether the only problem is that no data folder is chosen yet.
    """

    changed = Signal()

    def __init__(self, sound: TrainConfig, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sound = sound
        self.editors: dict[str, Editor] = {}
        self._problems: dict[str, QLabel] = {}
        self.problem, self.problem_field, self.is_unfilled = "", "", False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        whole = column(content, spacing=14, margins=(0, 4, 12, 4))
        self._sections: list[QWidget] = []
        titles = list(dict.fromkeys(field.section for field in all_fields() if field.name not in BASIC))
        for title in ("", *titles):
            names = [field.name for field in all_fields() if title == ("" if field.name in BASIC else field.section)]
            section = self._make_section(title, names)
            whole.addWidget(section)
            if title:
                self._sections.append(section)
        whole.addStretch(1)
        self.setWidget(content)
        self.set_advanced(False)
        self.set_config(sound, sound)

    def set_advanced(self, advanced: bool) -> None:
        """Set whether all fields are shown, or only the basic ones."""
        for section in self._sections:
            section.setVisible(advanced)

    def set_config(self, config: TrainConfig, sound: TrainConfig | None = None) -> None:
        """Fill the form.

        Args:
            config: Configuration to show.
            sound: New valid reference configuration for locating errors; None to keep the current one.
        """
        self._sound = sound or self._sound
        self.set_values(flat_values(config))

    def set_values(self, values: dict[str, Any]) -> None:
        """Set values by dotted name; unknown names and values of the wrong type are ignored."""
        for name, value in values.items():
            editor = self.editors.get(name)
            if editor is not None:
                try:
                    editor.set_value(value)
                except (TypeError, ValueError, OverflowError):
                    continue
        self._check()

    def values(self) -> dict[str, Any]:
        """Return all values by dotted name, valid or not."""
        return {name: editor.value for name, editor in self.editors.items()}

    def config(self) -> TrainConfig:
        """Return the configuration with absolute paths.

        Raises:
            ConfigError: The values are not a valid configuration.
        """
        values = self.values()
        config = TrainConfig.from_json(nested({**values, **{name: absolute_path(name, values[name]) for name in PATHS}}))
        config.rank_batch_size(config.compute.processes_per_node)
        return config

    def _make_section(self, title: str, names: list[str]) -> QWidget:
        section = QWidget()
        grid = QGridLayout(section)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 170)
        grid.setColumnStretch(1, 1)
        if title:
            heading = PlainLabel(title, role="heading")
            grid.addWidget(heading, 0, 0, 1, 2)
        fields = {field.name: field for field in all_fields()}
        for number, name in enumerate(names, 1):
            editor = Editor(fields[name])
            label = named(PlainLabel(shown_title(fields[name].title)), tip=editor.input.toolTip())
            label.setBuddy(editor.input)
            problem = PlainLabel(role="problem", wraps=True)
            problem.hide()
            grid.addWidget(label, 2 * number, 0)
            grid.addWidget(editor, 2 * number, 1)
            grid.addWidget(problem, 2 * number + 1, 1)
            self.editors[name], self._problems[name] = editor, problem
            editor.changed.connect(self._on_architecture if name == "generator.name" else self._check)
        return section

    def _on_architecture(self) -> None:
        """Apply the losses, learning rates and encoder of a known generator architecture once its name is complete."""
        try:
            before = TrainConfig.from_json(nested({**self.values(), "generator.name": self._sound.generator.name}))
            config = with_architecture(before, self.editors["generator.name"].value)
        except ConfigError:
            self._check()
        else:
            self.set_config(config)

    def _check(self) -> None:
        values = self.values()
        error, self.problem_field = None, ""
        try:
            self.config()
        except ConfigError as found:
            error = found
            self.problem_field = culprit(error, values, flat_values(self._sound))
        if error is None:
            self.problem_field, self.problem = self._path_problem(values)
        else:
            self.problem = str(error)
        self.is_unfilled = self.problem_field == "data.path" and not values["data.path"]
        for name, label in self._problems.items():
            is_it = name == self.problem_field and not self.is_unfilled
            label.setText(self.problem if is_it else "")
            label.setVisible(is_it)
            self.editors[name].set_wrong(is_it)
        self.changed.emit()

    def _path_problem(self, values: dict[str, Any]) -> tuple[str, str]:
        if not values["data.path"]:
            return "data.path", self.tr("Choose a folder or zip with photographs and label maps.")
        for name in PATHS:
            if is_missing(name, absolute_path(name, values[name])):
                return name, self.tr("There is no {path}.").format(path=values[name])
        return "", ""
