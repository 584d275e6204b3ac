from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import CRNConfig, SIMSConfig, generator_config_from_json
from spade_studio.engine.networks.layout import Canvas, Layout
from spade_studio.engine.networks.refinement import CRNGenerator
from spade_studio.engine.networks.semiparametric import SIMSGenerator
from spade_studio.engine.weights.shapes import parameter_count, tensor_shapes


def layout(size: tuple[int, int] = (64, 64), batch: int = 2, channels: int = 5, canvas: Canvas | None = None) -> Layout:
    labels = np.random.default_rng(0).integers(0, channels, (batch, size[0] // 8, size[1] // 8)).repeat(8, 1).repeat(8, 2)
    made = Layout.from_channels(labels, channels)
    made.canvas = canvas
    return made


def test_widths_and_sizes_are_those_of_the_publication() -> None:
    config = CRNConfig(183)
    assert config.widths == (1024,) * 5 + (512, 512)
    assert (config.stride, config.picture_size) == (64, (256, 256))
    large = CRNConfig(36, crop_size=2048, aspect_ratio=2.0)
    assert large.widths == (1024,) * 5 + (512, 512, 128, 32)
    assert large.picture_size == (1024, 2048)
    assert CRNConfig(36, crop_size=512, aspect_ratio=2.0).picture_size == (256, 512)
    # The publication gives 105 million for 1024 x 2048, with 20 labels.
    assert parameter_count(CRNConfig(20, crop_size=2048, aspect_ratio=2.0)) == pytest.approx(105e6, rel=0.1)


@pytest.mark.parametrize("options", [{"crop_size": 200}, {"crop_size": 6}, {"crop_size": 300, "aspect_ratio": 1.5}, {"pictures": 300}])
def test_sizes_that_do_not_halve_down_to_four_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        CRNConfig(5, 16, **options)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "config", [CRNConfig(5, 64, crop_size=64), CRNConfig(5, 64, crop_size=64, pictures=9), SIMSConfig(5, 4, crop_size=64)]
)
def test_shapes_and_json_are_those_of_the_network(config: CRNConfig | SIMSConfig) -> None:
    network = build_generator(config)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == tensor_shapes(config)
    assert generator_config_from_json(json.loads(json.dumps(config.to_json()))) == config


def reference_crn(network: CRNGenerator, planes: torch.Tensor) -> torch.Tensor:
    """CRN written again from its publication."""
    x = None
    state = network.state_dict()
    for number in range(len(network.config.widths)):
        side = planes.shape[-2] // 2**(3 - number), planes.shape[-1] // 2**(3 - number)
        seen = F.adaptive_avg_pool2d(planes, side)
        x = seen if x is None else torch.cat((F.interpolate(x, side, mode="bilinear", align_corners=True), seen), 1)
        for part in (0, 1):
            x = F.conv2d(x, state[f"stages.{number}.conv_{part}.weight"], padding=1)
            mean, variance = x.mean((1, 2, 3), keepdim=True), x.var((1, 2, 3), correction=0, keepdim=True)
            x = (x - mean) / (variance + 1e-5).sqrt()
            gain, offset = (state[f"stages.{number}.norm_{part}.{name}"][:, None, None] for name in ("weight", "bias"))
            x = F.leaky_relu(x * gain + offset, 0.2)
    assert x is not None
    return F.conv2d(x, state["last.weight"], state["last.bias"])


def test_crn_is_its_definition_at_its_own_and_at_another_size() -> None:
    torch.manual_seed(0)
    network = CRNGenerator(CRNConfig(5, 64, crop_size=32, pictures=3)).double()
    for parameter in network.parameters():  # gains and offsets too
        torch.nn.init.normal_(parameter, 0.1, 0.3)
    for size in ((32, 32), (64, 96)):
        given = layout(size)
        expected = reference_crn(network, given.one_hot(*size, "cpu", torch.float64))
        pictures = network.pictures(given)
        assert pictures.shape == (2, 3, 3, *size)
        assert torch.allclose(pictures[:, 1], expected[:, [1, 4, 7]], atol=1e-9)  # red, green and blue of the second picture


def test_a_code_chooses_the_picture() -> None:
    torch.manual_seed(0)
    network = CRNGenerator(CRNConfig(5, 64, crop_size=32, pictures=3))
    given = layout((32, 32))
    pictures = network.pictures(given).clamp(-1, 1)
    assert network.config.style_width == 3
    z = torch.tensor([[0.1, 2.0, -1.0], [0.0, -1.0, 0.5]])
    assert torch.equal(network(given, z), torch.stack((pictures[0, 1], pictures[1, 2])))
    assert torch.equal(network(given), pictures[:, 0])


def test_only_the_last_modules_learn_where_asked() -> None:
    network = CRNGenerator(CRNConfig(5, 64, crop_size=32))
    network.train_last(2)
    learning = {name.rpartition(".")[0].split(".conv")[0].split(".norm")[0] for name, p in network.named_parameters() if p.requires_grad}
    assert learning == {"stages.2", "stages.3", "last"}
    everything = CRNGenerator(CRNConfig(5, 64, crop_size=32))
    everything.train_last(0)
    assert all(parameter.requires_grad for parameter in everything.parameters())


def canvas(size: tuple[int, int] = (64, 64), batch: int = 2) -> Canvas:
    random = np.random.default_rng(1)
    known = random.random((batch, *size)) < 0.7
    return Canvas(random.integers(0, 256, (batch, *size, 3), np.uint8) * known[..., None], known)


def test_canvas_planes_are_colours_where_known() -> None:
    given = canvas()
    planes = layout(canvas=given).canvas_planes("cpu", torch.float32)
    assert planes.shape == (2, 4, 64, 64)
    assert torch.equal(planes[:, 3], torch.from_numpy(given.known).float())
    assert torch.allclose(planes[0, :3].permute(1, 2, 0)[given.known[0]], torch.from_numpy(given.colors[0][given.known[0]]) / 127.5 - 1)
    assert float(planes[:, :3].abs().sum(1)[torch.from_numpy(~given.known)].max()) == 0
    assert float(layout().canvas_planes("cpu", torch.float32).abs().max()) == 0


def test_sims_sees_layout_and_canvas_and_scores_labels() -> None:
    torch.manual_seed(0)
    network = SIMSGenerator(SIMSConfig(5, 4, crop_size=64))
    with_canvas, without = layout((64, 128), canvas=canvas((64, 128))), layout((64, 128))
    picture, scores = network.outputs(with_canvas)
    made = picture.detach()
    assert picture.shape == (2, 3, 64, 128)
    assert scores.shape == (2, 5, 64, 128)
    assert float((made - network.outputs(without)[0].detach()).abs().max()) > 1e-3
    other = Layout(with_canvas.codes[:, ::-1].copy(), with_canvas.book, canvas=with_canvas.canvas)
    assert float((made - network.outputs(other)[0].detach()).abs().max()) > 1e-3
    (picture.square().sum() + scores.square().sum()).backward()
    assert all(parameter.grad is not None and float(parameter.grad.abs().max()) > 0 for parameter in network.parameters())


def test_sims_has_the_widths_of_its_publication() -> None:
    config = SIMSConfig(36, crop_size=512, aspect_ratio=2.0)
    assert config.encoder_plan == ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512), (3, 512))
    assert config.decoder_widths == (512, 512, 512, 512, 512, 256, 256)
    assert (config.stride, config.picture_size) == (64, (256, 512))
