from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spade_studio.engine.batch.shares import Share
from spade_studio.engine.cli.options import build_parser, parse_command_line

WRONG = {
    "": "give LABELS",
    "maps": "give --output",
    "--output out": "give LABELS",
    "maps --output out --seed 1 --style a.jpg": "not allowed with",
    "maps --output out --z a.npy --style a.jpg": "not allowed with",
    "maps --output out --style-to a.jpg": "--style-to needs --style",
    "maps --output out --style a.jpg --style-to b.jpg --variations 2": "does not go with --variations",
    "maps --output out --z a.npy --truncation 0": "--truncation does not go with --z",
    "maps --output out --seed -1": "whole number from 0",
    "maps --output out --seed 9223372036854775808": "whole number from 0",
    "maps --output out --seed 1.5": "whole number",
    "maps --output out --variations 0": "from 1",
    "maps --output out --truncation nan": "number from 0",
    "maps --output out --truncation 11": "number from 0 to 10",
    "maps --output out --size 256": "WxH",
    "maps --output out --size 0x256": "WxH",
    "maps --output out --size 8193x256": "at most 8192",
    "maps --output out --shard 2/2": "I from 0 to 1",
    "maps --output out --device gpu": "no device",
    "maps --output out --dtype double": "invalid choice",
    "maps --output out --format gif": "invalid choice",
    "maps --output out --upsampling less": "invalid choice",
    "maps --output out --unlabeled middle": "invalid choice",
    "maps --output out --crop-size 0": "number from 1",
    "maps --output out --aspect-ratio 0": "number from 0.001",
    "maps --out out": "unrecognized arguments",
    "--from a.png": "give --output",
    "--from a.png maps --output out": "--from does not go with LABELS",
    "--from a.png --output out --seed 0 --size 64x64": "--from does not go with --seed, --size",
    "maps --output out --raw-size --detail full": "--raw-size does not go with --detail",
    "maps --output out --fit crop": "--fit needs --size",
    "maps --output out --upscaler a.pth --detail none": "--upscaler does not go with --detail none",
    "maps --output out --detail best": "invalid choice",
    "--inspect a --output out": "--inspect does not go with --output",
    "--inspect a --from b": "--inspect does not go with --from",
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage_says_what_is_wrong_and_exits_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_command_line(line.split())
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert WRONG[line] in captured.err
    assert captured.out == ""


def test_options_and_maps_may_be_mixed() -> None:
    given = parse_command_line(["a.png", "--output", "out", "b.png", "--size", "512x256", "--seed", "0", "c.png", "--shard", "1/4"])
    assert given == {"labels": ["a.png", "b.png", "c.png"], "output": Path("out"), "size": (256, 512), "seed": 0, "shard": Share(1, 4)}


def test_every_option_of_the_manual_is_explained() -> None:
    text = build_parser().format_help()
    options = """--inspect --from --output --weights --label-set --instances --style --style-to --z --seed --variations --shard --truncation
        --size --upsampling --crop-size --aspect-ratio --unlabeled --device --dtype --format --overwrite --modulation --version --quiet
        --detail --upscaler --fit --raw-size --texture --texture-map"""
    assert [option for option in options.split() if f"  {option}" not in text] == []
    assert "examples:" in text


@pytest.mark.parametrize("option", ["--help", "--version", "--seed"])
def test_help_and_version_do_not_wait_for_torch(option: str) -> None:
    code = f"""
import json, sys
try:
    from spade_studio.engine.cli.main import main
    main([{option!r}])
finally:
    print(json.dumps([name for name in ("torch", "numpy", "PIL", "PySide6") if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == (2 if option == "--seed" else 0), done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
