"""Turns the published-format folder of the bootstrap weights into the bundle that comes with SPADE Studio.

It trains nothing and knows no pictures: values are copied, and what model.json says of the channels goes into the bundle.

    python packaging/make_default_weights.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from spade_studio.engine.labels import LabelChannels, load_label_set
from spade_studio.engine.weights import default_weights_path, describe, inspect_weights, load_weights, save_bundle

UNLABELED = 255
DATA = (
    "About 4,400 landscape photographs and 10,500 more at 150 pixels, random 128x128 crops and flips; the label maps were made by a "
    "segmentation network"
)
LICENCE = "The photographs carry no clear licence: for development and personal use; see the model card beside this file"


def convert(folder: Path, target: Path) -> None:
    """Write the bundle of the weights in ``folder``, which also holds ``model.json``."""
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    ids = [model["channels"][str(channel)]["id"] for channel in range(len(model["channels"]))]
    label_set = load_label_set(model["label_set"])
    if ids.index(UNLABELED) != len(ids) - 1:
        raise SystemExit("model.json does not name the last channel unlabeled")
    weights = load_weights(folder)
    if weights.info.generator is None:
        raise SystemExit("there is no generator")
    save_bundle(
        target,
        generator_config=weights.info.generator,
        generator=weights.generator,
        channels=LabelChannels.from_label_set(label_set, ids[:-1], "last", edge=False),
        encoder_config=weights.info.encoder,
        encoder=weights.encoder,
        training_size=weights.info.generator.picture_size,
        name="Landscapes (bootstrap)",
        steps=model["training"]["steps"],
        data=DATA,
        licence=LICENCE,
        averaged=True,
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    convert(Path(sys.argv[1]), default_weights_path())
    print(describe(inspect_weights(default_weights_path())))
