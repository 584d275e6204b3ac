from __future__ import annotations

import importlib.util
import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
from PIL import Image

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.labels import load_label_set
from spade_studio.train.datasets import DataError
from spade_studio.train.evaluation.agreement import agreement, confusion
from spade_studio.train.evaluation.classes import LANDSCAPE, classes_of_groups
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.graph_file import GraphNetwork, is_graph_file
from spade_studio.train.evaluation.segmenters import GraphSegmenter, TransformersSegmenter, open_segmenter

CPU = torch.device("cpu")


def _write(path: Path, graph: Any, **tensors: torch.Tensor) -> Path:
    text = graph if isinstance(graph, str) else json.dumps(graph)
    path.write_bytes(safetensors.torch.save(tensors or {"w": torch.zeros(2, 3, 1, 1)}, {"graph": text}))
    return path


def _convolution(out: int, given: int, w: str, b: str, **changes: Any) -> dict[str, Any]:
    return {"op": "CONV_2D", "out": out, "in": [given], "w": w, "b": b, "s": [1, 1], "d": [1, 1], "pad": 0, "act": 0} | changes


END = {"op": "RESIZE_BILINEAR", "size": [16, 16], "align": False, "half": True}


def test_operations_are_those_of_torch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    w1, b1, w2, b2, w3, b3 = (
        torch.randn(4, 3, 3, 3), torch.randn(4), torch.randn(4, 1, 3, 3), torch.randn(4), torch.randn(5, 8, 1, 1), torch.randn(5),
    )
    graph = {
        "ops": [
            _convolution(1, 0, "w1", "b1", s=[2, 2], act=3),
            _convolution(2, 1, "w2", "b2", op="DEPTHWISE_CONV_2D", d=[2, 2], act=1),
            {"op": "ADD", "out": 3, "in": [1, 2], "act": 0, "q": [0.01, 100]},
            {"op": "AVERAGE_POOL_2D", "out": 4, "in": [3], "k": [8, 8], "s": [1, 1], "pad": 1},
            {"op": "RESIZE_BILINEAR", "out": 5, "in": [4], "size": [8, 8], "align": True, "half": False},
            {"op": "CONCATENATION", "out": 6, "in": [5, 3]},
            _convolution(7, 6, "w3", "b3"),
            END | {"out": 8, "in": [7]},
        ],
        "input": 0,
        "output": 8,
    }
    path = _write(tmp_path / "net.safetensors", graph, w1=w1, b1=b1, w2=w2, b2=b2, w3=w3, b3=b3)
    network = GraphNetwork.load(path, CPU)
    assert (network.side, network.channels) == (16, 5)
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    a = F.conv2d(F.pad(x, (0, 1, 0, 1)), w1, b1, 2).clamp(0, 6)
    b = F.conv2d(a, w2, b2, 1, 2, 2, 4).relu()
    c = (a + b).clamp(-1, 1.55)
    d = c.mean((2, 3), keepdim=True).expand(-1, -1, 8, 8)
    expected = F.interpolate(F.conv2d(torch.cat([d, c], 1), w3, b3), size=(16, 16), mode="bilinear")
    torch.testing.assert_close(network(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "graph",
    [
        "no json",
        "[]",
        {"ops": [], "input": 0, "output": 1},
        {"ops": [_convolution(1, 0, "w", "b")], "input": 0, "output": 1},
        {"ops": [_convolution(1, 0, "w", "gone"), END | {"out": 2, "in": [1]}], "input": 0, "output": 2},
        {"ops": [{"op": "CALL", "out": 1, "in": [0]}, END | {"out": 2, "in": [1]}], "input": 0, "output": 2},
        {"ops": [_convolution(1, 0, "w", "b", s=[0, 1]), END | {"out": 2, "in": [1]}], "input": 0, "output": 2},
        {"ops": [_convolution(1, 0, "w", "b", act=7), END | {"out": 2, "in": [1]}], "input": 0, "output": 2},
        {"ops": [_convolution(1, 0, "w", "b"), END | {"out": 2, "in": [1], "size": [10**9, 10**9]}], "input": 0, "output": 2},
    ],
)
def test_files_that_list_something_else_are_refused(tmp_path: Path, graph: Any) -> None:
    path = _write(tmp_path / "net.safetensors", graph, w=torch.zeros(2, 3, 1, 1), b=torch.zeros(2))
    with pytest.raises(WeightsError, match=r"lists no segmentation network"):
        GraphNetwork.load(path, CPU)


def test_operations_that_do_not_fit_are_told_when_they_run(tmp_path: Path) -> None:
    graph = {"ops": [_convolution(1, 0, "w", "b"), END | {"out": 2, "in": [1]}], "input": 0, "output": 2}
    network = GraphNetwork.load(_write(tmp_path / "net.safetensors", graph, w=torch.zeros(2, 7, 1, 1), b=torch.zeros(2)), CPU)
    with pytest.raises(WeightsError, match="cannot be run"):
        network(torch.zeros(1, 3, 16, 16))


def test_kinds_are_recognised_by_content(tmp_path: Path, color_segmenter: Path, weights: Path) -> None:
    assert is_graph_file(color_segmenter)
    assert not is_graph_file(weights)
    assert not is_graph_file(tmp_path)
    segmenter = open_segmenter(str(color_segmenter), CPU)
    assert isinstance(segmenter, GraphSegmenter)
    assert segmenter.class_names[3] == "sky"
    assert segmenter.class_names[0] == "unlabeled"
    with pytest.raises(EvaluationError, match="no segmentation network"):
        open_segmenter(str(weights), CPU)
    with pytest.raises(DataError, match="cannot be loaded"):
        open_segmenter(str(tmp_path), CPU)


def test_a_model_of_transformers_gives_classes_at_the_size_asked_for(transformers_model: Path, tmp_path: Path) -> None:
    segmenter = open_segmenter(str(transformers_model), CPU)
    assert isinstance(segmenter, TransformersSegmenter)
    assert segmenter.name == transformers_model.name
    found = segmenter.classes_at(np.zeros((40, 50, 3), np.uint8), 20, 30)
    assert found.shape == (20, 30)
    assert (found == 0).all()
    assert segmenter.digest == open_segmenter(str(transformers_model), CPU).digest
    segmenter._model.decode_head.classifier.bias.data += 1
    segmenter._model.save_pretrained(tmp_path / "other")
    segmenter._processor.save_pretrained(tmp_path / "other")
    assert segmenter.digest != open_segmenter(str(tmp_path / "other"), CPU).digest


@pytest.mark.slow
def test_figures_are_those_of_the_shared_scorer(shared: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = shared("tools")
    monkeypatch.setattr(sys, "path", [str(tools), *sys.path])
    spec = importlib.util.spec_from_file_location("shared_score", tools / "score.py")
    assert spec is not None
    assert spec.loader is not None
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    pairs: list[tuple[Path, Path]] = []
    with zipfile.ZipFile(shared("data", "landscapes.zip")) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))[:4:2]
        for name in names:
            stem = Path(name).stem
            Image.open(io.BytesIO(archive.read(name))).resize((256, 256)).save(tmp_path / f"{stem}.png")
            label = archive.read(name.replace("images/", "labels/").replace(".jpg", ".png"))
            (tmp_path / f"{stem}_map.png").write_bytes(label)
            pairs.append((tmp_path / f"{stem}.png", tmp_path / f"{stem}_map.png"))
    path = shared("weights", "deeplab_ade31.safetensors")
    theirs = score.agreement(pairs, 256, path)
    segmenter = GraphSegmenter(path, CPU)
    classes = classes_of_groups(load_label_set("coco_stuff"), segmenter.class_names, LANDSCAPE)
    matrix = torch.zeros(9, 9, dtype=torch.int64)
    for picture, label in pairs:
        found = classes.seen(segmenter.classes_at(np.asarray(Image.open(picture).convert("RGB")), 256, 256))
        truth = classes.truth(np.asarray(Image.open(label).convert("L").resize((256, 256), Image.Resampling.NEAREST)))
        matrix += confusion(torch.from_numpy(truth), torch.from_numpy(found), 8)
    ours = agreement(matrix)
    assert ours is not None
    assert ours.pixel_accuracy == pytest.approx(theirs["pixel_accuracy"], abs=2e-4)
    assert ours.mean_iou_common == pytest.approx(theirs["mean_iou"], abs=5e-4)
    for name, value in theirs["iou"].items():
        assert ours.iou[classes.names.index(name)] == pytest.approx(value, abs=1.5e-3)
