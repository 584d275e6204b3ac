"""The plain report of weights files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.weights import WeightsInfo, describe
from spade_studio.engine.weights.shapes import parameter_count


def info(generator: AnyGeneratorConfig | None, **changes: Any) -> WeightsInfo:
    empty = WeightsInfo(Path("some.pth"), "published", generator, None, None, None, None, "some weights")
    return replace(empty, **changes)


@pytest.mark.parametrize(
    ("config", "millions"),
    [
        (GeneratorConfig(184), 97.5),
        (GeneratorConfig(151), 96.5),
        (GeneratorConfig(184, input="noise"), 112.6),
        (GeneratorConfig(36, upsampling="more", input="noise", crop_size=512, aspect_ratio=2.0), 101.1),
        (GeneratorConfig(4), 92.1),
        (EncoderConfig(), 10.5),
        (DiscriminatorConfig(4), 5.5),
    ],
)
def test_parameter_counts_of_the_published_networks(
    config: AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig, millions: float
) -> None:
    assert round(parameter_count(config) / 1e6, 1) == millions


def test_a_report_of_weights_with_everything() -> None:
    report = describe(
        info(
            GeneratorConfig(184, input="noise", z_width=256),
            encoder=EncoderConfig(),
            channels=LabelChannels.coco_stuff(),
            training_size=(256, 512),
            steps=123_456,
            data="photographs",
            licence="free",
            averaged=True,
            notes=("one thing", "another"),
        )
    )
    for text in (
        "some weights\n",
        "112.6 million parameters",
        "10.5 million parameters",
        "upsampling 'normal' (stride 32)",
        LabelChannels.coco_stuff().explain(),
        "COCO-Stuff, 182 labels: person, bicycle, car,",
        "512x256 pixels (width x height)",
        "123,456",
        "Averaged:       yes",
        "photographs",
        "free",
        "Style image:    yes",
        "Noise:          yes",
        "Instance edges: yes",
        "- one thing\n- another",
    ):
        assert text in report


def test_a_report_of_weights_with_little() -> None:
    report = describe(info(Pix2PixHDConfig(5), channels=LabelChannels.plain(5, unlabeled=False, edge=False)))
    for text in ("pix2pixHD", "Label set:      not known", "Style image:    no\n", "Noise:          no", "Instance edges: no"):
        assert text in report
    assert "Notes" not in report
    assert "Steps" not in report
    report = describe(info(GeneratorConfig(5, input="noise")))
    assert "Style image:    no, there is no encoder" in report


def test_a_report_of_a_discriminator_alone() -> None:
    report = describe(info(None, discriminator=DiscriminatorConfig(4)))
    assert "Discriminator:  5.5 million parameters, 4 label channels" in report
    assert "these weights cannot render" in report
    assert "Discriminator:  23,434 parameters" in describe(info(None, discriminator=DiscriminatorConfig(4, 4)))


def test_a_report_does_not_obey_the_file() -> None:
    report = describe(info(None, path=Path("a\x1b[2Jb"), encoder=EncoderConfig()))
    assert "\x1b" not in report
