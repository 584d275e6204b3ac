"""``spade-render LABELS...``: rendering of label maps to a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.engine.batch.map_list import MapFile, find_label_maps
from spade_studio.engine.batch.plan import BatchPlan, InstanceFolder, plan_batch
from spade_studio.engine.batch.shares import Process, Share
from spade_studio.engine.batch.style_plan import StyleSource, plan_styles, style_source_from
from spade_studio.engine.cli.console import Console
from spade_studio.engine.cli.torchrun import report_done
from spade_studio.engine.errors import AmbiguousWeightsError, EngineError, StyleError
from spade_studio.engine.labels import LabelSet, load_label_set
from spade_studio.engine.pictures.picture_files import PictureFormat
from spade_studio.engine.pictures.texture_maps import read_texture_map

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spade_studio.engine.batch.renderer import BatchOutcome
    from spade_studio.engine.rendering.renderer import Modulation, Renderer
    from spade_studio.engine.rendering.result_plan import ResultWish
    from spade_studio.engine.weights import PublishedOptions


@dataclass(frozen=True)
class BatchOptions:
    """Options of the command line; None where not given."""

    labels: Sequence[str]
    output: Path
    size: tuple[int, int] | ResultWish | None
    published: PublishedOptions
    weights: Path | None = None
    bank: Path | None = None
    label_set: str | None = None
    instances: Path | None = None
    style: Path | None = None
    style_to: Path | None = None
    z: Path | None = None
    seed: int | None = None
    texture: int | None = None
    texture_map: Path | None = None
    variations: int | None = None
    truncation: float | None = None
    shard: Share = Share()  # noqa: RUF009 - frozen
    device: str = "auto"
    dtype: str = "auto"
    modulation: Modulation = "auto"
    format: PictureFormat = "png"
    overwrite: bool = False
    quiet: bool = False


@dataclass(frozen=True, eq=False)
class _Inputs:
    """What was read beside the label maps."""

    label_set: LabelSet | None
    instances: InstanceFolder | None
    texture_map: NDArray[np.uint16] | None


def run_batch(options: BatchOptions, environment: Mapping[str, str] = os.environ) -> int:
    """Render this process's share of the label maps.

    Args:
        options: Options of the command line.
        environment: Environment, with torchrun's variables.

    Returns:
        Exit code: 0, or 1 where label maps could not be rendered.

    Raises:
        EngineError: nothing could be rendered at all.
        KeyboardInterrupt: the user interrupted it; the summary is written.
    """
    process = Process.from_environment(environment)
    try:
        failed = _run_share(options, process)
    except EngineError:
        report_done(environment, failed=True)
        raise
    report_done(environment, failed=failed)
    return 1 if failed else 0


def _run_share(options: BatchOptions, process: Process) -> bool:
    """Render this process's share and return whether anything failed."""
    share = options.shard.split(process.share)
    console = Console(options.quiet, f"[{share.index}/{share.count}]" if share.count > 1 else "")
    label_set = None if options.label_set is None else load_label_set(options.label_set)
    instances = None if options.instances is None else InstanceFolder(options.instances)
    source = style_source_from(
        image=options.style,
        image_to=options.style_to,
        codes=options.z,
        seed=options.seed,
        texture=options.texture,
        variations=options.variations,
        truncation=options.truncation,
    )
    regions = None if options.texture_map is None else read_texture_map(options.texture_map)
    maps, problems = find_label_maps(options.labels)
    _make_folder(options.output)
    plan = plan_batch(
        maps,
        styles=source.styles,
        size=options.size,
        output=options.output,
        picture_format=options.format,
        share=share,
        overwrite=options.overwrite,
        inputs=_other_inputs(options, maps, instances),
    )
    if share.index == 0:
        for problem in problems:
            console.error(f"Error: {problem}")
        _note_new_names(maps, console)
    failed = bool(problems) and share.index == 0
    if not plan.works:
        console.summary(f"Nothing to render: {_skipped(plan)}." if plan.skipped else "Nothing to render.")
        return failed
    started = time.monotonic()
    renderer = _load(options, label_set, process)
    inputs = _Inputs(label_set, instances, regions)
    return _render(options, renderer, inputs, source, plan, console, show_bar=share.index == 0, started=started) or failed


