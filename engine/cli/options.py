"""The options of ``spade-render``: parser, help and consistency checks."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_DESCRIPTION = """\
Render photographs from label maps.

LABELS are files, folders (the PNG files directly in them) or patterns. A label map is an 8-bit PNG whose grey values or
palette indices are ids, or a map in the colours of a label set. Maps are rendered in natural order (frame2 before frame10).
"""

_EXAMPLES = """\
examples:
  spade-render maps/ --output pictures
      one picture for every map, with the default weights and seed 0
  spade-render maps/*.png --output pictures --seed 7 --variations 4
      maps/lake.png becomes lake_0000.png to lake_0003.png, with seeds 7 to 10
  spade-render painted.png --output pictures --label-set coco_stuff --style sunset.jpg
      a map in colours, in the style of a photograph
  spade-render frames/ --output film --style noon.jpg --style-to dusk.jpg --format jpg
      the style moves from one photograph to the other over the frames; one fixed style gives steady frames
  spade-render cityscapes/ --instances instances/ --output pictures --weights latest_net_G.pth --size 1024x512
      published weights, with instance edges
  spade-render maps/ --output posters --size 2048x1536 --fit crop
      large pictures, with the detail of a super-resolution network
  spade-render --from pictures/lake_0002.png --output again
      the same picture once more, from what the PNG says of itself
  spade-render --inspect latest_net_G.pth
      what a weights file is and can do
  torchrun --standalone --nproc-per-node 8 -m spade_studio.engine.cli maps/ --output pictures
      eight processes, each with its GPU and its share; --shard 0/8 to 7/8 does the same by hand

An interrupted command goes on where it stopped when it is given again: pictures that exist are skipped.
Exit codes: 0 done, 1 something could not be rendered, 2 wrong usage, 130 interrupted.
"""

_FROM_ALLOWS = {"from_picture", "output", "weights", "device", "dtype", "modulation", "format", "overwrite", "quiet", "upscaler", "bank"}
_INSPECT_ALLOWS = {"inspect", "label_set", "quiet"}
PUBLISHED_OPTIONS = {"upsampling", "crop_size", "aspect_ratio", "unlabeled"}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of ``spade-render``; options that are not given are absent from its namespace."""
    parser = argparse.ArgumentParser(
        prog="spade-render",
        usage="spade-render LABELS... --output DIR [options]\n"
        "       spade-render --from PNG --output DIR [options]\n"
        "       spade-render --inspect FILE",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument(
        "labels", nargs="*", metavar="LABELS",
        help="label maps: files, folders or patterns such as maps/**/*.png",
    )
    parser.add_argument(
        "--inspect", type=Path, metavar="FILE",
        help="report what a weights file or folder is and can do, then stop",
    )
    parser.add_argument(
        "--from", dest="from_picture", type=Path, metavar="PNG",
        help="render again the picture that this PNG describes",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and stop")

    files = parser.add_argument_group("files")
    files.add_argument("--output", type=Path, metavar="DIR", help="folder of the pictures; made where it is missing")
    files.add_argument(
        "--format", choices=("png", "jpg", "webp", "npy"),
        help="of the pictures (default png, which --from can read); npy is float32 [3, H, W] in [-1, 1]",
    )
    files.add_argument(
        "--overwrite", action="store_true",
        help="render pictures that exist already again, instead of skipping them",
    )
    files.add_argument(
        "--label-set", metavar="NAME|FILE",
        help="the label set that the maps use, if not that of the weights: coco_stuff, ade20k, cityscapes or a "
        "JSON file; labels are carried over by name",
    )
    files.add_argument(
        "--instances", type=Path, metavar="DIR",
        help="instance maps (8- or 16-bit PNG) with the names and sizes of the label maps",
    )
    files.add_argument(
        "--size", type=_size, metavar="WxH",
        help="of the pictures, any (default: the trained size, in the map's own aspect); the weights render near the "
        "size that they were trained at, and --detail brings the picture to this one",
    )
    files.add_argument(
        "--fit", choices=("stretch", "crop"),
        help="where a map has another aspect than --size: stretch it (default), or crop what is beyond",
    )
    files.add_argument(
        "--raw-size", action="store_true",
        help="let the weights render the whole --size themselves, in multiples of their stride; far above the trained "
        "size pictures fall apart (without --size: as large as the map where its aspect is not that of the training)",
    )
    files.add_argument(
        "--shard", type=_share, metavar="I/N",
        help="render only part I of N, I from 0 to N - 1; parts of a torchrun launch are split further",
    )
    files.add_argument("--quiet", action="store_true", help="no progress bar, remarks or summary; errors only")

    style = parser.add_argument_group("style", "Weights with a style input take one of --style, --z and --seed; without any, seed 0.")
    choice = style.add_mutually_exclusive_group()
    choice.add_argument(
        "--style", type=Path, metavar="IMAGE",
        help="use the style of a photograph; with several variations, styles drawn around it (variation i with "
        "seed i)",
    )
    choice.add_argument(
        "--z", type=Path, metavar="FILE.npy",
        help="style codes: [z], or [N, z] for N variations of every map",
    )
    choice.add_argument(
        "--seed", type=_number(int, 0, 2**63 - 1), metavar="N",
        help="draw a style; variation i uses seed N + i (default 0)",
    )
    style.add_argument(
        "--texture", type=_number(int, 0, 2**62), metavar="N",
        help="draw the texture, the places of grass, waves and clouds, from N for weights that have any; variation i uses N + i (default: "
        "the style's seed)",
    )
    style.add_argument(
        "--texture-map", type=Path, metavar="FILE",
        help="where textures are others, as big as the maps: a grey PNG of 8 or 16 bits, or .npy of whole numbers [H, W]; 0 keeps the "
        "picture's texture, every other number draws one of its own",
    )
    style.add_argument(
        "--style-to", type=Path, metavar="IMAGE",
        help="with --style: the style moves from the first map to the last towards that of this photograph",
    )
    style.add_argument(
        "--variations", type=_number(int, 1, 10**9), metavar="N",
        help="pictures for every map: stem.png for 1 (default), else stem_0000.png and on",
    )
    style.add_argument(
        "--truncation", type=_number(float, 0, 10), metavar="T",
        help="factor on the style codes: 1 as trained (default), towards 0 the average style",
    )

    detail = parser.add_argument_group("detail")
    detail.add_argument(
        "--detail", choices=("auto", "none", "fast", "full"),
        help="how pictures become larger than the weights render them: resampled (none), by a small network (fast, where "
        "one is installed) or a large one (full); auto (default) is none up to 256 pixels on the short side, or up to the "
        "size that the weights render, and full above",
    )
    detail.add_argument(
        "--upscaler", type=Path, metavar="FILE",
        help="an upscaler of the ESRGAN family (.safetensors or .pth) in place of that of the level; means --detail full "
        "where --detail is not given",
    )

    weights = parser.add_argument_group("weights")
    weights.add_argument(
        "--weights", type=Path, metavar="PATH",
        help="a bundle (.safetensors), a published folder or a .pth (default: the weights that come with the "
        "program)",
    )
    weights.add_argument(
        "--bank", type=Path, metavar="FILE",
        help="the memory bank of weights that complete pieces of photographs (default: the file beside them of their name in .bank)",
    )
    weights.add_argument(
        "--upsampling", choices=("normal", "more", "most"),
        help="for published weights that do not tell",
    )
    weights.add_argument(
        "--crop-size", type=_number(int, 1, 65536), metavar="N",
        help="likewise: width of the training pictures",
    )
    weights.add_argument(
        "--aspect-ratio", type=_number(float, 0.001, 1000), metavar="R",
        help="likewise: width / height of the training pictures",
    )
    weights.add_argument(
        "--unlabeled", choices=("first", "last"),
        help="likewise: whether the unlabeled channel is the first or the last of the labels",
    )

    computing = parser.add_argument_group("computing")
    computing.add_argument("--device", type=_device, metavar="D", help="auto (default), cpu, cuda, cuda:N or mps")
    computing.add_argument(
        "--dtype", choices=("auto", "float32", "bfloat16", "float16"),
        help="compute type; auto (default) takes what suits the device",
    )
    computing.add_argument(
        "--modulation", choices=("auto", "fast", "dense"),
        help="dense runs the network as defined, fast the exact short cut, auto (default) what is faster",
    )
    return parser


def parse_command_line(arguments: Sequence[str] | None) -> dict[str, Any]:
    """Parse and check a command line.

    Args:
        arguments: Arguments without the program's name; those of the process where None.

    Returns:
        Given options by name, and ``labels``. Wrong usage raises SystemExit(2).
    """
    parser = build_parser()
    given = vars(parser.parse_intermixed_args(arguments))
    _check_usage(parser, given)
    return given


def _check_usage(parser: argparse.ArgumentParser, given: dict[str, Any]) -> None:
    names = {name for name in given if name != "labels" or given["labels"]}
    if "inspect" in names:
        _refuse(parser, "--inspect", names - _INSPECT_ALLOWS - PUBLISHED_OPTIONS)
        return
    if "from_picture" in names:
        _refuse(parser, "--from", names - _FROM_ALLOWS - PUBLISHED_OPTIONS)
    elif "labels" not in names:
        parser.error("give LABELS (files, folders or patterns), or --from PNG, or --inspect FILE")
    if "output" not in names:
        parser.error("give --output, the folder of the pictures")
    if "style_to" in names and "style" not in names:
        parser.error("--style-to needs --style, where the styles start")
    if "style_to" in names and given.get("variations", 1) > 1:
        parser.error("--style-to gives every map one style: it does not go with --variations")
    if "raw_size" in names and (others := names & {"detail", "fit", "upscaler"}):
        _refuse(parser, "--raw-size", others)
    if "fit" in names and "size" not in names:
        parser.error("--fit needs --size: without it pictures have their map's aspect")
    if "upscaler" in names and given.get("detail") == "none":
        parser.error("--upscaler does not go with --detail none")
    if "z" in names and "truncation" in names:
        parser.error("--truncation does not go with --z: style codes are used as they are")


def _refuse(parser: argparse.ArgumentParser, mode: str, names: set[str]) -> None:
    if names:
        options = ("LABELS" if name == "labels" else f"--{name.removesuffix('_picture').replace('_', '-')}" for name in sorted(names))
        parser.error(f"{mode} does not go with {', '.join(options)}")


def _size(text: str) -> tuple[int, int]:
    """Read ``WxH`` as (height, width)."""
    match = re.fullmatch("([1-9][0-9]{0,4})[xX]([1-9][0-9]{0,4})", text)
    if match is None or max(int(match[1]), int(match[2])) > 8192:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: give WxH in pixels, for example 512x256, at most 8192 on each side")
    return int(match[2]), int(match[1])


def _share(text: str) -> Any:
    from spade_studio.engine.batch.shares import Share
    from spade_studio.engine.errors import EngineError

    try:
        return Share.parse(text)
    except EngineError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _device(text: str) -> str:
    if not re.fullmatch("auto|cpu|cuda|cuda:[0-9]{1,3}|mps", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no device: give auto, cpu, cuda, cuda:N or mps")
    return text


def _number(kind: type[int] | type[float], low: float, high: float) -> Any:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        # not a number is neither above nor below anything, so it fails this too
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a {'whole ' if kind is int else ''}number from {low} to {high}")
        return value

    return read


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *unused: Any) -> NoReturn:
        from importlib.metadata import version

        sys.stdout.write(f"spade-render {version('spade-studio')}\n")
        parser.exit()
