"""The German names of labels: every label has one, the palette shows and finds them, files keep the names of the sets."""

from __future__ import annotations

import json
from importlib import resources
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import Qt

from spade_studio.app.canvas.replace_dialog import ReplaceDialog
from spade_studio.app.documents.cutout_dialog import CutoutDialog
from spade_studio.app.documents.map_import import carry_over
from spade_studio.app.model import label_names
from spade_studio.app.model.label_names import group_text, label_text, other_words
from spade_studio.app.model.label_switching import lost_labels
from spade_studio.app.model.state import DocumentState
from spade_studio.app.palette.chips import ChipDelegate
from spade_studio.app.palette.listing import Choice, Offer, grouped, listed
from spade_studio.app.palette.memory import PaletteMemory
from spade_studio.app.palette.panel import PalettePanel
from spade_studio.app.startup import translations
from spade_studio.app.training.data_report import report_words
from spade_studio.app.ui.label_items import display_name
from spade_studio.app.ui.settings import Language
from spade_studio.engine.labels import Label, LabelSet, built_in_label_sets, load_label_set

SETS = {name: load_label_set(name) for name in built_in_label_sets()}
COCO, ADE, CITY = (SETS[name] for name in ("coco_stuff", "ade20k", "cityscapes"))
SKY = 156


@pytest.fixture
def german():
    label_names.use("de")
    yield
    label_names.use("en")


def named(label_set: LabelSet, name: str) -> Label:
    return next(label for label in label_set.labels if label.name == name)


def found(label_set: LabelSet, search: str) -> list[str]:
    return [label.name for label in listed(Offer(label_set.labels, None), Choice("all"), search)]


def test_there_is_a_file_of_names_for_every_language():
    folder = resources.files("spade_studio.resources") / "label_sets"
    assert [language for language in translations.TRANSLATED if not (folder / f"names_{language}.json").is_file()] == []


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("label_set", SETS.values(), ids=SETS)
def test_every_label_and_every_group_has_a_name_of_its_own(label_set):
    data = json.loads((resources.files("spade_studio.resources") / "label_sets" / "names_de.json").read_text("utf-8"))
    names = [label_text(label) for label in label_set.labels]
    assert len({name.casefold() for name in names}) == len(label_set.labels)
    assert {name for name in names if not (name[:1].isupper() and name.isprintable() and name == name.strip() and len(name) <= 24)} == set()
    assert {name for name in names if name not in {words[0] for words in data["names"].values()}} == set()
    groups = list(dict.fromkeys(label.group for label in label_set.labels))
    assert [group for group in groups if group not in data["groups"]] == []
    assert len({group_text(group) for group in groups}) == len(groups)


def test_no_name_in_the_file_is_for_a_label_that_no_set_has():
    data = json.loads((resources.files("spade_studio.resources") / "label_sets" / "names_de.json").read_text("utf-8"))
    labels = [label for label_set in SETS.values() for label in label_set.labels]
    known = {label.name for label in labels} | {f"{label.name} ({label.group})" for label in labels}
    known |= {f"{label.name} (unused)" for label in labels if label.unused}
    assert sorted(set(data["names"]) - known) == []
    assert sorted(set(data["groups"]) - {label.group for label in labels}) == []


def test_in_english_labels_keep_the_names_of_their_sets():
    for label_set in SETS.values():
        assert [label_text(label) for label in label_set.labels] == [label.name for label in label_set.labels]
    assert group_text("raw-material") == "raw-material"
    assert other_words(named(COCO, "couch")) == ("sofa",)
    assert display_name(named(COCO, "water-other")) == "Water"
    assert found(COCO, "himmel") == []


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("label_set", "name", "shown"),
    [
        (COCO, "sky-other", "Himmel"),
        (COCO, "wall-stone", "Steinmauer"),
        (COCO, "door-stuff", "Tür"),
        (COCO, "door", "Tür (einzeln)"),
        (ADE, "door", "Tür"),
        (ADE, "wall", "Wand"),
        (CITY, "wall", "Mauer"),
    ],
)
def test_labels_are_called_as_a_german_would(label_set, name, shown):
    assert label_text(named(label_set, name)) == shown
    assert display_name(named(label_set, name)) == shown


@pytest.mark.usefixtures("german")
def test_labels_of_other_sets_are_translated_by_name_and_kept_where_there_is_no_word():
    assert label_text(Label(1, " Sky ", (0, 0, 0))) == "Himmel"
    assert label_text(Label(1, "dragon-other", (0, 0, 0))) == "dragon-other"
    assert display_name(Label(1, "dragon-other", (0, 0, 0))) == "Dragon"
    assert other_words(Label(1, "dragon", (0, 0, 0), synonyms=("wyrm",))) == ("wyrm",)
    assert label_text("unlabeled") == "Ohne Label"


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("search", ["himmel", "SKY", "sky-other", "heaven"])
def test_a_search_finds_both_languages(search):
    assert found(COCO, search)[0] == "sky-other"


