"""The weights window on real weights: reports, questions, trials, swaps, the list, and files that are not what they seem."""

from __future__ import annotations

import pickle
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from spade_studio.app.rendering.loading import LoadOptions, peek_channels, renderer_loader
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme
from spade_studio.app.weights.shelf import Shelf
from spade_studio.app.weights.window import WeightsWindow
from spade_studio.engine.errors import WeightsError
from spade_studio.engine.networks.config import DiscriminatorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator

Look = Callable[[Path], WeightsWindow]
Publish = Callable[..., Path]
OPT: dict[str, object] = {"num_upsampling_layers": "normal", "crop_size": 64, "aspect_ratio": 1.0}


def choose(window: WeightsWindow, name: str, value: object) -> None:
    box = window.page.questions.boxes[name]
    box.setCurrentIndex(next(i for i in range(box.count()) if box.itemData(i) == value))
    box.activated.emit(box.currentIndex())


def settle(window: WeightsWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.is_busy, timeout=60_000)


def try_and_wait(window: WeightsWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(window.bar.try_button, Qt.MouseButton.LeftButton)
    comparison = window.bench.comparison
    settle(window, qtbot)
    qtbot.waitUntil(lambda: not comparison.old.image.isNull(), timeout=60_000)


def test_the_window_opens_on_the_weights_in_use(window: MainWindow, qtbot: QtBot) -> None:
    assert window.weights.button.text() == "The tiny"
    qtbot.mouseClick(window.weights.button, Qt.MouseButton.LeftButton)
    weights = window.weights.window
    assert weights is not None
    settle(weights, qtbot)
    assert "The tiny" in weights.page.text
    assert weights.bar.state.text() == "These weights are in use."
    assert weights.bar.try_button.isHidden()
    assert weights.list.rows[0].endswith("comes with the program")
    assert weights.list.rows[1].endswith("in use")


def test_a_report_says_what_cannot_work_with_this_layout(look: Look, other_weights: Path) -> None:
    text = look(other_weights).page.text
    for words in (
        "The other",
        "SPADE, ",
        "3 of Tiny: label 1, label 2, label 3",
        "not known: label 4 (",
        "pixels, 25 %)",
        "25 % of your layout has labels that these weights do not know",
        "64 × 64 pixels",
        "there is no encoder",
        "full precision (float32)",
        "free for all",
        "Made in a test.",
    ):
        assert words in text, words


def test_a_trial_shows_both_pictures_and_changes_nothing_until_it_is_used(
    window: MainWindow, look: Look, other_weights: Path, tiny_weights: Path, qtbot: QtBot
) -> None:
    weights = look(other_weights)
    renders = sum(thread.name == "render" for thread in threading.enumerate())
    try_and_wait(weights, qtbot)
    comparison = weights.bench.comparison
    assert weights.stack.currentWidget() is comparison
    assert comparison.old.image != comparison.new.image
    assert (comparison.old_name.text(), comparison.new_name.text()) == ("In use: The tiny", "On trial: The other")
    assert window.live.info is not None
    assert window.live.info.path == tiny_weights
    loads: list[object] = []
    window.rendering.loader = lambda options: loads.append(options)  # pyright: ignore[reportAttributeAccessIssue]
    shown = comparison.new.image
    qtbot.mouseClick(weights.bar.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.live.info is not None and window.live.info.path == other_weights, timeout=60_000)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    assert loads == [], "what was tried is used, not loaded again"
    assert window.render_panel.view.image.size() == shown.size()
    assert window.weights.button.text() == "The other"
    assert weights.stack.currentWidget() is weights.page
    assert weights.bar.state.text() == "These weights are in use."
    assert weights.bench.trial is None
    qtbot.waitUntil(lambda: sum(thread.name == "render" for thread in threading.enumerate()) == renders)
    entry = window.weights.shelf.find(other_weights)
    assert entry is not None
    assert entry.used is not None


def test_keeping_the_old_ones_lets_go_of_those_on_trial(
    window: MainWindow, look: Look, other_weights: Path, tiny_weights: Path, qtbot: QtBot
) -> None:
    weights = look(other_weights)
    try_and_wait(weights, qtbot)
    qtbot.keyClick(weights, Qt.Key.Key_Escape)
    assert weights.bench.trial is None
    assert weights.stack.currentWidget() is weights.page
    assert window.live.info is not None
    assert window.live.info.path == tiny_weights
    assert weights.bar.try_button.isEnabled()
    try_and_wait(weights, qtbot)
    weights.close()
    assert weights.bench.trial is None


def test_a_trial_that_fails_keeps_the_old_ones(
    window: MainWindow, look: Look, other_weights: Path, tiny_weights: Path, qtbot: QtBot
) -> None:
    weights = look(other_weights)

    def load() -> Any:
        raise WeightsError("the numbers are not finite", "finite numbers", "use an earlier epoch")

    window.rendering.loader = lambda _options: load
    qtbot.mouseClick(weights.bar.try_button, Qt.MouseButton.LeftButton)
    settle(weights, qtbot)
    assert weights.stack.currentWidget() is weights.page
    assert "The numbers are not finite." in weights.page.text
    assert "Use an earlier epoch." in weights.page.text
    assert window.live.info is not None
    assert window.live.info.path == tiny_weights
    assert weights.bar.try_button.isHidden()


def test_a_cancelled_load_is_not_heard_of_again(window: MainWindow, look: Look, other_weights: Path, qtbot: QtBot) -> None:
    weights = look(other_weights)
    begun, go = threading.Event(), threading.Event()
    made = window.rendering.loader

    def slow(options: Any) -> Any:
        load = made(options)

        def wait() -> Any:
            begun.set()
            go.wait(20)
            return load()

        return wait

    window.rendering.loader = slow
    qtbot.mouseClick(weights.bar.try_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(begun.is_set)
    assert weights.bar.busy.isVisible()
    qtbot.mouseClick(weights.bar.cancel_button, Qt.MouseButton.LeftButton)
    assert not weights.is_busy
    go.set()
    window.rendering.loader = made
    try_and_wait(weights, qtbot)  # waits for the end of the other
    assert weights.bench.trial is not None


def test_loading_something_else_gives_the_trial_up(window: MainWindow, look: Look, other_weights: Path, qtbot: QtBot) -> None:
    weights = look(other_weights)
    try_and_wait(weights, qtbot)
    window.rendering.use(replace(window.rendering.options, dtype="bfloat16"))
    assert weights.bench.trial is None
    assert weights.stack.currentWidget() is weights.page
    assert not weights.bar.try_button.isEnabled()
    qtbot.waitUntil(lambda: window.live.info is not None and window.live.info.dtype == "bfloat16", timeout=60_000)
    assert weights.bar.try_button.isEnabled()


def test_a_published_folder_with_its_options_asks_only_for_labels(look: Look, publish: Publish, window: MainWindow, qtbot: QtBot) -> None:
    opt = OPT | {"label_nc": 4, "contain_dontcare_label": True, "no_instance": False}
    weights = look(publish(opt, encoder=True))
    questions = weights.page.questions
    assert [name for name, box in questions.boxes.items() if not box.isHidden()] == ["label_set", "unlabeled"]
    assert all(box.currentIndex() >= 0 for box in questions.boxes.values() if not box.isHidden())
    assert "The labels have no names" in weights.page.text
    assert "takes the style from a picture" in weights.page.text
    choose(weights, "label_set", window.document.label_set)
    settle(weights, qtbot)
    assert "4 of Tiny" in weights.page.text
    assert "all its labels are known" in weights.page.text
    try_and_wait(weights, qtbot)
    qtbot.mouseClick(weights.bar.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.live.info is not None and window.live.info.path.name == "published", timeout=60_000)
    assert window.rendering.options.published is not None
    assert window.rendering.options.published.label_set == window.document.label_set


def test_what_shapes_leave_open_is_asked_and_remembered_for_the_content(
    look: Look, publish: Publish, qtbot: QtBot, settings: Settings, tmp_path: Path
) -> None:
    folder = publish()
    weights = look(folder)
    questions = weights.page.questions
    assert not weights.page.request.isHidden()
    assert weights.bar.try_button.isHidden()
    assert questions.boxes["upsampling"].currentIndex() < 0
    choose(weights, "upsampling", "normal")
    settle(weights, qtbot)
    assert not weights.page.request.isHidden(), "what was answered does not suffice"
    assert questions.boxes["upsampling"].currentData() == "normal"
    choose(weights, "crop_size", 64)
    settle(weights, qtbot)
    assert weights.page.request.isHidden()
    assert "64 × 64 pixels" in weights.page.text
    assert not weights.bar.try_button.isHidden()
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    weights = look(moved)
    assert weights.page.request.isHidden()
    assert questions.boxes["upsampling"].currentData() == "normal"
    assert len(Shelf(settings.state_folder / "weights.json").entries) == 3


def test_an_answer_that_does_not_fit_says_so_and_can_be_changed(look: Look, publish: Publish, qtbot: QtBot, tmp_path: Path) -> None:
    weights = look(publish(OPT))
    path = tmp_path / "set.json"
    path.write_text('{"name": "One", "labels": [{"id": 0, "name": "only", "color": "#102030"}], "unlabeled_id": null}', encoding="utf-8")
    weights.page.questions.use_set_file(path)
    settle(weights, qtbot)
    assert "One has 1 labels, the generator 6 channels" in weights.page.text
    assert weights.bar.try_button.isHidden()
    choose(weights, "label_set", None)
    settle(weights, qtbot)
    assert "labels have no names" in weights.page.text
    assert not weights.bar.try_button.isHidden()


def hostile(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.pth"
    if kind == "page":
        path.write_bytes(b"\n  <!DOCTYPE html><html><body>Sign in to download</body></html>")
    elif kind == "pointer":
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
    elif kind == "code":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("m/data.pkl", b"\x80\x02cos\nsystem\nX\x05\x00\x00\x00false\x85R.")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"a": 1}, protocol=2))
    elif kind == "bomb":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("m/data.pkl", bytes(50 << 20))
    elif kind == "checkpoint":
        torch.save({"format_version": 1, "step": 3, "config": {}, "parts": {"generator": {"a": torch.zeros(2)}}, "random_states": []}, path)
    elif kind == "discriminator":
        torch.save(MultiscaleDiscriminator(DiscriminatorConfig(4, base_channels=2)).state_dict(), path)
    elif kind == "cut":
        torch.save({"a": torch.zeros(1000)}, path)
        path.write_bytes(path.read_bytes()[:1500])
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("page", ("page.pth is a web page", "Download it again")),
        ("pointer", ("pointer of Git LFS", "git lfs pull")),
        ("code", ("os.system", "Nothing of the file was run")),
        ("pickle", ("Python pickle", "Nothing of it was run")),
        ("bomb", ("compressed", "without compression")),
        ("checkpoint", ("checkpoint of a training of SPADE Studio", "spade-train export")),
        ("discriminator", ("a discriminator only, which cannot render", "latest_net_G.pth")),
        ("cut", ("cut off", "Download or copy the file again")),
    ],
)
def test_what_cannot_be_used_is_named_with_what_to_do(kind: str, words: tuple[str, ...], look: Look, tmp_path: Path) -> None:
    weights = look(hostile(kind, tmp_path))
    for text in words:
        assert text in weights.page.text, weights.page.text
    assert weights.bar.try_button.isHidden()
    assert len(weights.list.rows) == 2, "what cannot be used is not listed"


