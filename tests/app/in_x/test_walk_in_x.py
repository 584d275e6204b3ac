"""A walk through the four jobs that people come with, by mouse and keys alone: draw, export, load weights, train.

Every step leaves a picture of the screen; SPADE_WALK_PICTURES names a folder that keeps them.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtGui import QColor

from spade_studio.app.documents.archive import load_document
from spade_studio.app.export.manifest import read_manifest
from spade_studio.app.training.history import RunState, last_event, run_state
from spade_studio.app.ui.theme import LIGHT
from spade_studio.app.weights.shelf import Shelf
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import EventReader, StepLogged

pytestmark = [pytest.mark.window, pytest.mark.slow]

SKY, MOUNTAIN, TREE, WATER, GRASS = 156, 134, 168, 177, 123


def choose(screen, label):
    screen.press("ctrl+f")
    screen.type(label)
    screen.press("Return")


def watch(screen, draw, picture):
    """Draw something, and see canvas and render follow."""
    canvas, render = screen.canvas(), screen.render()
    draw()
    screen.rest()
    screen.until(lambda: screen.share(canvas, screen.canvas()) > 0.02, f"the canvas shows {picture}")
    screen.until(lambda: screen.share(render, screen.render()) > 0.02, f"the render shows {picture}")
    screen.show(picture)


def test_draw_a_layout_and_watch_it(screen, tmp_path):
    screen.start()
    screen.show("1-draw-01-start")
    screen.press("ctrl+n")
    screen.wait_for("New layout")
    screen.show("1-draw-02-new")
    screen.press("alt+b", "End", "Return")
    screen.wait_without("New layout")
    assert screen.title() == "Untitled - SPADE Studio"
    screen.until(lambda: len(np.unique(screen.canvas().reshape(-1, 3), axis=0)) == 1, "the canvas is empty")
    empty = screen.canvas()

    choose(screen, "sky")
    screen.press("g")
    watch(screen, lambda: screen.click((300, 300)), "1-draw-03-sky")
    choose(screen, "mountain")
    screen.press("p")
    peaks = ((62, 380), (180, 230), (260, 300), (360, 190), (470, 310), (574, 260), (574, 440), (62, 440))
    watch(screen, lambda: (screen.click(*peaks), screen.press("Return")), "1-draw-04-mountain")
    choose(screen, "water")
    screen.press("r")
    watch(screen, lambda: screen.drag((60, 438), (300, 500), (580, 600)), "1-draw-05-water")
    choose(screen, "tree")
    screen.press("b")
    watch(screen, lambda: screen.drag((62, 430), (160, 424), (260, 434), (360, 424), (470, 432), (574, 424)), "1-draw-06-trees")
    choose(screen, "grass")
    screen.press("a")
    shore = ((60, 560), (160, 520), (300, 545), (420, 535), (578, 490), (578, 604), (60, 604))
    watch(screen, lambda: screen.drag(*shore), "1-draw-07-grass")
    painted = screen.settled()

    document = tmp_path / "lake.ora"
    screen.press("ctrl+s")
    screen.answer_file_dialog("Save the document", document, "1-draw-08-save")
    screen.until(lambda: screen.title() == "lake.ora - SPADE Studio", "the title names the file")
    labels, counts = np.unique(load_document(document).labels, return_counts=True)
    assert set(labels) == {SKY, MOUNTAIN, TREE, WATER, GRASS}
    assert counts.min() > 0.05 * counts.sum()

    screen.press("ctrl+n")
    screen.wait_for("New layout")
    screen.press("Return")
    screen.wait_without("New layout")
    screen.until(lambda: not screen.share(empty, screen.canvas()), "the canvas is empty again")
    screen.press("ctrl+o")
    screen.answer_file_dialog("Open a document or a label map", document, "1-draw-09-open")
    screen.until(lambda: screen.title() == "lake.ora - SPADE Studio", "the document is open again")
    screen.until(lambda: not screen.share(screen.canvas(painted), screen.canvas()), "the canvas is as it was saved")
    screen.until(lambda: not screen.share(screen.render(painted), screen.render()), "so is the render")
    screen.show("1-draw-10-opened")
    screen.quit()


def test_export_fifty_variations(screen, tmp_path):
    folder = tmp_path / "variations"
    screen.remember("render", "size=training")
    screen.start()
    screen.press("ctrl+e")
    screen.wait_for("Export pictures")
    screen.press("alt+o", "ctrl+a")
    screen.type(folder)
    screen.show("2-export-01-form")
    screen.press("alt+e")
    screen.until(lambda: len(list(folder.glob("*.png"))) > 5, "pictures are written")
    screen.show("2-export-02-at-work", still=False)
    screen.until(lambda: (found := read_manifest(folder)) is not None and not found.waiting, "all are written")
    screen.show("2-export-03-done")

    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.order.count == 50
    assert not manifest.failures
    files = sorted(folder.glob("*.png"))
    assert len(files) == 50
    pictures = {np.asarray(Image.open(file)).tobytes() for file in files}
    assert len(pictures) == 50
    assert {Image.open(file).size for file in files} == {(256, 256)}

    screen.press("Escape")
    screen.wait_without("Export pictures")
    before = screen.render()
    screen.press("ctrl+o")
    screen.answer_file_dialog("Open a document or a label map", files[10], "2-export-04-open-one")
    wanted = inner(files[10])
    assert difference(before, wanted) > 8
    screen.until(lambda: difference(screen.render(), wanted) < 4, "the picture is rendered again")
    screen.show("2-export-05-opened")
    screen.quit()


def inner(file):
    """Return the part of a picture of 256 x 256 that the screen shows at twice its size in the middle of the render."""
    return np.asarray(Image.open(file))[31:231, 28:228].astype(float)


def difference(shown, picture):
    """Return how far a part of the screen is from a picture of half its size, on average."""
    height, width = picture.shape[:2]
    return np.abs(shown.reshape(height, 2, width, 2, 3).mean((1, 3)) - picture).mean()


def publish(folder):
    """Write tiny COCO-Stuff weights as the published code does, with the running statistics of a few layouts."""
    torch.manual_seed(4)
    generator = Generator(GeneratorConfig(semantic_channels=184, base_channels=4, hidden_width=8, crop_size=256)).train()
    random = np.random.default_rng(4)
    with torch.no_grad():
        for _ in range(4):
            bands = np.sort(random.integers(0, 182, (1, 128, 1)), axis=1).repeat(128, 2)
            generator(Layout.from_channels(bands, 184, edge_channel=True), None)
        generator.conv_img.weight *= 20  # colours, where an untrained network has greys
    folder.mkdir(parents=True)
    torch.save(generator.state_dict(), folder / "latest_net_G.pth")
    options = {"dataset_mode": "coco", "label_nc": 182, "contain_dontcare_label": True, "no_instance": False}
    options |= {"crop_size": 256, "aspect_ratio": 1.0, "num_upsampling_layers": "normal", "ngf": 4, "use_vae": False}
    lines = [f"{name:>25}: {value!s:<30}\t[default: None]" for name, value in options.items()]
    (folder / "opt.txt").write_text("\n".join(["----------------- Options ---------------", *lines]), "utf-8")


def test_load_weights_of_the_published_form(screen, tmp_path):
    folder = tmp_path / "checkpoints" / "coco_tiny"
    publish(folder)
    screen.start()
    before = screen.settled()
    screen.press("ctrl+shift+o")
    screen.wait_for("Weights - ")
    screen.show("3-weights-01-in-use")
    screen.press("alt+o")
    screen.answer_file_dialog("Open a folder", folder, "3-weights-02-folder", then="Weights - ")
    screen.until(lambda: is_offered(screen), "the report is made")
    screen.show("3-weights-03-report")
    assert [entry.summary for entry in entries(screen, folder)] == ["SPADE, 182 labels, 256 × 256"]
    assert not screen.share(beside(before), beside(screen.picture())), "nothing has changed yet"

    screen.press("alt+t")
    screen.until(lambda: all(colors > 500 for colors in colors_on_trial(screen.picture())), "both are rendered")
    trial = screen.show("3-weights-04-trial")[100:350, 840:1100].mean((0, 1))
    assert np.abs(screen.render(before).mean((0, 1)) - trial).max() > 40
    assert not screen.share(beside(before), beside(screen.picture())), "still nothing has changed"
    screen.press("alt+u")
    screen.until(lambda: any(entry.used for entry in entries(screen, folder)), "they are in use")
    screen.until(lambda: not is_offered(screen), "the window says so")
    screen.show("3-weights-05-used")
    screen.press("ctrl+w")
    screen.wait_without("Weights - ")
    screen.until(lambda: np.abs(screen.render().mean((0, 1)) - trial).max() < 25, "the window renders with them")
    screen.show("3-weights-06-painting")
    screen.quit()


def entries(screen, folder):
    """Return what the application remembers of weights in a folder, or of the folder itself."""
    return [entry for entry in Shelf(screen.state / "weights.json").entries if entry.path.is_relative_to(folder)]


def is_offered(screen):
    """Return whether the weights window has a button that is to be pressed next."""
    return QColor(*screen.picture()[655, 1048].tolist()).name() == LIGHT.accent


def beside(picture):
    """Return what the weights window leaves of the render: the picture of the style in use, in the strip."""
    return picture[466:523, 1183:1259]


def colors_on_trial(picture):
    """Return how many colours the middles of both pictures of a trial have."""
    return [len(np.unique(picture[100:300, x : x + 150].reshape(-1, 3), axis=0)) for x in (550, 900)]


def test_train_a_tiny_model_and_use_it(screen, photos, tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    run = RunDirectory(runs / "00000-meadows")
    screen.start()
    before = screen.settled()
    screen.press("alt+f", "t")
    screen.wait_for("Train - ")
    screen.press("alt+h")
    screen.answer_file_dialog("Folder of runs", runs, then="Train - ")
    screen.show("4-train-01-no-runs")
    screen.press("alt+n")
    screen.settled()
    screen.press("alt+p")
    screen.type("tiny")
    screen.press("alt+a")
    screen.type("meadows")
    screen.press("Tab")
    screen.type(photos)
    screen.press(*["Tab"] * 8, "ctrl+a")
    screen.type("8")
    screen.show("4-train-02-form")
    screen.press("alt+k")
    screen.until(lambda: lines_of_text(screen.picture()) > 8, "the data is read")
    screen.show("4-train-03-data")
    screen.press("alt+s")
    screen.until(run.events_path.is_file, "the trainer tells something")
    assert run.config().schedule.constant == 8
    screen.until(lambda: any(isinstance(event, StepLogged) for event in EventReader(run.events_path).read_new()), "it trains")
    screen.show("4-train-04-at-work", still=False)
    screen.until(lambda: run_state(run, last_event(run))[0] is RunState.FINISHED, "the run ends", 200)
    screen.until(lambda: names_weights(screen.picture()), "the window says so")
    screen.show("4-train-05-curves")
    screen.press("alt+s")
    screen.show("4-train-06-samples")
    screen.press("alt+m", "alt+w")
    screen.until(lambda: bool(list(run.path.glob("drawing/**/step_00000008.png"))), "the drawing is rendered", 200)
    screen.show("4-train-07-my-drawing")
    screen.press("alt+u")
    screen.until(lambda: any(entry.used for entry in entries(screen, run.path)), "the weights are in use")
    screen.show("4-train-08-used")
    screen.press("ctrl+w")
    screen.wait_without("Train - ")
    after = screen.show("4-train-09-painting")
    assert screen.share(screen.render(before), screen.render(after)) > 0.9
    screen.quit()


def names_weights(picture):
    """Return whether the page of a run says where its weights are, to the right of where its tabs were before."""
    return (picture[94:107, 720:1080] < 128).any()


def lines_of_text(picture):
    """Return how many lines of text the report of the new run shows."""
    is_dark = (picture[60:660, 885:1180] < 128).any((1, 2))
    return np.count_nonzero(is_dark[1:] & ~is_dark[:-1])
