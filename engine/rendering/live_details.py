"""Upscaling of live pictures: fast upscalers while painting, slow ones when the hand rests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from spade_studio.engine.detail.levels import DetailLevel, available_levels
from spade_studio.engine.errors import OutOfMemoryError
from spade_studio.engine.rendering.frame_sizes import PATIENCE_SECONDS, FrameTimes
from spade_studio.engine.rendering.result_plan import ResultPlan, ResultWish
from spade_studio.engine.rendering.values import DetailPostponed, DetailProgress, RenderRequest, RenderResult

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer

SECONDS_TO_FOLLOW = 0.05
"""The level ``fast`` follows the hand where it takes no longer; elsewhere it follows what the generator made once the hand rests."""

SECONDS_TO_JUDGE = 0.25
"""Seconds after which progress predicts the total time."""

_SECONDS_BETWEEN_NEWS = 0.1

_RESAMPLED: Final[tuple[DetailLevel, ...]] = ("none",)


class LiveDetails:
    """Brings the generator's live pictures to the size of the result.

    Args:
        say: Callback for events other than pictures.
        should_stop: Whether the next picture must give way to a newer request.
        should_stop_refining: Whether the refinement of a shown picture must give way.
    """

    def __init__(
        self,
        say: Callable[[DetailProgress | DetailPostponed], None],
        should_stop: Callable[[], bool],
        should_stop_refining: Callable[[], bool],
    ) -> None:
        self._say, self._should_stop, self._should_stop_refining = say, should_stop, should_stop_refining
        self._times: dict[DetailLevel, FrameTimes] = {}

    @staticmethod
    def plan(renderer: Renderer, request: RenderRequest, wish: ResultWish) -> ResultPlan:
        """Return the plan of a request; a result with no longer short side than what the generator renders needs no details."""
        plan = renderer.plan((request.labels.shape[0], request.labels.shape[1]), wish)
        return plan if min(plan.result) > min(plan.base) else replace(plan, detail="none")

    def base_request(self, renderer: Renderer, request: RenderRequest, plan: ResultPlan) -> RenderRequest:
        """Return the request for the generator's picture."""
        instances, regions = request.instances, request.texture_regions
        return replace(
            request,
            labels=renderer.fitted(request.labels, plan),
            instances=None if instances is None else renderer.fitted(instances, plan),
            texture_regions=None if regions is None else renderer.fitted(regions, plan),
            size=plan.rendered,
            result=None,
        )

    def results(
        self, renderer: Renderer, request: RenderRequest, plan: ResultPlan, base: RenderResult, *, is_shown: bool = False
    ) -> Iterator[RenderResult]:
        """Yield the result for one picture of the generator, possibly faster versions first; stop where it must give way.

        Args:
            renderer: The loaded weights.
            request: The request.
            plan: Plan of the request.
            base: Result of the base request; small pictures and those while painting are not refined slowly.
            is_shown: Whether a picture of this layout and style is shown already, which makes versions without details useless.
        """
        start = time.perf_counter()
        cropped = plan.cropped(base.image)
        unknown = renderer.channels.unknown_ids(request.labels)
        is_last = not base.more_follows and not request.hand_moving

        def result(image: np.ndarray, level: DetailLevel, *, follows: bool = False, message: str = base.message) -> RenderResult:
            return replace(
                base,
                image=image,
                quality=base.quality if level == plan.detail or message != base.message else "preview",
                seconds=base.seconds + time.perf_counter() - start,
                size=plan.result,
                unknown_ids=unknown,
                message=message,
                more_follows=base.more_follows or follows,
                detail=level,
            )

        def without_memory(error: OutOfMemoryError) -> RenderResult:
            renderer.finisher.release_memory()
            image = renderer.finisher.finish_bytes(cropped, plan.result, "none")
            assert image is not None
            return result(image, "none", message=f"{error.found} for the detail of {plan.result[1]}x{plan.result[0]}")

        levels = self._quick_levels(plan, is_last=is_last, is_shown=is_shown) if base.size == plan.rendered else _RESAMPLED
        if is_last and levels[-1] != plan.detail:
            levels = *levels, plan.detail
        for level in levels:
            try:
                if is_last and level == plan.detail == "full":
                    image = self._full(renderer, cropped, plan, request)
                else:
                    stop = self._should_stop if level == levels[0] else self._should_stop_refining
                    image = self._finish(renderer, cropped, plan, level, stop)
            except OutOfMemoryError as error:
                yield without_memory(error)
                return
            if image is None:
                return
            yield result(image, level, follows=is_last and level != plan.detail)

    def _quick_levels(self, plan: ResultPlan, *, is_last: bool, is_shown: bool) -> tuple[DetailLevel, ...]:
        """Return the levels of the first pictures: the plan's where that is quick, else quicker ones."""
        if plan.detail == "none" or (is_last and plan.detail == "full" and self._is_quick(plan, "full", if_unknown=False)):
            return (plan.detail,)
        has_fast = plan.detail == "fast" or "fast" in available_levels()
        if not has_fast or not self._is_quick(plan, "fast", if_unknown=True):
            return _RESAMPLED
        if self._is_quick(plan, "fast", if_unknown=not is_last, seconds=SECONDS_TO_FOLLOW) or (is_last and is_shown):
            return ("fast",)
        return ("none", "fast") if is_last else _RESAMPLED

    def _is_quick(self, plan: ResultPlan, level: DetailLevel, *, if_unknown: bool, seconds: float = PATIENCE_SECONDS) -> bool:
        expected = self._times[level].expected(plan.result) if level in self._times else None
        return if_unknown if expected is None else expected <= seconds

    def _finish(
        self,
        renderer: Renderer,
        base: np.ndarray,
        plan: ResultPlan,
        level: DetailLevel,
        should_stop: Callable[[], bool],
        progress: Callable[[float], None] | None = None,
    ) -> np.ndarray | None:
        upscaler = plan.upscaler if level == plan.detail else None
        renderer.finisher.upscaler(level, upscaler)  # what loading takes is no frame's time
        start = time.perf_counter()
        image = renderer.finisher.finish_bytes(base, plan.result, level, upscaler, progress=progress, should_stop=should_stop)
        if image is not None:
            self._times.setdefault(level, FrameTimes()).add(plan.result, time.perf_counter() - start)
        return image

    def _full(self, renderer: Renderer, base: np.ndarray, plan: ResultPlan, request: RenderRequest) -> np.ndarray | None:
        """Make the plan's detail, telling how far it is; None where it gave way or takes longer than the request has patience."""
        start = told = time.perf_counter()
        seconds = 0.0  # that it takes in all, once that shows

        def progress(part: float) -> None:
            nonlocal told, seconds
            now = time.perf_counter()
            if part > 0 and now - start >= SECONDS_TO_JUDGE:
                seconds = (now - start) / part
            if now - told >= _SECONDS_BETWEEN_NEWS:
                told = now
                self._say(DetailProgress(request.revision, part))

        def should_stop() -> bool:
            return self._should_stop_refining() or seconds > request.patience

        image = self._finish(renderer, base, plan, plan.detail, should_stop, progress)
        if image is None and seconds > request.patience and not self._should_stop_refining():
            self._say(DetailPostponed(request.revision, seconds))
        return image
