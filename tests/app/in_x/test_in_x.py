"""The application as people meet it: a real X window, a real mouse, real keys, the default weights."""

from __future__ import annotations

import pytest


@pytest.mark.window
@pytest.mark.slow
def test_a_person_paints_sees_the_render_follow_undoes_and_leaves(screen):
    screen.start()
    assert screen.title() == "Mountain lake - SPADE Studio"
    before = screen.picture()
    canvas, render = screen.canvas(before), screen.render(before)

    screen.do("mousemove", "200", "200", "mousedown", "1")
    for x in range(210, 440, 15):
        screen.do("mousemove", str(x), str(180 + x // 5))
    screen.until(lambda: screen.share(canvas, screen.canvas()) > 0.03, "the stroke shows while the button is down")
    screen.until(lambda: screen.share(render, screen.render()) > 0.01, "the render follows while the button is down")
    screen.do("mouseup", "1")
    screen.rest()
    screen.until(lambda: screen.title() == "Mountain lake* - SPADE Studio", "the title says that there are changes")
    painted = screen.canvas(screen.settled())
    assert 0.03 < screen.share(canvas, painted) < 0.4

    screen.press("ctrl+z")
    screen.until(lambda: not screen.share(canvas, screen.canvas()), "undo restores the canvas to the pixel")
    screen.until(lambda: not screen.share(render, screen.render()), "the render is again as it was")
    assert screen.title() == "Mountain lake - SPADE Studio"

    screen.press("ctrl+shift+z")
    screen.until(lambda: not screen.share(painted, screen.canvas()), "redo brings the stroke back")
    screen.press("ctrl+z")
    screen.quit()
