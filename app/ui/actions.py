"""The table of all window commands, with text, shortcuts, icon and tip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from spade_studio.app.ui.plain import plain_tip
from spade_studio.app.ui.theme import Theme

_Key = QKeySequence.StandardKey
_ROLES = {
    "quit": QAction.MenuRole.QuitRole,
    "preferences": QAction.MenuRole.PreferencesRole,
    "about": QAction.MenuRole.AboutRole,
}


@dataclass(frozen=True)
class Spec:
    """The specification of a command.

    Attributes:
        name: Identifier in code.
        text: Menu text with its mnemonic.
        keys: Keyboard shortcuts; menus show the first.
        icon: Name of the qtawesome icon.
        tip: One plain sentence for tooltip and status bar; where empty, the text is used.
        group: Name of a group of mutually exclusive, checkable commands; empty for none.
        checkable: Whether the command is checkable on its own.
    """

    name: str
    text: str
    keys: tuple[str | QKeySequence.StandardKey, ...] = ()
    icon: str = ""
    tip: str = ""
    group: str = ""
    checkable: bool = False


SPECS = (
    Spec("new", "&New", (_Key.New,), "mdi6.file-outline", "Start a new layout"),
    Spec("open", "&Open…", (_Key.Open,), "mdi6.folder-open-outline", "Open a document (.ora) or a label map (PNG)"),
    Spec("save", "&Save", (_Key.Save,), "mdi6.content-save-outline", "Save the document (.ora), which Krita and GIMP open too"),
    Spec("save_as", "Save &As…", ("Ctrl+Shift+S",), "", "Save the document under another name"),
    Spec("export_picture", "&Export picture…", ("Ctrl+Shift+E",), "mdi6.image-move", "Write the picture as PNG, JPEG or WebP, at any size"),
    Spec("export_ids", "Label map (&ids)…", (), "", "Export the layout as a PNG whose values are the label ids"),
    Spec("export_layers", "OpenRaster with &layers…", (), "", "Export render, labels and underlay as layers for Krita and GIMP"),
    Spec("export_psd", "&Photoshop with layers…", (), "", "Export render, labels and underlay as layers for Photoshop"),
    Spec("export_cutout", "Picture with &transparency…", (), "", "Export the picture without the sky or other labels"),
    Spec("export_colors", "Label map (&colours)…", (), "", "Export the layout as a PNG in the labels' colours"),
    Spec("export_batch", "&Many pictures…", ("Ctrl+E",), "mdi6.image-multiple-outline", "Export variations, or a folder of layouts"),
    Spec("variations", "&Variations…", ("Shift+V",), "mdi6.view-grid-outline", "Look through many styles over this layout"),
    Spec("weights", "&Weights…", ("Ctrl+Shift+O",), "mdi6.brain", "See, open, try and change the weights that render"),
    Spec("train", "&Train…", (), "mdi6.school-outline", "Train weights of your own, and watch it"),
    Spec("quit", "&Quit", ("Ctrl+Q",), "", "Close SPADE Studio"),
    Spec("undo", "&Undo", ("Ctrl+Z",), "mdi6.undo", "Undo the last stroke"),
    Spec("redo", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "mdi6.redo", "Redo the stroke undone last"),
    Spec("cut", "Cu&t", ("Ctrl+X",), "", "Take what is selected out; its place is filled from what lies around it"),
    Spec("copy", "&Copy", ("Ctrl+C",), "", "Copy what is selected; without a selection, the picture"),
    Spec("copy_picture", "Copy the p&icture", (), "mdi6.content-copy", "Put the picture into the clipboard"),
    Spec("paste", "&Paste", ("Ctrl+V",), "", "Paste a copied piece of a layout, or take the style of a copied photograph"),
    Spec("select_all", "Select &all", ("Ctrl+A",), "mdi6.select-all", "Select the whole layout"),
    Spec("select_none", "Select &none", ("Ctrl+D", "Ctrl+Shift+A"), "mdi6.select-off", "Select nothing: paint everywhere"),
    Spec("select_invert", "&Invert", ("Ctrl+Shift+I",), "mdi6.select-inverse", "Select what is not selected"),
    Spec("select_label", "Select the &label in hand", ("Ctrl+Alt+A",), "", "Select all of it; a double-click selects the label there"),
    Spec("duplicate", "&Duplicate", ("Ctrl+J",), "", "Copy what is selected beside it; or drag it with Alt held"),
    Spec("flip_x", "Flip left and &right", (), "mdi6.flip-horizontal", "Mirror what is selected"),
    Spec("flip_y", "Flip &up and down", (), "mdi6.flip-vertical", "Turn what is selected upside down"),
    Spec("rotate_left", "Turn &left by 90°", (), "mdi6.rotate-left", "Turn what is selected to the left"),
    Spec("rotate_right", "Turn ri&ght by 90°", (), "mdi6.rotate-right", "Turn what is selected to the right"),
    Spec("brush", "&Brush", ("B",), "mdi6.brush", "Brush: paint the chosen label; Shift+click draws straight, right-drag erases", "tool"),
    Spec("eraser", "&Eraser", ("E",), "mdi6.eraser", "Eraser: paint unlabeled", "tool"),
    Spec("fill", "&Fill", ("G",), "mdi6.format-color-fill", "Fill: give a whole region the chosen label", "tool"),
    Spec("line", "&Line", ("L",), "mdi6.vector-line", "Line: drag a straight line of the brush's size; Shift keeps to 45 degrees", "tool"),
    Spec("rectangle", "&Rectangle", ("R",), "mdi6.rectangle-outline", "Rectangle: drag a filled rectangle; Shift makes a square", "tool"),
    Spec("ellipse", "Ell&ipse", ("O",), "mdi6.ellipse-outline", "Ellipse: drag a filled ellipse; Shift makes a circle", "tool"),
    Spec(
        "polygon",
        "Poly&gon",
        ("P",),
        "mdi6.vector-polygon",
        "Polygon: click its corners; Enter or a double-click fills it, Escape gives it up",
        "tool",
    ),
    Spec("lasso", "L&asso", ("A",), "mdi6.lasso", "Lasso: draw around a region to fill it", "tool"),
    Spec(
        "select",
        "Sele&ct and move",
        ("M",),
        "mdi6.select-drag",
        "Select: drag a region; drag it, its corners or its knob to move, scale and turn it. A double-click selects a label",
        "tool",
    ),
    Spec("picker", "&Pick a label", ("I",), "mdi6.eyedropper", "Picker: take the label under the pointer; or hold Alt in any tool", "tool"),
    Spec("smaller", "S&maller brush", ("[",)),
    Spec("larger", "&Larger brush", ("]",)),
    Spec("much_smaller", "Much smaller brush", ("Shift+[",)),
    Spec("much_larger", "Much larger brush", ("Shift+]",)),
    Spec("swap", "S&wap with the previous label", ("X",), "mdi6.swap-horizontal"),
    Spec("find_label", "F&ind a label", ("Ctrl+F",), "mdi6.magnify"),
    Spec("favourite", "Fa&vourite label", ("F",), "mdi6.star-outline", "Keep the label in hand among the favourites", checkable=True),
    Spec("find_on_canvas", "Find it on the &canvas", ("Ctrl+Shift+F",), "mdi6.target", "Show where the label in hand lies, and how much"),
    Spec("dice", "&New style", ("D",), "mdi6.dice-5-outline", "New style: render in another random style"),
    Spec("texture", "New te&xture", ("Shift+T",), "mdi6.texture", "New texture: other grass, waves and clouds in the same light"),
    Spec("texture_label", "New textu&re of the label in hand", (), "", "Other texture in all of it; the rest stays as it is"),
    Spec(
        "texture_selection",
        "New te&xture in the selection",
        ("Ctrl+Shift+T",),
        "mdi6.texture",
        "Other grass, waves or clouds where it is selected; the rest stays as it is",
    ),
    Spec("favourite_style", "Fa&vourite style", ("Shift+F",), "mdi6.star-outline", "Keep the style under a star", checkable=True),
    Spec("lock_style", "Loc&k the style", ("Shift+D",), "mdi6.lock-outline", "Dice and opened documents leave it alone", checkable=True),
    Spec("paste_style", "Paste as a st&yle", (), "", "Take the style of the photograph in the clipboard"),
    Spec("zoom_in", "Zoom &in", (_Key.ZoomIn, "Ctrl+="), "mdi6.magnify-plus-outline"),
    Spec("zoom_out", "Zoom &out", (_Key.ZoomOut,), "mdi6.magnify-minus-outline"),
    Spec("zoom_fit", "&Fit the layout", ("Ctrl+0",), "mdi6.fit-to-screen-outline", "Show the whole layout"),
    Spec("zoom_actual", "&100 %", ("Ctrl+1",), "", "Show every pixel of the layout as one on the screen"),
    Spec("link_views", "Lin&k layout and picture", (), "mdi6.link-variant", "Zoom and pan layout and picture together", checkable=True),
    Spec("picture_actual", "Picture at 1&00 %", (), "", "Show every pixel of the picture as one on the screen"),
    Spec("mirror_x", "Mirror left and &right", ("H",), "mdi6.reflect-horizontal", "Repeat every stroke on the other side", checkable=True),
    Spec("mirror_y", "Mirror &up and down", ("Shift+H",), "mdi6.reflect-vertical", "Repeat every stroke above or below", checkable=True),
    Spec("new_object", "New &object", ("N",), "mdi6.shape-plus", "The next strokes are one object of their own", checkable=True),
    Spec("protect", "Prote&ct the label in hand", ("K",), "mdi6.lock-outline", "Keep all tools from painting over it", checkable=True),
    Spec("replace_label", "R&eplace a label…", (), "mdi6.find-replace", "Give all pixels of one label another"),
    Spec("resize", "Resi&ze the layout…", ("Ctrl+Alt+I",), "", "Scale the layout to another size"),
    Spec("extend", "E&xtend the canvas…", ("Ctrl+Alt+C",), "", "Add room at the sides of the layout"),
    Spec("crop", "&Crop to the selection", (), "mdi6.crop", "Keep only the selected part of the layout"),
    Spec("snapshot", "Take a &snapshot", ("F8",), "mdi6.camera-outline", "Keep the present state under a name"),
    Spec("side_by_side", "&Side by side", ("F2",), "mdi6.view-split-vertical", "Show layout and render beside each other", "compare"),
    Spec("overlay", "&Overlay", ("F3",), "mdi6.layers-outline", "Show the render over the layout", "compare"),
    Spec("wipe", "&Wipe", ("F4",), "mdi6.compare", "Show the render right of a divider that can be dragged", "compare"),
    Spec("outlines", "Out&lines", ("Ctrl+L",), "mdi6.border-outside", "Draw rims between labels and objects", checkable=True),
    Spec("objects", "O&bjects", ("Ctrl+Shift+L",), "mdi6.shape-outline", "Give every object a colour of its own", checkable=True),
    Spec("underlay", "Photo &under the labels…", (), "mdi6.image-outline", "Lay a photograph under the labels to paint after"),
    Spec("no_underlay", "&Remove the photo"),
    *(Spec(f"recent_{number}", f"Recent label {number}", (str(number),)) for number in range(1, 10)),
    Spec("render_again", "Render &again", ("F5",), "", "Render once more, also at a size for which memory did not suffice"),
    Spec("full_screen", "F&ull screen", ("F11",), "", "Fill the whole screen", checkable=True),
    Spec("hide_panels", "&Hide the panels", ("Tab",), "", "Leave only layout and picture; the same key brings all back", checkable=True),
    Spec("system", "Like the &system", group="appearance"),
    Spec("light", "&Light", group="appearance"),
    Spec("dark", "&Dark", group="appearance"),
    Spec("open_sample", "Open sa&mple…", (), "", "Choose a layout that comes with the program"),
    Spec("preferences", "Se&ttings…", (_Key.Preferences, "Ctrl+,"), "", "Appearance, language, autosave, undo memory and more"),
    Spec("guide", "&Painting guide", ("F1",), "", "Read how to paint, with pictures"),
    Spec("shortcuts", "&Keyboard shortcuts…", (), "", "See all keys and choose others"),
    Spec("tour", "&Tour of the window", (), "", "Show the hints of the first start again"),
    Spec("reports", "&Error reports…", (), "", "See what was saved when something went wrong"),
    Spec("about", "&About SPADE Studio"),
)


class Actions:
    """The commands as Qt actions: ``actions["undo"]``."""

    def __init__(self, parent: QObject) -> None:
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        for spec in SPECS:
            text, tip = (QCoreApplication.translate("Actions", words) if words else "" for words in (spec.text, spec.tip))
            action = QAction(text, parent)
            action.setObjectName(spec.name)
            keys = _without_doubles([QKeySequence(key) for key in spec.keys])
            action.setShortcuts(keys)
            tip = tip or text.replace("&", "").removesuffix("…")
            action.setToolTip(plain_tip(f"{tip} ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else tip))
            action.setStatusTip(tip)
            if spec.group:
                action.setCheckable(True)
                self._groups.setdefault(spec.group, QActionGroup(parent)).addAction(action)
            elif spec.checkable:
                action.setCheckable(True)
            if spec.name in _ROLES:
                action.setMenuRole(_ROLES[spec.name])
            self._actions[spec.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def on(self, name: str, do: Callable[[], object]) -> None:
        """Register a callback for a command."""
        self._actions[name].triggered.connect(lambda _checked=False: do())

    def set_icons(self, theme: Theme) -> None:
        """Set the icons of all commands in the theme's colours."""
        for spec in SPECS:
            if spec.icon:
                self._actions[spec.name].setIcon(theme.icon(spec.icon))


def _without_doubles(keys: list[QKeySequence]) -> list[QKeySequence]:
    """Return the keys without duplicates, which Qt treats as ambiguous; on some platforms a standard key repeats another entry."""
    kept: list[QKeySequence] = []
    for key in keys:
        if not key.isEmpty() and key not in kept:
            kept.append(key)
    return kept
