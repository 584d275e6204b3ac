from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from spade_studio.train.pretrained.feature_network import FeatureNetwork

Evaluate = Callable[..., tuple[int, str, str]]


class TinyFeatures(FeatureNetwork):
    kind: ClassVar[str] = "a network of mean colours"
    distance: ClassVar[str] = "frechet_tiny"
    num_features: ClassVar[int] = 3

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1), requires_grad=False)

    def embed(self, values: Tensor) -> Tensor:
        return self.scale * values.mean((2, 3)) / 255


@pytest.fixture
def features(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the name of a network for Frechet distances that takes no time."""
    from spade_studio.train.evaluation import commands

    monkeypatch.setattr(commands, "open_feature_networks", lambda names, _: [TinyFeatures() for _ in names])
    return "tiny"


def _result(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def _copies(data: Path, folder: Path, ending: str = "") -> Path:
    folder.mkdir()
    for path in (data / "images").iterdir():
        Image.open(path).save(folder / f"{path.stem}{ending}.png")
    return folder


def test_weights_pictures_and_photographs_side_by_side(
    evaluate: Evaluate, data: Path, weights: Path, color_segmenter: Path, features: str, tmp_path: Path
) -> None:
    pictures, out = _copies(data, tmp_path / "renders", "_0000"), tmp_path / "out"
    code, said, errors = evaluate(
        "run", weights, "--pictures", pictures, "--data", data, "--output", out, "--segmenter", color_segmenter, "--features", features,
        "--limit", 6,
    )
    assert code == 0, errors
    result = _result(out)
    tiny, copies, real = result["candidates"]
    assert [entry["name"] for entry in result["candidates"]] == ["tiny", "renders", "real photographs"]
    assert result["classes"]["names"] == ["sky", "tree", "grass", "ground", "road", "building"]
    assert (result["size"], result["pictures"]) == ({"height": 64, "width": 64}, 6)
    # What is coloured as the photographs is found as they are, and is no distance from them.
    assert real["pixel_accuracy"] == copies["pixel_accuracy"] == 1.0
    assert real["mean_iou"] == 1.0
    assert copies["frechet_tiny"] == pytest.approx(0, abs=1e-6)
    assert tiny["frechet_tiny"] > 1e-3
    assert tiny["pixel_accuracy"] < 1
    assert "fid" not in tiny
    floor = result["frechet_between_real_photographs"]  # the six from six of the other fourteen
    assert (floor["between"], floor["pictures"]) == ("others", 6)
    assert 1e-6 < floor["frechet_tiny"] < tiny["frechet_tiny"]
    assert re.search(r"Frechet distance, a network of mean colours, 6 and 6 other real photographs +– +– +[0-9.]+$", said, re.MULTILINE)
    assert np.sum(tiny["confusion"]) == np.sum(real["confusion"]) == 6 * (64 * 64 - 16)  # all but what is unlabeled
    assert 0 < tiny["unknown_share"] < 0.1  # trees
    assert tiny["seconds_per_picture"] > 0
    assert copies["seconds_per_picture"] is None
    assert "Pixel accuracy" in said
    assert re.search(r"tiny does not know the labels of [0-9.]+ % of the layouts' pixels\.$", said, re.MULTILINE)
    assert "6 classes are measured" in errors
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in report
    assert set(re.findall(r'(?:src|href)="([^:;,"]*[:;,])', report)) == {"data:"}
    assert report.count("data:image/jpeg") == 3 * 6 * 2  # layout, photograph, picture; all of both candidates
    assert "No distance here is an FID" in report
    assert "Between 6 and 6 other real photographs, drawn by chance" in report
    assert "other real photographs" not in report.split("</thead>")[0]  # no column of its own


def test_the_distance_between_real_photographs(evaluate: Evaluate, data: Path, features: str, tmp_path: Path) -> None:
    pictures = _copies(data, tmp_path / "renders")

    def measured(out: str, *more: object) -> dict[str, Any]:
        common = ["run", "--pictures", pictures, "--data", data, "--output", tmp_path / out, "--features", features]
        code, _, errors = evaluate(*common, *more)
        assert code == 0, errors
        return _result(tmp_path / out)["frechet_between_real_photographs"]

    def mean_colors(names: list[str]) -> Tensor:
        photos = [np.asarray(Image.open(data / f"images/{name}.png"), np.float64) for name in names]
        return torch.tensor(np.array([photo.mean((0, 1)) / 255 for photo in photos]))

    # Held out are eight; the others are a sample of the twelve that would be trained on.
    held_out, names = measured("held", "--held-out", 8), [f"p{number:02}" for number in range(20)]
    by_hash = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    kept, rest = sorted(by_hash[:8]), sorted(by_hash[8:])
    sample = [rest[place] for place in sorted(random.Random(0).sample(range(12), 8))]
    assert (held_out["between"], held_out["pictures"]) == ("others", 8)
    assert held_out["frechet_tiny"] == pytest.approx(_frechet(mean_colors(kept), mean_colors(sample)), rel=1e-3)
    # Nothing is left beside all twenty: halves.
    halves = measured("all")
    order = random.Random(0).sample(range(20), 20)
    assert (halves["between"], halves["pictures"]) == ("halves", 10)
    first, second = ([names[place] for place in part] for part in (order[:10], order[10:]))
    assert halves["frechet_tiny"] == pytest.approx(_frechet(mean_colors(first), mean_colors(second)), rel=1e-3)
    assert "between 10 and 10 of the real photographs, halves" in (tmp_path / "all/report.html").read_text(encoding="utf-8")
    # Of three fifths there are not as many others; without features there is no distance.
    assert measured("most", "--limit", 12)["between"] == "halves"
    assert evaluate("run", "--pictures", pictures, "--data", data, "--output", tmp_path / "none", "--limit", 2)[0] == 0
    assert _result(tmp_path / "none")["frechet_between_real_photographs"] is None


def test_shares_measure_the_other_photographs_too(evaluate: Evaluate, data: Path, features: str, tmp_path: Path) -> None:
    common = ["--pictures", _copies(data, tmp_path / "renders"), "--data", data, "--features", features, "--limit", 10, "--no-thumbnails"]
    assert evaluate("run", *common, "--output", tmp_path / "whole")[0] == 0
    for share in ("0/2", "1/2"):
        assert evaluate("run", *common, "--output", tmp_path / "shared", "--shard", share)[0] == 0
    assert len(list((tmp_path / "shared/parts").iterdir())) == 3
    shared, whole = (_result(tmp_path / name)["frechet_between_real_photographs"] for name in ("shared", "whole"))
    assert shared == whole


def test_others_of_a_published_data_set_are_its_training_part(evaluate: Evaluate, data: Path, features: str, tmp_path: Path) -> None:
    coco = tmp_path / "coco"
    names = sorted(path.name for path in (data / "images").iterdir())
    for part, some in (("val", names[:3]), ("train", names[3:9])):
        for ours, theirs in (("images", "img"), ("labels", "label")):
            (coco / f"{part}_{theirs}").mkdir(parents=True)
            for name in some:
                (coco / f"{part}_{theirs}" / name).write_bytes((data / ours / name).read_bytes())
    common = ["run", "--pictures", coco / "val_img", "--data", coco, "--features", features]
    assert evaluate(*common, "--output", tmp_path / "out")[0] == 0
    floor = _result(tmp_path / "out")["frechet_between_real_photographs"]
    assert (floor["between"], floor["pictures"]) == ("others", 3)


def _frechet(a: Tensor, b: Tensor) -> float:
    """Return the distance by its definition, with the root of the matrix product from its eigenvalues."""
    root = torch.linalg.eigvals(torch.cov(a.T) @ torch.cov(b.T)).real.clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + torch.cov(a.T).trace() + torch.cov(b.T).trace() - 2 * root)


def test_a_model_of_transformers_and_the_mapping_by_name(evaluate: Evaluate, data: Path, transformers_model: Path, tmp_path: Path) -> None:
    pictures, out = _copies(data, tmp_path / "renders"), tmp_path / "out"
    code, _, errors = evaluate(
        "run", "--pictures", pictures, "--data", data, "--output", out, "--segmenter", transformers_model, "--limit", 2
    )
    assert code == 0, errors
    assert "labels sky-other  =  found sky" in errors
    assert "flying saucer" in errors
    result = _result(out)
    assert result["classes"]["found_left_out"] == ["flying saucer"]
    # The model says sky everywhere.
    matrix = np.array(result["candidates"][0]["confusion"])
    place = result["classes"]["names"].index("sky-other")
    assert result["candidates"][0]["pixel_accuracy"] == pytest.approx(matrix[place].sum() / matrix.sum())


def test_shares_and_what_was_interrupted_come_to_the_same(
    evaluate: Evaluate, data: Path, weights: Path, color_segmenter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arguments(out: str, *more: object) -> list[object]:
        return ["run", weights, "--data", data, "--output", tmp_path / out, "--segmenter", color_segmenter, *more]

    def figures(out: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = _result(tmp_path / out)["candidates"]
        return [{key: value for key, value in entry.items() if key not in ("seconds_per_picture", "memory_bytes")} for entry in found]

    assert evaluate(*arguments("whole"))[0] == 0
    code, said, errors = evaluate(*arguments("shared", "--shard", "1/2"))
    assert (code, said) == (0, "")
    assert "2 parts of other shares are missing" in errors
    code, _, errors = evaluate("merge", tmp_path / "shared")
    assert code == 1
    assert "2 of 4 parts are missing" in errors
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert evaluate(*arguments("shared"))[0] == 0  # the other share, as torchrun or Slurm names it
    monkeypatch.delenv("RANK")
    assert figures("shared") == figures("whole")
    parts = sorted((tmp_path / "whole").rglob("*.safetensors"))
    assert len(parts) == 4
    parts[0].write_bytes(parts[0].read_bytes()[:-9])  # a damaged one
    parts[3].unlink()
    before = {path: path.stat().st_mtime_ns for path in parts[1:3]}
    (tmp_path / "whole/result.json").unlink()
    assert evaluate(*arguments("whole"))[0] == 0
    assert {path: path.stat().st_mtime_ns for path in parts[1:3]} == before
    assert figures("whole") == figures("shared")


def test_parts_of_other_settings_are_not_taken(
    evaluate: Evaluate, data: Path, weights: Path, color_segmenter: Path, tmp_path: Path
) -> None:
    common = ["run", weights, "--data", data, "--output", tmp_path / "out", "--segmenter", color_segmenter, "--limit", 2]
    assert evaluate(*common)[0] == 0
    first = _result(tmp_path / "out")
    assert evaluate(*common, "--seed", 1)[0] == 0
    second = _result(tmp_path / "out")
    assert first["candidates"][0]["confusion"] != second["candidates"][0]["confusion"]
    assert first["candidates"][1] == second["candidates"][1]  # the photographs' parts still hold
    assert len(list((tmp_path / "out/parts").iterdir())) == 3


def test_a_bad_picture_is_told_and_stops_nothing(evaluate: Evaluate, data: Path, color_segmenter: Path, tmp_path: Path) -> None:
    pictures = _copies(data, tmp_path / "renders")
    (pictures / "p19.png").write_bytes(b"no picture")
    code, _, errors = evaluate("run", "--pictures", pictures, "--data", data, "--output", tmp_path / "out", "--segmenter", color_segmenter)
    assert code == 1
    assert "renders: 1 pictures could not be measured" in errors
    result = _result(tmp_path / "out")["candidates"]
    assert [entry["pictures"] for entry in result] == [19, 20]
    assert result[0]["problems"][0]["name"] == "p19"
    assert "could not be measured" in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_diversity_and_style(
    evaluate: Evaluate, data: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spade_studio.train.config.losses import PerceptualConfig
    from spade_studio.train.evaluation import commands
    from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures

    def tiny(*_: Any) -> PerceptualDistance:
        torch.manual_seed(0)
        return PerceptualDistance(VGGFeatures("vgg16", 1), PerceptualConfig("vgg16", tap_weights=(1, 0, 0, 0, 0)))

    monkeypatch.setattr(commands, "open_perceptual", tiny)
    assert evaluate("run", weights, "--data", data, "--output", tmp_path / "out", "--limit", 2, "--perceptual", "x")[0] == 0
    measured, real = _result(tmp_path / "out")["candidates"]
    assert measured["diversity"] > 0
    assert measured["style_distance"] > 0
    assert measured["pixel_accuracy"] is None
    assert real["diversity"] is None
    again = ["run", weights, "--data", data, "--output", tmp_path / "photo", "--limit", 2, "--perceptual", "x", "--style", "photo"]
    assert evaluate(*again)[0] == 0
    of_photos = _result(tmp_path / "photo")["candidates"][0]
    assert of_photos["style_distance"] == measured["style_distance"]  # the same pictures, here also the ones that are segmented
    assert of_photos["diversity"] == pytest.approx(measured["diversity"])
    assert (tmp_path / "out/report.html").is_file()


def test_no_thumbnails_means_no_picture_is_kept(
    evaluate: Evaluate, data: Path, weights: Path, color_segmenter: Path, tmp_path: Path
) -> None:
    common = ["run", weights, "--data", data, "--output", tmp_path / "out", "--segmenter", color_segmenter, "--limit", 2]
    assert evaluate(*common, "--no-thumbnails")[0] == 0
    assert "data:image" not in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert all(b"JFIF" not in path.read_bytes() for path in (tmp_path / "out").rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "neither weights nor pictures"),
        (["--pictures", "{data}/images", "--segmenter", "{data}"], "cannot be loaded"),
        (["--pictures", "{data}/gone"], "not a folder"),
        (["--pictures", "{data}/empty"], "lacks 20 of 20 pictures"),
        (["--pictures", "{data}/images", "--features", "{data}/label_set.json"], "cannot be opened"),
        (["{data}/images/p00.png"], "p00.png"),
    ],
)
def test_what_cannot_be_done_is_told(evaluate: Evaluate, data: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    (data / "empty").mkdir()
    words = [word.format(data=data) for word in arguments]
    code, _, errors = evaluate("run", *words, "--data", data, "--output", tmp_path / "out")
    assert code == 1
    assert message in errors
    assert not (tmp_path / "out").exists()


def test_published_figures_stand_beside_their_data(
    evaluate: Evaluate, data: Path, color_segmenter: Path, tmp_path: Path, make_at: Any
) -> None:
    coco = tmp_path / "coco"
    for ours, theirs in (("images", "val_img"), ("labels", "val_label")):
        (coco / theirs).mkdir(parents=True)
        for path in list((data / ours).iterdir())[:3]:
            (coco / theirs / path.name).write_bytes((data / ours / path.name).read_bytes())
    code, said, errors = evaluate(
        "run", "--pictures", coco / "val_img", "--data", coco, "--output", tmp_path / "out", "--segmenter", color_segmenter
    )
    assert code == 0, errors
    assert "SPADE (paper)" in said
    assert "37.4 %" in said
    assert _result(tmp_path / "out")["published_in_per_cent"]["SPADE"]["fid"] == 22.6


def test_wrong_usage_and_help(evaluate: Evaluate, capsys: pytest.CaptureFixture[str]) -> None:
    for words, code in (([], 2), (["paint"], 2), (["--help"], 0), (["run", "--help"], 0), (["run", "--shard", "4/4"], 2), (["merge"], 2)):
        with pytest.raises(SystemExit) as ended:
            evaluate(*words)
        assert ended.value.code == code
    assert "spade-eval" in capsys.readouterr().out


def test_help_and_wrong_usage_wait_for_no_torch() -> None:
    program = (
        "import sys\nfrom spade_studio.train.evaluation.cli import parse\n"
        "parse(['merge', 'there'])\nassert 'torch' not in sys.modules and 'cv2' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