def _render(
    options: BatchOptions,
    renderer: Renderer,
    inputs: _Inputs,
    source: StyleSource,
    plan: BatchPlan,
    console: Console,
    *,
    show_bar: bool,
    started: float,
) -> bool:
    """Render a plan and say what came of it; return whether anything failed."""
    from spade_studio.engine.batch.renderer import BatchRenderer
    from spade_studio.engine.labels.transfer import LabelTransfer

    label_set, instances = inputs.label_set, inputs.instances
    if inputs.texture_map is not None and not renderer.has_texture:
        name = renderer.info.name or renderer.info.path.name
        action = "Leave out --texture-map, or choose weights with textures"
        raise StyleError(f"the weights {name} have no textures", "no texture map", action)
    if instances is not None and not renderer.info.uses_edges:
        console.note("The weights have no channel for instance edges: --instances changes nothing.")
        instances = None
    if isinstance(options.size, tuple):
        renderer.check_size(*options.size)
    elif options.size is not None and options.size.detail != "auto":
        renderer.finisher.upscaler(options.size.detail, options.size.upscaler)  # a file that is missing ends it before the first map
    transfer = LabelTransfer(label_set, renderer.channels)
    with console.progress(plan.pictures, show_bar) as bar:
        batch = BatchRenderer(
            renderer,
            plan_styles(source, renderer, plan.maps),
            transfer,
            is_given=label_set is not None,
            instances=instances,
            texture_map=inputs.texture_map,
            picture_format=options.format,
            finished=bar.update,
        )
        try:
            batch.run(plan)
        finally:
            bar.close()
            for line in batch.outcome.maps.report():
                console.note(line)
            _note_sizes(batch.outcome, renderer.info.training_size, console)
            _summarise(batch.outcome, plan, options.output, time.monotonic() - started, console)
    return bool(batch.outcome.failures)


def _load(options: BatchOptions, label_set: LabelSet | None, process: Process) -> Renderer:
    import torch

    from spade_studio.engine.rendering.renderer import Renderer

    device = process.device(options.device, torch.cuda.device_count())
    if label_set is not None and _needs_label_set(options):
        options = replace(options, published=replace(options.published, label_set=label_set))
    published, bank = options.published, options.bank
    return Renderer.load(options.weights, device=device, dtype=options.dtype, modulation=options.modulation, options=published, bank=bank)


def _needs_label_set(options: BatchOptions) -> bool:
    """Whether the weights leave open what their channels mean, so that --label-set answers that too."""
    from spade_studio.engine.weights import inspect_weights

    if options.weights is None:
        return False
    try:
        info = inspect_weights(options.weights, options.published)
    except AmbiguousWeightsError as error:
        return "label_set" in error.questions
    return info.channels is not None and info.channels.label_set is None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"--output {folder} cannot be made ({error.strerror})", "a folder that can be written") from error


def _other_inputs(options: BatchOptions, maps: Sequence[MapFile], instances: InstanceFolder | None) -> list[Path]:
    inputs = [path for path in (options.style, options.style_to, options.z, options.texture_map) if path is not None]
    if instances is not None and instances.folder.resolve() == options.output.resolve():
        inputs.extend(instances.folder.iterdir())
    return inputs


def _note_new_names(maps: Sequence[MapFile], console: Console) -> None:
    renamed = [file for file in maps if file.renamed]
    if renamed:
        examples = ", ".join(f"{file.path} as {file.name}" for file in renamed[:3])
        more = ", ..." if len(renamed) > 3 else ""
        console.note(f"{len(renamed)} label maps share their names with others and are named after their folders too: {examples}{more}.")


def _note_sizes(outcome: BatchOutcome, trained: tuple[int, int] | None, console: Console) -> None:
    if outcome.stretched:
        console.note(f"{_maps(outcome.stretched)} stretched to the aspect of --size (--fit crop keeps the map's).")
    if outcome.large and trained is not None:
        size = f"{trained[1]}x{trained[0]}"
        console.note(
            f"{_maps(outcome.large)} rendered at more than 1.5 times the {size} that the weights were trained at, "
            "where pictures fall apart (without --raw-size they do not)."
        )


def _maps(count: int) -> str:
    return f"{count} map{' was' if count == 1 else 's were'}"


def _skipped(plan: BatchPlan) -> str:
    return f"{plan.skipped} exist already (--overwrite renders them again)"


def _summarise(outcome: BatchOutcome, plan: BatchPlan, output: Path, seconds: float, console: Console) -> None:
    if outcome.failures:
        console.error(f"{len(outcome.failures)} of {len(plan.works)} label maps could not be rendered:")
        for failure in outcome.failures:
            console.error(f"  {failure.message}")
    pictures = f"{outcome.rendered} picture{'' if outcome.rendered == 1 else 's'}"
    text = f"Rendered {pictures} to {output} in {seconds:.1f} s"
    if plan.skipped:
        text += f"; {_skipped(plan)}"
    console.summary(f"{text}.")
