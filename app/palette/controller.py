"""Controller of the palette: offered labels, menus and keys, and the label set of the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon
from PySide6.QtWidgets import QMenu

from spade_studio.app.canvas.tools import Toolbox
from spade_studio.app.canvas.view import CanvasView
from spade_studio.app.model.label_choice import SetOffer, is_same_set, known_ids, offered_labels, set_of, starting_labels
from spade_studio.app.model.label_switching import lost_labels, switch, transfer_table
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.palette.finding import Found, find_label
from spade_studio.app.palette.highlight import Highlight
from spade_studio.app.palette.label_tree import LabelTreePanel
from spade_studio.app.palette.memory import PaletteMemory
from spade_studio.app.palette.panel import PalettePanel
from spade_studio.app.rendering.rendered_document import RenderedDocument
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.ui.docks import add_dock, dock_beside
from spade_studio.app.ui.label_items import display_name
from spade_studio.app.ui.plain import percent_text, plain_tip
from spade_studio.engine.labels import LabelChannels, LabelSet, built_in_label_sets, load_label_set
from spade_studio.engine.labels.transfer import LabelTransfer

_SEEN = 24.0  # least visible size of a region that counts as in view, in pixels


class PaletteController(QObject):
    """Connects the palette to the document, the toolbox and the canvas.

    Attributes:
        rendered: Document converted to the labels of the weights.
        set_menu: Submenu of label sets for the paint menu.
        highlight: Highlight of a label on the canvas.
        tree: Panel of all labels by group, in a dock that is initially closed.
    """

    texture_wanted = Signal(int)  # id of the label whose texture is to be renewed

    def __init__(
        self,
        workspace: Workspace,
        toolbox: Toolbox,
        canvas: CanvasView,
        panel: PalettePanel,
        rendered: RenderedDocument,
        new: Callable[[tuple[int, int], LabelSet, LabelArray], bool],
    ) -> None:
        window, document, settings = workspace.window, workspace.document, workspace.settings
        super().__init__(window)
        self._settings, self._new = settings, new
        self._window, self._document, self._toolbox, self._canvas = window, document, toolbox, canvas
        self._panel, self._commands, self._live = panel, workspace.actions, workspace.live
        self._memory = PaletteMemory(settings)
        self._channels: LabelChannels | None = None
        self._built_in = [load_label_set(name) for name in built_in_label_sets()]
        self._shown_set = document.label_set
        self.rendered = rendered
        self.highlight = Highlight(canvas)
        self.tree = LabelTreePanel(panel)
        self._dock = add_dock(window, "labels", self.tr("All labels"), self.tree)
        self.set_menu = QMenu(self.tr("La&bel set"), window)
        self.set_menu.setToolTipsVisible(True)
        panel.hint.float_over(canvas)
        self._told = ""
        self._connect()
        self._offer()

    def _connect(self) -> None:
        document, toolbox, panel, on = self._document, self._toolbox, self._panel, self._commands.on
        on("find_label", self._enter_search)
        on("favourite", lambda: self.toggle_favourite(toolbox.label))
        on("find_on_canvas", lambda: self.find_on_canvas(toolbox.label))
        toolbox.label_changed.connect(self._on_label_changed)
        for view in (panel, self.tree):
            view.chosen.connect(lambda label: setattr(toolbox, "label", label))
            view.pointed.connect(self.point_out)
            view.done.connect(self._canvas.setFocus)
            view.menu_wanted.connect(lambda label, place: self.menu_of(label).popup(place))
        panel.swap_wanted.connect(toolbox.swap_labels)
        panel.set_wanted.connect(lambda place: self.ask_switch(self.sets()[place]))
        document.replaced.connect(self._on_replaced)
        document.labels_changed.connect(self._on_changed)
        document.replaced.connect(self._on_changed)

    def dock_beside(self, name: str) -> QAction:
        """Dock the panel of all labels as a tab beside the named dock, and return the action that shows it."""
        action = dock_beside(self._window, self._dock, name, self.tr("All labels panel"), "F12")
        action.setToolTip(self.tr("Show all labels of the set by group (F12)"))
        action.triggered.connect(self._on_dock_toggled)
        self._panel.set_all_action(action)
        return action

    def set_dock_icon(self, icon: QIcon) -> None:
        """Set the icon of the action that shows the panel of all labels."""
        self._dock.toggleViewAction().setIcon(icon)

    def _on_dock_toggled(self, is_shown: bool) -> None:
        if is_shown:
            self._dock.raise_()
            self.tree.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # -- available labels -----------------------------------------------------------------------------------------

    def adopt(self, channels: LabelChannels) -> None:
        """Adopt the labels of new weights; an untouched document is converted to their label set, any other keeps its own."""
        document, label_set = self._document, set_of(channels)
        before = None if self._channels is None else set_of(self._channels)
        self._channels = channels
        self.rendered.set_channels(channels)
        is_untouched = document.path is None and document.undo_stack.is_at_saved_step and document.stroke is None
        is_untouched = is_untouched and not document.snapshots and not document.protected  # these contain ids of the previous set
        if not is_same_set(label_set, document.label_set):
            if is_untouched and (before is None or is_same_set(before, document.label_set)):
                labels, _ = LabelTransfer(document.label_set, channels).apply(document.labels)
                document.adopt(label_set, labels)
            elif before is None or not is_same_set(before, label_set):
                text = self.tr("These weights use the labels of {weights}: the layout stays in {own} and is carried over for them by name.")
                self._window.statusBar().showMessage(text.format(weights=label_set.name, own=document.label_set.name), 15_000)
        self._offer()
        if is_untouched and not self._panel.offer.is_known(self._toolbox.label):
            self._take_starting_labels()

    def sets(self) -> list[LabelSet]:
        """Return the label sets available to the document: the built-in ones, its own, and that of the weights."""
        own, found = self._document.label_set, list(self._built_in)
        weights = set_of(self._channels) if self._channels is not None else own
        for extra in (own, weights):
            same = next((place for place, one in enumerate(found) if is_same_set(extra, one)), None)
            if same is None:
                found.append(extra)
            elif extra is own:
                found[same] = own
        return found

    def sets_for_new(self) -> SetOffer:
        """Return the label sets for a new layout; the last choice is proposed, or the set of the weights where none is remembered."""
        sets, document = self.sets(), self._document
        own = -1 if self._channels is None else _place(sets, set_of(self._channels))
        remembered = (place for place, one in enumerate(sets) if one.name == self._settings.new_label_set)
        known = [offered_labels(one, () if self._channels is None else known_ids(one, self._channels)) for one in sets]
        return SetOffer(sets, own, next(remembered, own if own >= 0 else _place(sets, document.label_set)), known)

    def begin_new(self, labels: LabelArray, label_set: LabelSet) -> None:
        """Start a new layout from a label map, uint8 ``[H, W]``, and remember its label set for the next one."""
        offer = self.sets_for_new()
        if self._new((labels.shape[0], labels.shape[1]), label_set, labels):
            self._settings.new_label_set = "" if offer.own == _place(offer.sets, label_set) else label_set.name

    def _offer(self) -> None:
        label_set = self._document.label_set
        known = None if self._channels is None else known_ids(label_set, self._channels)
        self._panel.set_labels(label_set.labels, known)
        self._show_sets()
        self._show_memory()
        if label_set.by_id(self._toolbox.label) is None:
            self._take_starting_labels()
        self._show_labels()

    def _take_starting_labels(self) -> None:
        offered = self._panel.offer.known_labels or self._document.label_set.labels
        first, second = starting_labels(self._document.labels, offered)
        self._toolbox.label = second.id
        self._toolbox.label = first.id
        self._show_labels()

    def _show_sets(self) -> None:
        own, sets = self._document.label_set, self.sets()
        weights = set_of(self._channels) if self._channels is not None else None
        names = [one.name for one in sets]
        current = next(place for place, one in enumerate(sets) if one is own)
        self._panel.show_sets(names, current)
        self.set_menu.clear()
        group = QActionGroup(self.set_menu)
        for place, one in enumerate(sets):
            is_theirs = weights is not None and is_same_set(weights, one)
            text = self.tr("{name} (known to these weights)").format(name=one.name) if is_theirs else one.name
            action = self.set_menu.addAction(text.replace("&", "&&"), lambda one=one: self.ask_switch(one))
            action.setToolTip(plain_tip(text))
            action.setCheckable(True)
            action.setChecked(place == current)
            group.addAction(action)

    def _show_memory(self) -> None:
        label_set = self._document.label_set
        self._panel.set_remembered(self._memory.favourites(label_set), self._memory.recent(label_set))
        self._show_favourite()

    def _show_favourite(self) -> None:
        self._commands["favourite"].setChecked(self._toolbox.label in self._panel.offer.favourites)

    def _show_labels(self) -> None:
        label_set = self._document.label_set
        current, previous = label_set.by_id(self._toolbox.label), label_set.by_id(self._toolbox.previous_label)
        if current is not None:
            self._panel.show_labels(current, previous or current)
            self.tree.show_label(current.id)

    def _on_label_changed(self, label: int) -> None:
        self._memory.touch(self._document.label_set, label)
        self._show_memory()
        self._show_labels()

    def _on_replaced(self) -> None:
        self.highlight.stop()
        before, after = self._shown_set, self._document.label_set
        if before is after:
            return
        self._shown_set = after
        self._carry_labels_in_hand(before, after)
        self._offer()

    def _carry_labels_in_hand(self, before: LabelSet, after: LabelSet) -> None:
        table, unknown = transfer_table(before, after)
        hand = [label for label in (self._toolbox.previous_label, self._toolbox.label) if label not in unknown and before.by_id(label)]
        for label in hand:
            self._toolbox.label = int(table[label])

    # -- the document's label set -----------------------------------------------------------------------------------

    def ask_switch(self, target: LabelSet) -> None:
        """Convert the document to another label set, asking for replacements of labels without a counterpart."""
        from spade_studio.app.palette.switch_dialog import SwitchDialog

        self._toolbox.finish()
        document = self._document
        self._show_sets()  # resets the combo box until the change is confirmed
        if target is document.label_set or is_same_set(target, document.label_set):
            return
        lost = lost_labels(document.labels, document.label_set, target)
        if not lost:
            self._switch(target, {})
            return
        dialog = SwitchDialog(lost, document.label_set, target, document.labels.size, target.unlabeled_value, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda instead: self._switch(target, instead))
        dialog.open()

    def _switch(self, target: LabelSet, instead: dict[int, int]) -> None:
        switch(self._document, target, instead, self.tr("label set"))
        self._window.statusBar().showMessage(self.tr("The layout now uses the labels of {name}.").format(name=target.name), 8_000)

    # -- menus and keys -----------------------------------------------------------------------------------------------

    def _enter_search(self) -> None:
        self._panel.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._panel.search.selectAll()

    def menu_of(self, label_id: int) -> QMenu:
        """Return the context menu of a label."""
        label = self._document.label_set.by_id(label_id)
        menu = QMenu(display_name(label) if label else "", self._panel)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        nearest = self._panel.nearest(label_id)
        is_present = bool((self._document.labels == label_id).any())
        menu.addAction(self.tr("&Paint with it"), lambda: self._panel.chosen.emit(label_id))
        if nearest is not None:
            text = self.tr("&Use {name} instead").format(name=display_name(nearest))
            menu.addAction(text, lambda: self._panel.chosen.emit(nearest.id))
        menu.addSeparator()
        menu.addAction(self.tr("&Find on the canvas"), lambda: self.find_on_canvas(label_id))
        menu.addAction(self.tr("&Replace in the layout by…"), lambda: self._ask_replace(label_id)).setEnabled(is_present)
        can_renew = is_present and self._live.info is not None and self._live.info.has_texture
        menu.addAction(self.tr("New te&xture"), lambda: self.texture_wanted.emit(label_id)).setEnabled(can_renew)
        menu.addSeparator()
        favourite = menu.addAction(self.tr("F&avourite"), lambda: self.toggle_favourite(label_id))
        favourite.setCheckable(True)
        favourite.setChecked(label_id in self._panel.offer.favourites)
        protect = menu.addAction(self.tr("Pr&otect from painting over"), lambda: self._toggle_protection(label_id))
        protect.setCheckable(True)
        protect.setChecked(label_id in self._document.protected)
        return menu

    def toggle_favourite(self, label_id: int) -> None:
        """Add a label to the favourites, or remove it."""
        self._memory.toggle_favourite(self._document.label_set, label_id)
        self._show_memory()

    def _toggle_protection(self, label_id: int) -> None:
        self._document.protected = self._document.protected ^ {label_id}

    def _ask_replace(self, label_id: int) -> None:
        from spade_studio.app.canvas.replace_dialog import ReplaceDialog

        label_set, toolbox = self._document.label_set, self._toolbox
        present = [label for value in np.unique(self._document.labels) if (label := label_set.by_id(int(value))) is not None]
        nearest = self._panel.nearest(label_id)
        new = nearest.id if nearest is not None else toolbox.label if toolbox.label != label_id else toolbox.previous_label
        dialog = ReplaceDialog(present, self._panel.labels, label_id, new, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(toolbox.replace_label)
        dialog.open()

    def find_on_canvas(self, label_id: int) -> None:
        """Highlight a label briefly, show its share of the layout, and scroll it into view."""
        label = self._document.label_set.by_id(label_id)
        if label is None:
            return
        found = find_label(self._document.labels, label_id)
        text = self._found_text(display_name(label), found)
        self._bring_into_view(found)
        self.highlight.start(self._document.labels, label_id, text)
        self._tell(text, 8_000)
        self._canvas.setFocus()

    def point_out(self, label_id: int) -> None:
        """Outline a label for a second and show its share of the layout, without scrolling."""
        label = self._document.label_set.by_id(label_id)
        if label is not None:
            found = find_label(self._document.labels, label_id)
            self.highlight.stop()
            if found.regions:
                self.highlight.glance(self._document.labels, label_id)
            self._tell(self._found_text(display_name(label), found), 4_000)

    def _tell(self, text: str, milliseconds: int) -> None:
        """Show a label's share in the status bar until the layout changes."""
        self._told = text
        self._window.statusBar().showMessage(text, milliseconds)

    def _on_changed(self) -> None:
        self.highlight.stop()
        if self._told:
            if self._window.statusBar().currentMessage() == self._told:
                self._window.statusBar().clearMessage()
            self._told = ""

    def _found_text(self, name: str, found: Found) -> str:
        if not found.regions:
            return self.tr("{name} is nowhere in the layout").format(name=name)
        text = self.tr("{name}: {share} of the layout, %Ln region(s)", "", found.regions)
        return text.format(name=name, share=percent_text(found.share, 1))

    def _bring_into_view(self, found: Found) -> None:
        viewport, visible = self._canvas.viewport, QRectF(self._canvas.rect())
        if found.largest is None or found.box is None:
            return
        whole = viewport.rect_to_view(found.largest)
        seen = whole.intersected(visible)
        if seen.width() >= min(_SEEN, whole.width()) and seen.height() >= min(_SEEN, whole.height()):
            return
        viewport.pan(visible.center() - whole.center())
        self._canvas.zoom_by(1.0)  # notifies everything that follows the view


def _place(sets: Sequence[LabelSet], label_set: LabelSet) -> int:
    return next(place for place, one in enumerate(sets) if is_same_set(label_set, one))
