"""The artist's desk in a real X window, by mouse and keys alone: selecting, styles, starts, brushes, panels, history, the guide."""

from __future__ import annotations

import numpy as np
import pytest

from spade_studio.app.documents.archive import load_document

pytestmark = [pytest.mark.window, pytest.mark.slow]

SKY, GRASS, TREE, WATER = 156, 123, 168, 177
LEFT, TOP, ZOOM = 34, 87, 2  # of a layout of 256 x 256 in the window


def at(x, y):
    """Return where a pixel of the layout is on the screen."""
    return LEFT + ZOOM * x, TOP + ZOOM * y


def choose(screen, label):
    screen.press("ctrl+f")
    screen.type(label)
    screen.press("Return")


def begin(screen, *keys):
    """Begin a layout with what these keys choose in the list of starts."""
    screen.press("ctrl+n")
    screen.wait_for("New layout")
    screen.press("alt+b", *keys)
    return screen.show(f"desk-new-{'-'.join(keys) or 'land'}")


def created(screen):
    screen.press("Return")
    screen.wait_without("New layout")


def saved(screen, path):
    """Save the document and read it."""
    screen.press("ctrl+shift+s")
    screen.answer_file_dialog("Save the document", path)
    screen.until(path.is_file, "the document is written")
    screen.until(lambda: path.name in screen.title() and "*" not in screen.title(), "the title names the file")
    return load_document(path)


def test_a_new_layout_begins_with_a_scene_and_what_is_painted_stays_in_the_selection(screen, tmp_path):
    screen.start()
    begin(screen)
    created(screen)
    screen.until(lambda: len(np.unique(screen.canvas().reshape(-1, 3), axis=0)) == 2, "sky and land are there")
    screen.until(lambda: len(np.unique(screen.render().reshape(-1, 3), axis=0)) > 2000, "they are rendered")
    screen.show("desk-01-scene")
    choose(screen, "water")
    screen.press("m")
    screen.drag(at(40, 170), at(100, 200), at(219, 239))
    screen.press("b")
    screen.drag(at(10, 200), at(120, 205), at(250, 200))
    inside = saved(screen, tmp_path / "a.ora").labels
    assert (inside[170:240, 40:220] == WATER).any()
    outside = inside.copy()
    outside[170:241, 40:221] = SKY
    assert WATER not in outside
    screen.press("g")
    screen.click(at(130, 225))
    screen.press("m")
    screen.drag(at(130, 210), at(130, 190), at(130, 160))
    screen.show("desk-02-moved")
    screen.press("Return", "ctrl+d")
    moved = saved(screen, tmp_path / "b.ora").labels
    rows = np.flatnonzero((moved == WATER).any(axis=1))
    assert rows.max() < 235
    assert (moved[238:] == GRASS).all(), "what was left behind is filled from its surroundings"
    screen.quit()


def test_an_empty_layout_renders_no_dirt(screen):
    screen.start()
    begin(screen, "End")
    created(screen)
    screen.until(lambda: len(np.unique(screen.canvas().reshape(-1, 3), axis=0)) == 1, "the canvas is empty")
    screen.until(lambda: len(np.unique(screen.render().reshape(-1, 3), axis=0)) < 200, "the picture is a hatch")
    picture = screen.show("desk-03-empty")
    grey = screen.canvas(picture)[0, 0].astype(int)
    around = picture[TOP + 100, 10].astype(int)
    assert np.abs(grey - around).max() > 40
    screen.quit()


def test_styles_are_taken_from_the_strip_kept_mixed_and_undone(screen):
    screen.start()
    before = screen.settled()
    strip = before[80:600, 1170:1280]
    assert len(np.unique(strip.reshape(-1, 3), axis=0)) > 1000, "thumbnails are there from the start"
    screen.press("d")
    screen.until(lambda: screen.share(screen.render(before), screen.render()) > 0.5, "another style shows")
    rolled = screen.show("desk-04-rolled")
    screen.press("shift+f")
    screen.until(lambda: screen.share(strip, screen.picture()[80:600, 1170:1280]) > 0.01, "its star shows")
    screen.press("ctrl+z")
    screen.until(lambda: screen.share(screen.render(before), screen.render()) < 0.02, "the style is undone")
    screen.press("ctrl+shift+z")
    screen.until(lambda: screen.share(screen.render(rolled), screen.render()) < 0.02, "and done again")
    tile = (1220, 130)
    for end in ((1199, 563), (1252, 563)):
        screen.do("mousemove", *map(str, tile), "mousedown", "1")
        for share in (0.1, 0.4, 0.8, 1.0):
            x, y = (round(a + share * (b - a)) for a, b in zip(tile, end, strict=True))
            screen.do("mousemove", str(x), str(y), "sleep", "0.05")
        screen.do("mouseup", "1")
    screen.rest()
    shown = screen.show("desk-05-mix")
    for x in (1199, 1252):
        assert len(np.unique(shown[553:573, x - 12 : x + 12].reshape(-1, 3), axis=0)) > 20, "the end shows its style"
    screen.press("ctrl+z", "ctrl+z", "ctrl+z")
    screen.quit()


def test_brush_tips_sizes_mirrors_and_the_history(screen, tmp_path):
    screen.start()
    begin(screen)
    created(screen)
    screen.until(lambda: len(np.unique(screen.canvas().reshape(-1, 3), axis=0)) == 2, "sky and land are there")
    choose(screen, "tree")
    screen.press("b")
    plain = screen.settled()
    screen.do("mousemove", *map(str, at(60, 60)), "keydown", "shift", "mousedown", "1")
    for x in range(62, 80, 3):
        screen.do("mousemove", *map(str, at(x, 60)))
    screen.do("mouseup", "1", "keyup", "shift")
    screen.rest()
    assert screen.share(screen.canvas(plain), screen.canvas(screen.settled())) == 0, "a drag with Shift paints nothing"
    screen.press("h")
    mirrored = screen.show("desk-06-mirror")
    assert screen.share(screen.canvas(plain), screen.canvas(mirrored)) > 0, "the mirror is drawn"
    screen.drag(at(20, 150), at(50, 152), at(80, 150))
    labels = saved(screen, tmp_path / "a.ora").labels
    np.testing.assert_array_equal(labels == TREE, (labels == TREE)[:, ::-1])
    size = (labels == TREE).any(axis=1).sum()
    assert size > 30, "the brush has become larger"
    screen.press("F7")
    screen.show("desk-07-history")
    screen.press("F7")
    screen.quit()


def test_panels_make_way_full_screen_and_the_guide(screen):
    screen.start()
    before = screen.settled()
    screen.click((300, 300))
    screen.press("ctrl+z")
    screen.press("Tab")
    screen.until(lambda: screen.share(before[640:700], screen.picture()[640:700]) > 0.3, "the labels make way")
    screen.show("desk-08-alone")
    screen.press("Tab")
    screen.until(lambda: screen.share(before[640:700], screen.picture()[640:700]) < 0.02, "they are back")
    screen.press("F1")
    screen.wait_for("Guide - ")
    guide = screen.show("desk-09-guide")
    assert len(np.unique(guide.reshape(-1, 3), axis=0)) > 2000, "it has pictures"
    screen.press("Escape")
    screen.wait_without("Guide - ")
    screen.quit()
    screen.start()
    assert screen.share(before[640:700], screen.settled()[640:700]) < 0.02, "the panels are there at the next start"
    screen.quit()