def test_stars_and_notes_are_kept(window: MainWindow, look: Look, other_weights: Path, settings: Settings, qtbot: QtBot) -> None:
    weights = look(other_weights)
    qtbot.mouseClick(weights.page.star, Qt.MouseButton.LeftButton)
    weights.page.note.setFocus()
    qtbot.keyClicks(weights.page.note, "fine seas")
    assert weights.list.rows[1].startswith("The other")
    window.document.undo_stack.setClean()
    window.close()
    entry = Shelf(settings.state_folder / "weights.json").find(other_weights)
    assert entry is not None
    assert (entry.is_favourite, entry.note, entry.summary) == (True, "fine seas", "SPADE, 3 labels, 64 × 64")


def test_missing_weights_are_dimmed_and_can_be_located_or_removed(
    window: MainWindow, look: Look, other_weights: Path, tiny_weights: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    look(other_weights)
    moved = other_weights.rename(tmp_path / "moved.safetensors")
    weights = look(tiny_weights)
    weights.refresh()
    row = next(i for i, text in enumerate(weights.list.rows) if text.startswith("The other"))
    assert weights.list.rows[row].endswith("not found")
    weights.list.choose(other_weights)
    assert "any more" in weights.page.text
    assert weights.bar.locate_button.isVisible()
    entry = weights.list.current
    assert entry is not None
    weights.locate(entry, moved)
    settle(weights, qtbot)
    assert "The other" in weights.page.text
    assert window.weights.shelf.find(other_weights) is None
    qtbot.mouseClick(weights.bar.remove_button, Qt.MouseButton.LeftButton)
    assert window.weights.shelf.find(moved) is None
    assert moved.exists()
    assert weights.stack.currentWidget() is weights.hint


def drop_on(widget: Any, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    arguments = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), *arguments)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), *arguments))