@pytest.mark.usefixtures("german")
def test_a_search_finds_other_words_groups_and_umlauts_spelt_out():
    assert found(COCO, "Ozean") == ["sea"]
    assert found(COCO, "strauch") == ["bush"]
    assert found(ADE, "tuer")[0] == found(ADE, "tür")[0] == "door"
    assert found(ADE, "strasse")[0] == "road"
    assert {"person", "animal"} == set(found(ADE, "lebewesen"))


@pytest.mark.usefixtures("german")
def test_the_label_of_just_that_name_comes_before_longer_words():
    assert found(COCO, "Wand")[0] == "wall-other"
    assert found(COCO, "haus")[0] == "house"  # not Hochhaus
    offer = Offer(COCO.labels, (named(COCO, "skyscraper").id,))
    assert [label.name for label in listed(offer, Choice(), "haus")][:2] == ["skyscraper", "house"]


def test_in_english_too_sand_comes_before_sandwich():
    assert found(COCO, "sand")[:2] == ["sand", "sandwich"]


@pytest.mark.usefixtures("german")
def test_groups_list_their_labels_by_the_names_that_are_shown():
    animals = dict(grouped(COCO.labels, Offer(COCO.labels).groups))["animal"]
    assert [label_text(label) for label in animals] == [
        "Bär", "Elefant", "Giraffe", "Hund", "Katze", "Kuh", "Pferd", "Schaf", "Vogel", "Zebra",
    ]  # fmt: skip


@pytest.mark.usefixtures("german")
def test_the_palette_shows_and_finds_german_names(qtbot):
    panel = PalettePanel()
    qtbot.addWidget(panel)
    panel.set_labels(COCO.labels, [named(COCO, name).id for name in ("sky-other", "sea", "sand")])
    model = panel.view.model()
    assert [model.index(place, 0).data() for place in range(3)] == ["Himmel", "Meer", "Sand"]
    tip = model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert tip[0].startswith("Meer, ")
    assert tip[1:3] == ["Wasser", "sea, Ozean"]  # what files call it can be read here
    assert panel.show_box.findText("Boden") > 0
    delegate = panel.view.itemDelegate()
    assert isinstance(delegate, ChipDelegate)
    narrow = delegate.width
    panel._choose(Choice("all"))
    panel._refresh_choices()
    assert delegate.width > narrow  # there are longer names than Himmel
    panel.search.setText("felsen")
    assert model.index(0, 0).data() == "Fels"
    assert "Steinmauer" in [display_name(label) for label in listed(panel.offer, Choice("group", "wall"))]


@pytest.mark.usefixtures("german")
def test_dialogs_and_texts_name_labels_in_german(window, qtbot):
    document = window.document
    sky, sea = named(COCO, "sky-other"), named(COCO, "sea")
    assert document.describe(sky.id) == "Himmel"
    assert document.describe(255) == "Ohne Label"
    replacing = ReplaceDialog([sky, sea], [sky, sea], sky.id, sea.id, window)
    assert [replacing.old.itemText(place) for place in range(2)] == ["Himmel", "Meer"]
    state = DocumentState(np.array([[sky.id, sky.id, sky.id], [sea.id, sea.id, 255]], np.uint8), COCO)
    cutout = CutoutDialog(state, window)
    items = [cutout.list.topLevelItem(place) for place in range(3)]
    assert [item.text(0).split("  ")[0] for item in items if item] == ["Himmel", "Meer", "Ohne Label"]
    assert cutout.clear == [sky.id]
    banana = np.full((2, 2), named(COCO, "banana").id, np.uint8)
    assert [lost.name for lost in lost_labels(banana, COCO, CITY)] == ["Banane"]
    assert carry_over(banana, COCO, CITY)[1] == {"Banane": 4}
    replacing.deleteLater()
    cutout.deleteLater()


@pytest.mark.usefixtures("german")
def test_the_report_on_data_names_labels_in_german():
    report = {
        "problems": [], "samples": 1, "kind": "folder", "label_set": "ADE20K", "with_instances": 0, "channels": "", "smallest": None,
        "largest": None, "duplicates": [], "tiny": [], "empty_labels": ["sea", "own word"], "pixels": 4, "unlabeled_pixels": 0,
        "labels": [{"name": "sky", "pixels": 4, "pictures": 1}],
    }  # fmt: skip
    text = report_words(json.dumps(report))
    assert "Himmel (1 " in text
    assert ": Meer, own word" in text


def test_the_language_of_the_window_is_that_of_the_labels(qapp):
    before = list(qapp.findChildren(translations.QTranslator))
    try:
        translations.install(qapp, cast("Language", "de"))
        assert label_text("sky-other") == "Himmel"
        translations.install(qapp, cast("Language", "en"))
        assert label_text("sky-other") == "sky-other"
    finally:
        label_names.use("en")
        for translator in set(qapp.findChildren(translations.QTranslator)) - set(before):
            qapp.removeTranslator(translator)
            translator.deleteLater()


@pytest.mark.usefixtures("german")
def test_favourites_stay_when_the_language_changes(settings):
    label_names.use("de")
    PaletteMemory(settings).toggle_favourite(COCO, SKY)
    label_names.use("en")
    assert PaletteMemory(settings).favourites(COCO) == {SKY}
