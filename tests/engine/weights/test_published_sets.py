"""What the channels of published weights mean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.labels import Label, LabelChannels, LabelSet, load_label_set
from spade_studio.engine.weights.info import PublishedOptions
from spade_studio.engine.weights.options_file import OptionsFile, read_options_file
from spade_studio.engine.weights.published_sets import name_channels, resolve_channels

TEN = LabelSet("Ten", tuple(Label(i + 5, f"label {i}", (i, 0, 0)) for i in range(10)), unlabeled_id=0)
TEN_WITHOUT_UNLABELED = LabelSet("Ten", TEN.labels, unlabeled_id=None)


def flags(labels: int, unlabeled: bool, edges: bool) -> dict[str, str]:
    return {"label_nc": str(labels), "contain_dontcare_label": str(unlabeled), "no_instance": str(not edges)}


def resolve(total: int, opt: dict[str, str] | None = None, **options: Any) -> tuple[LabelChannels, str]:
    channels, notes = resolve_channels(total, OptionsFile(opt or {}), PublishedOptions(**options))
    return channels, "; ".join(notes)


@pytest.mark.parametrize(
    ("total", "opt", "expected"),
    [
        (184, {}, LabelChannels.coco_stuff()),
        (184, flags(182, True, True), LabelChannels.coco_stuff()),
        (151, {}, LabelChannels.ade20k("first")),
        (151, flags(150, True, False), LabelChannels.ade20k("first")),
        (36, {}, LabelChannels.cityscapes()),
        (36, flags(35, False, True), LabelChannels.cityscapes()),
    ],
)
def test_the_published_sets_are_known_by_their_number_of_channels(total: int, opt: dict[str, str], expected: LabelChannels) -> None:
    channels, notes = resolve(total, opt)
    assert channels == expected
    assert "by their number" in notes


def test_the_place_of_unlabeled_is_an_option() -> None:
    assert resolve(151, unlabeled="last")[0] == LabelChannels.ade20k("last")
    assert "taken to be the first" not in resolve(151, unlabeled="first")[1]
    coco, _ = resolve(184, unlabeled="first")
    assert (coco.unlabeled_channel, coco.channel_of_id[0], coco.edge_channel) == (0, 1, 183)
    with pytest.raises(WeightsError, match="Cityscapes weights have no unlabeled channel"):
        resolve(36, unlabeled="first")


def test_the_same_number_of_channels_divided_otherwise_is_another_set() -> None:
    channels, notes = resolve(184, flags(184, False, False))
    assert channels == LabelChannels.plain(184, unlabeled=False, edge=False)
    assert "label set is not known" in notes


@pytest.mark.parametrize(("unlabeled", "edges"), [(False, False), (True, False), (False, True), (True, True)])
def test_unnamed_channels_follow_opt_txt(unlabeled: bool, edges: bool) -> None:
    channels, notes = resolve(20, flags(20 - unlabeled - edges, unlabeled, edges))
    assert channels == LabelChannels.plain(20, unlabeled=unlabeled, edge=edges)
    assert "whether" not in notes


def test_unnamed_channels_without_opt_txt_say_what_is_not_known() -> None:
    channels, notes = resolve(20)
    assert channels == LabelChannels.plain(20, unlabeled=False, edge=False)
    assert "whether a channel is for unlabeled is not known" in notes
    assert "whether the last channel is for instance edges is not known" in notes
    assert resolve(20, unlabeled="last")[0] == LabelChannels.plain(20, unlabeled=True, edge=False)
    first, _ = resolve(20, unlabeled="first")
    assert (first.unlabeled_channel, first.channel_of_id[255], first.channel_of_id[3], first.channel_of_id[20]) == (0, 0, 3, -1)


def test_contradictions_are_errors() -> None:
    with pytest.raises(WeightsError, match=r"opt\.txt says 19 labels, an unlabeled channel and an edge channel, but the generator has 20"):
        resolve(20, flags(19, True, True))
    with pytest.raises(WeightsError, match="there is no unlabeled channel"):
        resolve(20, flags(20, False, False), unlabeled="last")
    with pytest.raises(WeightsError, match="2 channels leave none for labels"):
        resolve(2, {"contain_dontcare_label": "True", "no_instance": "False"})
    for total in (9, 13):
        with pytest.raises(WeightsError, match=f"Ten has 10 labels, the generator {total} channels"):
            resolve(total, label_set=TEN)
    with pytest.raises(WeightsError, match="Ten has 10 labels, the generator 11 channels"):
        resolve(11, {"contain_dontcare_label": "False", "no_instance": "True"}, label_set=TEN)


@pytest.mark.parametrize(
    ("total", "opt", "options", "unlabeled", "edges"),
    [
        (10, {}, {}, None, False),
        (11, {}, {}, 10, False),
        (11, {}, {"unlabeled": "first"}, 0, False),
        (11, flags(10, False, True), {}, None, True),
        (12, {}, {}, 10, True),
        (12, flags(10, True, True), {"unlabeled": "first"}, 0, True),
    ],
)
def test_a_label_set_names_the_channels(
    total: int, opt: dict[str, str], options: dict[str, Any], unlabeled: int | None, edges: bool
) -> None:
    channels, _ = resolve(total, opt, label_set=TEN, **options)
    assert (channels.unlabeled_channel, channels.edge_channel) == (unlabeled, total - 1 if edges else None)
    assert channels.known_ids == tuple(range(5, 15))
    assert channels.lookup()[5] == (1 if unlabeled == 0 else 0)


def test_one_channel_more_than_labels_is_noted() -> None:
    assert "taken to be unlabeled" in resolve(11, label_set=TEN)[1]
    channels, notes = resolve(11, label_set=TEN_WITHOUT_UNLABELED)
    assert channels.edge_channel == 10
    assert "taken to be instance edges" in notes


def test_built_in_sets_by_option_give_the_published_channels() -> None:
    assert resolve(184, label_set=load_label_set("coco_stuff"))[0] == LabelChannels.coco_stuff()
    assert resolve(151, label_set=load_label_set("ade20k"))[0] == LabelChannels.ade20k("first")
    assert resolve(36, label_set=load_label_set("cityscapes"))[0] == LabelChannels.cityscapes()


def test_names_for_channels_that_have_none() -> None:
    channels, _ = name_channels(LabelChannels.plain(12, unlabeled=True, edge=True), TEN)
    assert channels == LabelChannels.from_label_set(TEN, range(5, 15), "last", edge=True)
    with pytest.raises(WeightsError, match="Ten has 10 labels"):
        name_channels(LabelChannels.plain(12, unlabeled=False, edge=True), TEN)


def test_opt_txt_is_read_as_the_published_code_writes_it(tmp_path: Path) -> None:
    text = "----- Options -----\n   dataroot: C:/data: new        \t[default: ./datasets/x]\n  crop_size: 512 \n model: a [b]\nname:\n\n"
    path = tmp_path / "opt.txt"
    path.write_text(text, encoding="utf-8")
    assert read_options_file(path).values == {"dataroot": "C:/data: new", "crop_size": "512", "model": "a [b]", "name": ""}
    path.write_bytes(b"\xff\xfe\0bad: \x80\n crop_size: 12\n")
    assert read_options_file(path).whole("crop_size") == 12
    path.write_bytes(b"a" * 300_000)
    with pytest.raises(WeightsError, match="over 262,144 bytes"):
        read_options_file(path)
    path.unlink()
    assert not read_options_file(path)
    path.mkdir()
    with pytest.raises(WeightsError, match="cannot be read"):
        read_options_file(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
def test_a_pipe_in_place_of_opt_txt_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "opt.txt"
    os.mkfifo(path)
    with pytest.raises(WeightsError, match=r"opt\.txt is not an ordinary file"):
        read_options_file(path)
