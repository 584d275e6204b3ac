from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spade_studio.engine.labels import load_label_set
from spade_studio.train.evaluation.classes import LANDSCAPE, classes_by_name, classes_of_groups, read_groups
from spade_studio.train.evaluation.errors import EvaluationError

COCO, ADE = load_label_set("coco_stuff"), load_label_set("ade20k")


def test_by_name_several_classes_can_be_one_label() -> None:
    classes = classes_by_name(COCO, {0: "sky", 1: "sea", 2: "ocean;deep", 5: "flying saucer"})
    assert classes.names == ("sea", "sky-other")
    assert classes.found == (("sea", "ocean"), ("sky",))
    assert classes.found_left_out == ("flying saucer",)
    assert "tree" in classes.labels_left_out
    assert classes.truth(np.array([[154, 156, 168, 255]], np.uint8)).tolist() == [[0, 1, 2, 2]]
    assert classes.seen(np.array([0, 1, 2, 5, 3, 99, -1])).tolist() == [1, 0, 0, 2, 2, 2, 2]
    described = "\n".join(classes.describe())
    assert "flying saucer" in described
    assert "tree" in described


def test_all_of_ade_has_a_partner_in_ade() -> None:
    classes = classes_by_name(ADE, {number: label.name for number, label in enumerate(ADE.labels)})
    assert len(classes.names) == 150
    assert classes.labels_left_out == classes.found_left_out == ()
    assert classes.truth(np.array([0, 1, 150], np.uint8)).tolist() == [150, 0, 149]


def test_groups_merge_both_sides() -> None:
    groups = {"wet": (("sea", "river"), ("water", "sea")), "dry": (("sand",), ("earth",)), "none": (("sand-castle",), ("earthwork",))}
    classes = classes_of_groups(COCO, {0: "water", 1: "sea", 2: "earth;ground", 3: "sky"}, groups)
    assert classes.names == ("wet", "dry")
    assert classes.truth(np.array([154, 147, 153, 156], np.uint8)).tolist() == [0, 0, 1, 2]
    assert classes.seen(np.array([0, 1, 2, 3])).tolist() == [0, 0, 1, 2]


def test_what_cannot_be_brought_together_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no class of the segmenter"):
        classes_by_name(COCO, {0: "flying saucer"})
    with pytest.raises(EvaluationError, match="two groups"):
        classes_of_groups(COCO, {0: "sea"}, {"a": (("sea",), ("sea",)), "b": (("sea",), ())})
    path = tmp_path / "groups.json"
    for content in ("{", "[]", "{}", '{"a": 1}', '{"a": {"labels": ["sea"]}}', '{"a": {"labels": "sea", "classes": []}}'):
        path.write_text(content)
        with pytest.raises(EvaluationError):
            read_groups(path)
    path.write_text(json.dumps({"a": {"labels": ["sea"], "classes": ["water"]}}))
    assert read_groups(path) == {"a": (("sea",), ("water",))}


def test_landscape_groups_are_those_of_the_shared_scorer(shared: Callable[..., Path]) -> None:
    tables = {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse(shared("tools", "score.py").read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(target := node.targets[0], ast.Name)
        and target.id in ("GROUPS", "FROM_COCO", "FROM_ADE31")
    }
    named = {label.id: label.name for label in ADE.labels}
    classes = classes_of_groups(COCO, {number: named.get(number, "unlabeled") for number in range(32)}, LANDSCAPE)
    assert list(classes.names) == tables["GROUPS"]
    assert {number: group for number, group in enumerate(classes.of_label) if group >= 0} == tables["FROM_COCO"]
    assert {number: group for number, group in classes.of_found.items() if group >= 0} == tables["FROM_ADE31"]