def test_dropped_files_and_folders_are_looked_at(window: MainWindow, publish: Publish, other_weights: Path, qtbot: QtBot) -> None:
    drop_on(window, publish(OPT))
    qtbot.waitUntil(lambda: window.weights.window is not None)
    weights = window.weights.window
    assert weights is not None
    qtbot.waitUntil(lambda: not weights.is_busy and "published SPADE format" in weights.page.text, timeout=60_000)
    drop_on(weights, other_weights)
    qtbot.waitUntil(lambda: not weights.is_busy and "The other" in weights.page.text, timeout=60_000)


def test_weights_of_the_command_line_that_do_not_tell_all_are_asked_about(
    qtbot: QtBot, settings: Settings, theme: Theme, publish: Publish
) -> None:
    options = LoadOptions(publish(), "cpu", "float32")
    window = MainWindow(settings, theme, renderer_loader(options), peek_channels(options), options=options)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.weights.window is not None, timeout=60_000)
    weights = window.weights.window
    assert weights is not None
    settle(weights, qtbot)
    choose(weights, "upsampling", "normal")
    settle(weights, qtbot)
    choose(weights, "crop_size", 64)
    settle(weights, qtbot)
    qtbot.mouseClick(weights.bar.try_button, Qt.MouseButton.LeftButton)
    settle(weights, qtbot)
    assert weights.bench.comparison.old.note == "No weights are loaded."
    qtbot.mouseClick(weights.bar.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.live.info is not None and window.live.is_up_to_date, timeout=60_000)
    assert "does not say" not in window.render_panel.banner.text


def test_the_command_opens_the_window_and_the_keyboard_reaches_a_trial(
    window: MainWindow, other_weights: Path, look: Look, qtbot: QtBot
) -> None:
    look(other_weights).close()
    window.activateWindow()
    window.commands["weights"].trigger()
    weights = window.weights.window
    assert weights is not None
    assert weights.isVisible()
    qtbot.keyClick(weights.list, Qt.Key.Key_Return)
    settle(weights, qtbot)
    assert weights.bench.trial is not None
    assert weights.focusWidget() is weights.bar.use_button


def test_closing_the_program_during_a_load_leaves_no_thread(window: MainWindow, look: Look, other_weights: Path, qtbot: QtBot) -> None:
    weights = look(other_weights)
    qtbot.mouseClick(weights.bar.try_button, Qt.MouseButton.LeftButton)
    window.document.undo_stack.setClean()
    window.close()
    assert not weights.isVisible()
    assert "weights" not in [thread.name for thread in threading.enumerate()]
