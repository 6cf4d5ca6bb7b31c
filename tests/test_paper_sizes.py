"""``conf/vsd`` has the paper's sizes: parameters of each training step are near its Table 8."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from torch import nn

from spatial_dual.diffusion import LossWeights
from spatial_dual.models.decoders import TextDecoder, VisualDecoder
from spatial_dual.models.dgae import Dgae
from spatial_dual.models.dual import DualModel, DualModelConfig
from spatial_dual.models.generation import SamplingOptions
from spatial_dual.models.graph_diffuser import GraphDiffuserConfig
from spatial_dual.models.graph_nodes import NodeShape
from spatial_dual.models.prior import ImagePrior
from spatial_dual.models.token_diffuser import TokenDiffuserConfig
from spatial_dual.models.vqgan import VqganConfig
from spatial_dual.training.config import FitConfig
from spatial_dual.training.objectives.dual import DualWeights
from tests.models.graphs import said_in

PROJECT = Path(__file__).parents[1]
SHAPE = NodeShape(slots=8, labels=1001, attributes=(20, 20), converse=tuple(range(14)), places=50)
GRAPH_CODES = 8 * 8 * 8 * 5
# what is read off checkpoints and data there: a VQGAN of 8² pixels a token in its usual sizes, the
# codes that the paper found in use, the width of CLIP ViT-B/32
VQGAN = VqganConfig(
    dim=256,
    latent_channels=256,
    channels=(128, 128, 256, 512),
    layers=2,
    attends=(False, False, False, True),
    decoder_attends=(True, False, False, False),
)
IMAGE_CODES, CLIP_WIDTH = 2886, 512


@pytest.fixture(scope="module")
def parameters() -> dict[str, Any]:
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env="vsd") as session:
        loaded: dict[str, Any] = session.load_context().params
    return loaded


def millions(model: nn.Module) -> float:
    return sum(p.numel() for p in model.parameters()) / 1e6


def test_published_parts_are_the_papers(parameters: dict[str, Any]) -> None:
    tokens = parameters["tokens"]
    assert parameters["image_size"] // VQGAN.patch == 32
    assert tokens["image_tokenizer"]["pretrained"]
    assert tokens["clip"]["pretrained"] != tokens["clip_for_metrics"]["pretrained"]
    assert tokens["text"]["pretrained"] == parameters["alignment"]["text_decoder"]["pretrained"]
    assert tokens["text"]["length"] == 77


def test_optimiser_and_sampler_are_the_papers(parameters: dict[str, Any]) -> None:
    dual, alignment = parameters["dual"], parameters["alignment"]
    stages = (dual, parameters["dgae"], parameters["graph_diffusion"], *alignment.values())
    for stage in stages:
        fit = FitConfig(**stage["fit"])
        assert tuple(fit.betas) == (0.9, 0.98)
        assert fit.matrix_learning_rate is None  # AdamW alone
        assert not fit.module_rates
        assert fit.learning_rate * fit.rate_at(9_999) == pytest.approx(5e-5)
        assert fit.learning_rate * fit.rate_at(4_999) == pytest.approx(2.5e-5)
        assert fit.learning_rate * fit.rate_at(fit.steps - 1) == pytest.approx(5e-5)
    assert parameters["sampling"]["steps"] == 200
    chains = (dual["image_diffuser"], dual["text_diffuser"], parameters["graph_diffusion"])
    assert all(stage["kernel"]["steps"] >= 200 for stage in chains)


def test_losses_are_the_papers(parameters: dict[str, Any]) -> None:
    """(9) and (11) are sums without weights, each diffusion loss is the bound (19) alone."""
    dual = parameters["dual"]
    weights = DualWeights(**dual["weights"])
    parts = ("ST2I", "SI2T", "duality", "T23D", "I23D", "X-T23D", "X-I23D")
    assert [weights.of(part) for part in parts] == [1.0] * len(parts)
    assert weights.of("teacher-T23D") == weights.of("teacher-I23D") == 0
    for stage in (dual, parameters["graph_diffusion"]):
        loss = LossWeights(**stage["loss"])
        assert (loss.vlb, loss.cross_entropy, loss.absent) == (1.0, 0.0, 1.0)
    assert dual["graph_records"] is None


def test_networks_are_the_papers(parameters: dict[str, Any]) -> None:
    """A U-Net, PixelCNN++ on pixels, a GPT-2 that reads a prefix, global CLIP features."""
    dual, decoder = parameters["dual"], parameters["alignment"]["text_decoder"]
    assert dual["image_diffuser"]["model"]["trunk"] == "unet"
    sizes = {"codes": IMAGE_CODES, "tokens": 32 * 32, **dual["image_prior"]["model"]}
    with torch.device("meta"):
        prior = ImagePrior(ImagePrior.Config(**sizes, pixels=dual["image_prior"]["pixels"]))
    assert prior.reads_pixels
    assert not decoder["model"]["cross_attention"]
    assert parameters["graph_diffusion"]["condition"] == "global"
    assert dual["captioner"] is None
    assert not dual["image_diffuser"]["coarse_to_fine"]


def test_sampling_is_the_chain_as_it_is(parameters: dict[str, Any]) -> None:
    options = SamplingOptions(**parameters["sampling"])
    assert options.steps == 200
    assert options.guidance == options.temperature == options.top_p == 1
    assert options.graph_temperature == 1
    assert (options.spacing, options.order, options.purity_weight) == ("even", "chance", None)
    assert options.guidance_start is options.temperature_start is None
    own = yaml.safe_load((PROJECT / "conf/vsd/parameters_sampling.yml").read_text())["sampling"]
    assert own.keys() == asdict(options).keys()  # whatever the base's defaults become
    assert options.candidates == options.drawings == 1


def test_step_1_has_about_110_million_parameters(parameters: dict[str, Any]) -> None:
    # its quantiser counts its codes as it is built, which the meta device cannot
    dgae = Dgae(Dgae.Config(SHAPE, **parameters["dgae"]["model"]))
    assert dgae.codes == GRAPH_CODES
    assert millions(dgae) == pytest.approx(110, rel=0.15)


def test_step_2_has_about_127_million_parameters(parameters: dict[str, Any]) -> None:
    tokens, alignment = parameters["tokens"], parameters["alignment"]
    text, said = tokens["text"], said_in(1000, SHAPE)
    with torch.device("meta"):
        visual = VisualDecoder(VisualDecoder.Config(SHAPE, VQGAN))
        words = TextDecoder(
            TextDecoder.Config(
                SHAPE,
                said,
                text["vocabulary_size"],
                text["length"],
                **alignment["text_decoder"]["model"],
            )
        )
    assert millions(visual) + millions(words) == pytest.approx(127, rel=0.15)


def test_steps_3_and_4_have_about_350_million_and_1_1_billion(parameters: dict[str, Any]) -> None:
    tokens, dual = parameters["tokens"], parameters["dual"]
    graph = parameters["graph_diffusion"]
    width = CLIP_WIDTH
    conditions = {"image": width, "text": width, **graph["hidden_dims"]}
    config = DualModelConfig(
        TokenDiffuserConfig(
            SHAPE,
            IMAGE_CODES,
            tokens=32 * 32,
            condition_dim=width,
            is_grid=True,
            **dual["image_diffuser"]["model"],
        ),
        TokenDiffuserConfig(
            SHAPE,
            tokens["text"]["vocabulary_size"],
            tokens=tokens["text"]["length"],
            condition_dim=width,
            is_grid=False,
            **dual["text_diffuser"]["model"],
        ),
        GraphDiffuserConfig(SHAPE, GRAPH_CODES, conditions, **graph["model"]),
    )
    with torch.device("meta"):
        model = DualModel(config)
    assert millions(model.graph) == pytest.approx(350, rel=0.1)
    assert millions(model) == pytest.approx(1100, rel=0.1)
