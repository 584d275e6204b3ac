"""The form over the configuration: every field, its help, and where it says that something is wrong."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QTextDocumentFragment, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel

from spade_studio.app.training.editors import Editor, NumberBox
from spade_studio.app.training.fields import SUGGESTIONS, all_fields, flat_values, nested, option_words
from spade_studio.app.training.form import ConfigForm
from spade_studio.engine.errors import ConfigError
from spade_studio.train.cli.commands import resolve
from spade_studio.train.cli.main import parse
from spade_studio.train.cli.options import DatasetKind, New
from spade_studio.train.config.presets import PRESETS, preset, with_architecture
from spade_studio.train.config.run import TrainConfig


@pytest.fixture
def form(qtbot, tmp_path):
    form = ConfigForm(preset("tiny"))
    qtbot.addWidget(form)
    form.set_values({"data.path": str(tmp_path)})
    form.show()
    return form


def typed(qtbot, editor, text):
    """Put a text in place of what a field holds, as a hand does."""
    line = editor.input if not hasattr(editor.input, "lineEdit") else editor.input.lineEdit()
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)


def test_every_field_of_the_configuration_has_an_editor_with_help(form):
    assert {field.name for field in all_fields()} == set(flat_values(TrainConfig())) == set(form.editors)
    for editor in form.editors.values():
        assert editor.field.help, editor.field.name
        assert editor.field.help in QTextDocumentFragment.fromHtml(editor.input.toolTip()).toPlainText()
        assert editor.input.accessibleName()
    assert SUGGESTIONS["data.kind"] == get_args(DatasetKind)


@pytest.mark.parametrize("name", list(PRESETS))
def test_what_is_filled_in_comes_out_again(form, name):
    config = preset(name)
    form.set_config(config)
    assert TrainConfig.from_json(nested(form.values())) == config


def test_basic_fields_are_few_and_all_are_a_click_away(form):
    assert form.editors["batch_size"].isVisible()
    assert not form.editors["optimizer.betas"].isVisible()
    form.set_advanced(True)
    assert all(editor.isVisible() for editor in form.editors.values())


def test_data_that_are_not_chosen_yet_are_something_to_do_and_no_fault(form, qtbot):
    typed(qtbot, form.editors["data.path"], "")
    assert form.is_unfilled
    assert "Choose a folder" in form.problem
    assert not any(label.isVisible() for label in form.findChildren(QLabel) if label.property("role") == "problem")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("batch_size", "0", "batch_size is 0. Expected from 1 to 65536."),
        ("schedule.constant", "0", "schedule.constant and schedule.decay are both 0"),
        ("losses.perceptual.crop_size", "3", "crop_size is 3"),
        ("losses.perceptual.tap_weights", "1, 2", "tap_weights"),
        ("labels.ids", "156, sea", "labels.ids[1] is 'sea'"),
        ("optimizer.betas", "0.5, 2", "betas is"),
        ("generator.base_channels", "0", "base_channels"),
        ("data.path", "/nowhere/at/all", "There is no /nowhere/at/all."),
        ("data.path", "~nobody-of-this-name/photos", "There is no ~nobody-of-this-name/photos."),
        ("data.path", "x" * 300, "There is no xxx"),
        ("data.scenes", "/nowhere/scenes.txt", "There is no /nowhere/scenes.txt."),
        ("projected.file", "/nowhere/network.safetensors", "There is no /nowhere/network.safetensors."),
        ("labels.label_set", "/nowhere/labels.json", "There is no /nowhere/labels.json."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_only_there(form, qtbot, name, text, words):
    form.set_advanced(True)
    assert form.problem == ""
    editor = form.editors[name]
    typed(qtbot, editor, text)
    assert form.problem_field == name
    assert words in form.problem
    shown = [label for label in form.findChildren(QLabel) if label.property("role") == "problem" and label.isVisible()]
    assert [label.text() for label in shown] == [form.problem]
    assert editor.input.property("wrong") is True
    form.set_config(preset("tiny"))
    form.set_values({"data.path": "/"})
    assert form.problem == ""
    assert editor.input.property("wrong") is False


def test_paths_are_kept_as_trainers_elsewhere_can_open_them(form, qtbot, tmp_path, monkeypatch):
    home, here = tmp_path / "home", tmp_path / "here"
    (home / "photos").mkdir(parents=True)
    here.mkdir()
    (here / "labels.json").touch()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    typed(qtbot, form.editors["data.path"], "~/photos")
    typed(qtbot, form.editors["labels.label_set"], "labels.json")
    assert form.problem == ""
    config = form.config()
    assert (config.data.path, config.labels.label_set) == (str(home / "photos"), str(here / "labels.json"))
    assert form.values()["data.path"] == "~/photos"  # as it was typed
    typed(qtbot, form.editors["labels.label_set"], "ade20k")
    assert form.config().labels.label_set == "ade20k"
    typed(qtbot, form.editors["data.path"], "  ")
    assert form.config().data.path == ""  # and not the folder that the program was started in


def test_processes_that_cannot_share_a_batch_are_refused(form, qtbot):
    form.set_advanced(True)
    typed(qtbot, form.editors["compute.processes_per_node"], "3")
    assert form.problem_field in ("batch_size", "compute.processes_per_node")
    with pytest.raises(ConfigError):
        form.config()


def test_another_architecture_brings_its_recipe(form):
    form.set_advanced(True)
    before = form.config()
    form.editors["generator.name"].input.setCurrentText("pix2pixhd")
    assert form.config() == with_architecture(before, "pix2pixhd")
    assert form.problem == ""


def test_numbers_are_written_briefly(qtbot):
    box = NumberBox()
    qtbot.addWidget(box)
    for value, text in ((2e-4, "0.0002"), (10.0, "10"), (1e-6, "1e-06"), (0.02, "0.02"), (0.999999, "0.999999")):
        box.setValue(value)
        assert (box.text(), box.value()) == (text, value)
    box.selectAll()
    qtbot.keyClicks(box, "5e-5")
    assert box.value() == 5e-5
    qtbot.keyClicks(box, "x")
    assert box.text() == "5e-5"


def test_the_wheel_over_a_field_changes_nothing_while_one_scrolls(form):
    box = form.editors["batch_size"].input
    form.editors["data.path"].setFocus()
    none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(box, QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), *none, False))
    assert box.value() == 4


@pytest.mark.parametrize("name", list(PRESETS))
def test_options_make_the_same_configuration_of_a_preset(name, tmp_path):
    base = preset(name)
    other = preset("compact" if name != "compact" else "tiny")
    wanted = dataclasses.replace(other, data=dataclasses.replace(other.data, path=str(tmp_path)))
    command = parse(["new", str(tmp_path), "--preset", name, *option_words(wanted, base)])
    assert isinstance(command, New)
    assert resolve(command) == wanted


def test_an_editor_says_that_it_was_changed_by_hand_only(qtbot):
    (field,) = (field for field in all_fields() if field.name == "geometry.flip")
    editor = Editor(field)
    qtbot.addWidget(editor)
    with qtbot.assertNotEmitted(editor.changed):
        editor.set_value(True)
    with qtbot.waitSignal(editor.changed):
        qtbot.keyClick(editor.input, Qt.Key.Key_Space)
    assert editor.value is False
