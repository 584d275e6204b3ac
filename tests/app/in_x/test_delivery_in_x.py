"""From an opened window to a picture that one can hand over, by mouse and keys: a file, the clipboard, another program, layers.

Every step leaves a picture of the screen; SPADE_WALK_PICTURES names a folder that keeps them.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage

from spade_studio.app.documents.archive import load_document
from spade_studio.engine.pictures.provenance import has_provenance

pytestmark = [pytest.mark.window, pytest.mark.slow]

# Another program: a window at the lower right that takes what is dropped on it, and says where the file lies and how large the image is.
TAKER = textwrap.dedent("""
    import sys
    from PySide6.QtWidgets import QApplication, QLabel

    class Taker(QLabel):
        def dragEnterEvent(self, event):
            event.acceptProposedAction()

        def dropEvent(self, event):
            data = event.mimeData()
            event.acceptProposedAction()
            print(data.urls()[0].toLocalFile(), flush=True)

    application = QApplication(sys.argv)
    taker = Taker("Drop here")
    taker.setWindowTitle("Taker")
    taker.setAcceptDrops(True)
    taker.setGeometry(20, 560, 160, 90)
    taker.show()
    application.exec()
""")


def test_a_lake_is_painted_and_lies_on_the_disk_as_a_jpeg(screen, tmp_path):
    screen.start()
    screen.press("ctrl+f")
    screen.type("water")
    screen.press("Return")
    canvas, render = screen.canvas(), screen.render()
    screen.press("a")
    screen.drag((150, 300), (260, 280), (420, 320), (400, 420), (200, 430), (150, 300))
    screen.until(lambda: screen.share(canvas, screen.canvas()) > 0.02, "the lake is on the canvas")
    screen.until(lambda: screen.share(render, screen.render()) > 0.02, "the lake is in the picture")
    screen.press("ctrl+shift+e")
    screen.wait_for("Export picture")
    screen.press("ctrl+a")
    screen.type("St. Moritz")
    screen.press("Tab", "ctrl+a")
    screen.type(tmp_path)
    screen.press("alt+m", "j")
    screen.press("alt+s", "End", "Up", "Up")
    screen.press("alt+d", "o")
    screen.show("delivery-01-export")
    screen.press("Return")
    screen.wait_without("Export picture")
    with Image.open(tmp_path / "St. Moritz.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (1024, 1024))
        pixels = np.asarray(image)
    assert pixels.std() > 20
    screen.press("ctrl+z")
    screen.until(lambda: "*" not in screen.title(), "the lake is undone")
    screen.quit()


def test_the_picture_is_zoomed_with_the_layout_and_dragged_into_another_program(screen, tmp_path):
    screen.remember("render", "size=training")  # at 512 every pixel shows already
    screen.start()
    before, layout = screen.render(), screen.canvas()
    screen.do("mousemove", "960", "340", "click", "4", "click", "4", "click", "4")
    screen.until(lambda: screen.share(before, screen.render()) > 0.2, "the picture is larger")
    screen.until(lambda: screen.share(layout, screen.canvas()) > 0.1, "the layout is larger too")
    screen.show("delivery-02-zoomed")
    screen.press("0")
    screen.until(lambda: screen.share(before, screen.render()) < 0.01, "0 shows all of the picture again")
    screen.press("1")
    screen.until(lambda: screen.share(before, screen.render()) > 0.2, "1 shows every pixel")
    screen.show("delivery-03-pixels")
    screen.press("0")
    screen.until(lambda: screen.share(before, screen.render()) < 0.01, "0 shows all of the picture again")

    taker = subprocess.Popen([sys.executable, "-c", TAKER], env=screen.environment, stdout=subprocess.PIPE, text=True)
    try:
        screen.until(lambda: bool(screen._find("^Taker")), "the other program shows")
        screen.do("mousemove", "960", "340", "mousedown", "1")
        for x, y in ((930, 360), (700, 450), (300, 580), (110, 600), (100, 605), (98, 606)):
            screen.do("mousemove", "--sync", str(x), str(y))
        screen.show("delivery-04-dragged", still=False)
        screen.do("mouseup", "1")
        assert taker.stdout is not None
        path = taker.stdout.readline().strip()
        with Image.open(path) as image:
            assert image.size == (256, 256)
        assert path.endswith("Mountain lake.png")
    finally:
        taker.kill()
        taker.wait(30)
        assert taker.stdout is not None
        taker.stdout.close()
    screen.do("mousemove", "960", "340", "click", "3")
    screen.show("delivery-05-menu")
    screen.press("Escape")
    screen.quit()


def test_layers_by_name_are_written_for_photoshop_and_krita(screen, tmp_path):
    screen.start()
    for keys, title, name in (("p", "Export for Photoshop", "lake.psd"), ("l", "Export the layers", "lake.ora")):
        screen.press("alt+f", "p", keys)
        screen.answer_file_dialog(title, tmp_path / name)
        screen.until(lambda name=name: (tmp_path / name).is_file(), f"{name} is written")
    names = [layer.name for layer in PSDImage.open(tmp_path / "lake.psd").descendants()]
    assert {"Render", "Labels", "Sky", "Mountain", "Water", "Tree"} <= set(names)
    assert len(np.unique(load_document(tmp_path / "lake.ora").labels)) > 4
    assert not has_provenance(tmp_path / "lake.psd")
    screen.quit()
