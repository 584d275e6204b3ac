"""The user's choice of weights, device, compute type and picture size, and the messages about renders and failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMenu

from spade_studio.app.rendering.hatch import hatched
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.app.rendering.menus import AUTO, RenderMenus, pixels
from spade_studio.app.rendering.origin import OriginMenu
from spade_studio.app.rendering.own_upscaler import OwnUpscaler
from spade_studio.app.rendering.panel import RenderPanel
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.ui.plain import percent_text, sentence
from spade_studio.app.ui.status import StatusBar
from spade_studio.engine.detail.levels import DetailLevel, available_levels
from spade_studio.engine.hardware import DeviceEntry
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish
from spade_studio.engine.rendering.service import DetailPostponed, DetailProgress, RendererReady, RenderFailure, RenderResult

if TYPE_CHECKING:
    from spade_studio.app.rendering.size_question import SizeQuestion
    from spade_studio.engine.rendering.renderer import Renderer
    from spade_studio.engine.weights.info import PublishedOptions


class RenderingController(QObject):
    """Controls the weights, device, compute type and size of the pictures in the window.

    Attributes:
        loader: Factory of the function that the render thread calls to load its renderer.
        options: The options in use; until the first renderer is loaded, those requested at startup.
        upscaler: The user's choice of an upscaler in place of the bundled one.
    """

    changed = Signal()
    """The options in use, or the options being loaded, have changed."""

    def __init__(
        self,
        workspace: Workspace,
        panel: RenderPanel,
        status: StatusBar,
        unknown_names: Callable[[Mapping[int, int]], dict[str, int]],
        options: LoadOptions | None = None,
    ) -> None:
        window, live, settings = workspace.window, workspace.live, workspace.settings
        super().__init__(window)
        self._window, self._document, self._live, self._settings = window, workspace.document, live, settings
        self._panel, self._status = panel, status
        self._unknown_names = unknown_names
        self._unknown: dict[str, int] = {}
        self.loader: Callable[[LoadOptions], Callable[[], Renderer]] = _trying_loader
        self.options = options or LoadOptions()
        self._loading: tuple[LoadOptions, Callable[[], Renderer] | None] | None = None
        self._wanted: tuple[LoadOptions, Callable[[], Renderer] | None] | None = None
        self._devices_asked = False
        self._menus = RenderMenus(window)
        self.upscaler = OwnUpscaler(window, live, settings, self._menus.detail_menu)
        self._connect()
        device = QMenu(window)
        for menu in (self._menus.device_menu, self._menus.dtype_menu):
            device.addMenu(menu)
        self._origin_menu = OriginMenu(window)
        status.set_menus(self._menus.size_menu, self._menus.detail_menu, device, self._origin_menu)
        self._take_size()

    @property
    def menus(self) -> tuple[QMenu, ...]:
        """The menus of size, device and compute type, for the menu bar."""
        return self._menus.size_menu, self._menus.device_menu, self._menus.dtype_menu

    @property
    def detail_menu(self) -> QMenu:
        """The menu of detail, for the menu bar and the picture's context menu."""
        return self._menus.detail_menu

    def _connect(self) -> None:
        menus, live = self._menus, self._live
        menus.size_wanted.connect(self.set_size)
        menus.other_size_wanted.connect(self.ask_size)
        menus.detail_wanted.connect(self.set_detail)
        menus.device_wanted.connect(self.set_device)
        menus.dtype_wanted.connect(self.set_dtype)
        live.ready.connect(self._on_ready)
        live.failed.connect(self._on_failed)
        live.rendered.connect(self._on_rendered)
        live.detail_told.connect(self._on_detail_told)
        self.upscaler.changed.connect(self._show)
        self.upscaler.chosen.connect(lambda: self.set_detail("full"))
        self._document.replaced.connect(self._show)
        self._document.picture_size_changed.connect(self._take_size)

    # -- what is used ---------------------------------------------------------------------------------------------

    @property
    def newest_options(self) -> LoadOptions:
        """The options that will be in use once everything requested is loaded."""
        newest = self._wanted or self._loading
        return newest[0] if newest else self.options

    def use(self, options: LoadOptions, load: Callable[[], Renderer] | None = None) -> None:
        """Load weights and render with them; if loading fails, the present renderer stays. Of several requests the newest wins.

        Args:
            options: The weights, device and compute type to load.
            load: Called on the render thread in place of the function that :attr:`loader` makes.
        """
        self._wanted = options, load
        self._begin()

    def use_weights(self, path: Path | None, published: PublishedOptions | None = None) -> bool:
        """Render with other weights on the same device; see :meth:`use`."""
        self.use(replace(self.newest_options, weights=path, published=published))
        return True

    def set_device(self, name: str) -> None:
        """Render on another device, ``auto`` for the machine's best; a compute type that the device does not support becomes ``auto``."""
        entry, newest = self._menus.entry(name), self.newest_options
        dtype = newest.dtype if entry is not None and newest.dtype in entry.dtypes else AUTO
        self._choose(replace(newest, device=name, dtype=dtype, is_device_remembered=False, is_dtype_remembered=False))

    def set_dtype(self, name: str) -> None:
        """Render with another compute type, ``auto`` for the device's best."""
        self._choose(replace(self.newest_options, dtype=name, is_dtype_remembered=False))

    def set_size(self, size: SizeWish) -> None:
        """Render this document at another size, store the size in the document, and make it the default of new documents."""
        self._settings.render_size = self._document.picture_size = size
        self._show()

    def _take_size(self) -> None:
        """Apply the document's size and level of detail; where it has none, those chosen last."""
        size = self._document.picture_size or self._settings.render_size
        self._document.begin_with_size(size)
        self._live.size = size
        self._live.detail = self._installed(self._document.picture_detail or self._settings.render_detail)
        self._show()

    def set_detail(self, level: DetailLevel) -> None:
        """Use and remember another level of detail for pictures above the training size; it replaces the document's own level."""
        self._document.picture_detail = None
        self._live.detail = self._settings.render_detail = level
        self._show()

    def refine(self) -> None:
        """Compute the full detail of the shown picture, however long it takes; painting cancels it."""
        self._panel.tell("")
        self._live.refine()

    def _installed(self, level: DetailLevel) -> DetailLevel:
        return level if level in available_levels() else "none"

    def ask_size(self) -> SizeQuestion:
        """Open the dialog for a custom size."""
        from spade_studio.app.rendering.size_question import SizeQuestion

        layout = self._document.size
        question = SizeQuestion(self._size_of(self._live.size) or layout, layout, self._window)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.chosen.connect(self.set_size)
        question.finished.connect(self._show)  # the menu has already checked the entry, even if the dialog is cancelled
        question.open()
        return question

    def try_again(self) -> None:
        """Render again at the requested size; where no renderer is loaded, load again."""
        if self._live.info is None:
            self.use(self.newest_options)
        else:
            self._live.try_again()

    def _choose(self, options: LoadOptions) -> None:
        if (options.device, options.dtype) == (self.newest_options.device, self.newest_options.dtype):
            self._show()
            return
        self._settings.render_device, self._settings.render_dtype = options.device, options.dtype
        self.use(options)

    def _begin(self) -> None:
        """Start loading the newest request; if another load is under way, it starts when that one ends."""
        if self._loading is None and self._wanted is not None:
            options, load = self._wanted
            if self._live.replace_renderer(load or self.loader(options)):
                self._loading, self._wanted = self._wanted, None
                self._panel.tell_lasting("")
        self._show()
        self.changed.emit()

    # -- what happens ---------------------------------------------------------------------------------------------

    def _on_ready(self, ready: RendererReady) -> None:
        if self._loading is not None and not self._live.is_replacing:  # the requested renderer, not the one that it replaces
            self.options, self._loading = self._loading[0], None
        self._panel.tell_lasting(self._missing_note(ready))
        if not self._devices_asked:
            self._devices_asked = True
            self._live.work(lambda renderer: renderer.available_devices(), self._on_devices, self._on_devices_failed)
        self._begin()

    def _missing_note(self, ready: RendererReady) -> str:
        device = self.options.device
        if not self.options.is_device_remembered or device == AUTO or ready.device.split(":")[0] == device.split(":")[0]:
            return ""
        return self.tr("The device {asked}, chosen earlier, is not there: pictures are rendered on {actual}.").format(
            asked=device, actual=ready.device
        )

    def _on_devices(self, devices: tuple[DeviceEntry, ...]) -> None:
        self._menus.devices = devices
        self._show()

    def _on_devices_failed(self, _error: object) -> None:
        self._devices_asked = False  # other weights replaced the renderer before the query began; query again

    def _on_failed(self, failure: RenderFailure) -> None:
        text = str(failure.error)
        text = sentence(text)
        if failure.revision >= 0:
            self._panel.tell(text, self.tr("Try again"), self.try_again)
            self._panel.view.keep_picture()
            self._say_no_picture()
            return
        failed = None
        if not self._live.is_replacing:  # the requested renderer failed, not the one that it replaces
            failed, self._loading = self._loading, None
        if failed is not None and self._live.info is not None:
            text = self.tr("{error} Pictures are rendered as before.").format(error=text)
            self._panel.tell_lasting(text, self.tr("Try again"), lambda: self.use(*failed))
        else:
            self._panel.tell_lasting(text, self.tr("Try again"), self.try_again)
        self._say_no_picture()
        self._begin()

    def _say_no_picture(self) -> None:
        if self._panel.view.image.isNull():
            self._panel.view.tell(self.tr("No picture"))

    def _on_rendered(self, result: RenderResult) -> None:
        follows = ""
        if result.more_follows:
            size = result.reduced[1] if result.reduced else self._size_of(self._live.size)
            follows = pixels(size) if size else ""
        image = hatched(result.size) if self._document.is_empty else result.image
        self._panel.view.set_busy(self._loading_text() if self._loading is not None else "")
        self._panel.view.show_picture(image, result.quality, follows)
        self._status.show_frame(result.seconds, result.quality)
        self._show_origin(result)
        if result.quality == "exact":  # not for every frame: counting a large layout takes longer than showing a picture
            self._unknown = self._unknown_names(result.unknown_ids)
        notes = [self._unknown_note(self._unknown)]
        if result.reduced:
            notes.insert(0, self._reduced_note(*result.reduced))
        text = " ".join(note for note in notes if note)
        if result.reduced:
            self._panel.tell(text, self.tr("Try again"), self.try_again)
        else:
            self._panel.tell(text)

    def _show_origin(self, result: RenderResult) -> None:
        origin, info = result.origin, self._live.info
        self._status.show_origin(None if origin is None else len(origin.photographs))
        if origin is not None and info is not None:
            channels = info.info.channels
            self._origin_menu.show_origin(origin, None if channels is None else channels.label_set)

    def _on_detail_told(self, news: DetailProgress | DetailPostponed) -> None:
        if isinstance(news, DetailProgress):
            self._panel.view.set_busy(self.tr("Full detail: {part}").format(part=f"{news.part:.0%}".replace("%", " %")))
            return
        self._panel.view.set_busy("")
        self._panel.view.keep_picture()
        text = self.tr("Full detail of this picture takes about {seconds:.0f} seconds here.").format(seconds=news.seconds)
        self._panel.tell(text, self.tr("Make it"), self.refine)

    def _reduced_note(self, asked: Size, fits: Size) -> str:
        device = self._live.info.device if self._live.info else ""
        return self.tr("Not enough memory on {device} for a picture of {asked}: it is rendered at {size}.").format(
            device=device, asked=pixels(asked), size=pixels(fits)
        )

    def _unknown_note(self, unknown: dict[str, int]) -> str:
        if not unknown:
            return ""
        names = list(unknown)
        share = sum(unknown.values()) / self._document.labels.size
        listed = ", ".join(names[:3])
        if len(names) > 3:
            listed = self.tr("{names} and %Ln more", "", len(names) - 3).format(names=listed)
        return self.tr("These weights do not know {names}: {share} of the layout renders as unlabeled.").format(
            names=listed, share=percent_text(share)
        )

    # -- showing --------------------------------------------------------------------------------------------------

    def _size_of(self, wish: SizeWish) -> Size | None:
        return None if self._live.info is None else self._live.info.size_of(wish, self._document.size)

    def _show(self) -> None:
        info, newest, size = self._live.info, self.newest_options, self._live.size
        self._menus.show_sizes(size, self._size_of)
        self._menus.show_detail(self._live.detail, self.upscaler.name)
        self._menus.show_devices(newest.device, info.device if info else "", newest.dtype, info.dtype if info else "")
        result = self._size_of(size)
        self._status.show_render_size(self.tr("Size: {size}").format(size=pixels(result)) if result else self.tr("Size"))
        details = {"none": self.tr("Detail: off"), "fast": self.tr("Detail: fast"), "full": self.tr("Detail: full")}
        self._status.show_detail(details[self._live.detail])
        if info is not None:
            self._status.show_device(f"{info.device}, {info.dtype}")
        self._panel.view.set_busy(self._loading_text() if self._loading is not None else "")

    def _loading_text(self) -> str:
        newest = self.newest_options
        if newest.weights == self.options.weights and newest.device != self.options.device and newest.device != AUTO:
            return self.tr("Loading on {device}…").format(device=newest.device)
        return self.tr("Loading…")


def _trying_loader(options: LoadOptions) -> Callable[[], Renderer]:
    return renderer_loader(options, tries=True)
