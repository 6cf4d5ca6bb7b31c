"""The judge of drawings is independent: by seed, sizes, augmentation, and by who is handed it."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Node, Pipeline

from spatial_dual.datasets.records import Records, write_records
from spatial_dual.metrics.judge_batches import JudgeBatches, gaussian_blur, through_tokens
from spatial_dual.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from spatial_dual.parameter_check import ProjectParameters, misfits
from spatial_dual.perception.batches import PerceptionBatches
from spatial_dual.pipelines.evaluate.judge_nodes import train_judge
from spatial_dual.pipelines.perception.nodes import train_perceiver
from spatial_dual.pipelines.perception.parameters import HubParameters
from spatial_dual.render.scenes import render_chunk
from spatial_dual.settings import CONFIG_LOADER_ARGS
from spatial_dual.training import perceivers

JUDGING = {"train_judge", "judge_pictures", "judge_gold_drawings", "judge_several"}
KINDS = {"colour": ["red", "orange", "yellow", "green", "blue", "purple", "white", "black"]}
FIT = {"steps": 1, "batch_size": 2, "learning_rate": 1e-3}
SIZES = {"widths": [8, 8], "blocks": 1}


@pytest.fixture(scope="module")
def context(project_path) -> KedroContext:
    bootstrap_project(project_path)
    choice = {"variants": "sd3+singleton", "seeds": 0}
    with KedroSession.create(
        project_path, env="smoke", runtime_params={"ablations": choice}
    ) as session:
        pipelines.set_requested(["ablations"])
        yield session.load_context()
        pipelines.set_requested(None)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> Records:
    folder = tmp_path_factory.mktemp("scenes")
    return write_records(folder, [render_chunk(0, "train", range(6), 32)])


@pytest.fixture(scope="module")
def tokenizer() -> ImageTokenizer:
    torch.manual_seed(0)
    config = ImageTokenizerConfig(codes=16, code_dim=4, channels=8, coarse_blocks=1, fine_blocks=0)
    return ImageTokenizer(config).eval()


def plain(name: str) -> str:
    return name.rsplit(".", 1)[-1]


@pytest.mark.parametrize("name", ["__default__", "ablations"])
def test_nothing_that_generates_chooses_or_trains_takes_what_the_judge_gives(
    context: KedroContext, name: str
) -> None:
    pipeline: Pipeline = pipelines[name]
    nodes = pipeline.nodes
    takers = {plain(node.name) for node in nodes if "judge" in map(plain, datasets(node))}
    assert takers == JUDGING - {"train_judge"}
    judged = {out for node in nodes if plain(node.name) in JUDGING for out in node.outputs}
    made = {"samples", "samples_from_gold", "described_drawings", "spatial_dual", "perceiver"}
    for output in (out for out in pipeline.all_outputs() if plain(out) in made):
        assert not pipeline.to_outputs(output).all_outputs() & judged, output
    readers = {plain(node.name) for node in nodes if judged & set(datasets(node))}
    assert not {name for name in readers - JUDGING if not name.startswith(("evaluate_", "score_"))}


def datasets(node: Node) -> list[str]:
    return [name for name in node.inputs if not name.startswith("params:")]


def test_the_judge_is_trained_once_for_all_variants(context: KedroContext) -> None:
    trainings = [n.name for n in pipelines["ablations"].nodes if plain(n.name) == "train_judge"]
    assert trainings == ["train_judge"]


def test_with_the_perceivers_own_sizes_and_seed_the_judge_is_another_network(
    scenes: Records, tokenizer: ImageTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starting weights, order of examples and augmentation all differ."""
    seen: dict[str, dict[str, object]] = {}

    def record(name, model, loss, batches, config, store):
        generator = torch.Generator().manual_seed(0)
        seen[name] = {
            "weights": model.network.stem.weight.detach().clone(),
            "seed": config.seed,
            "image": batches.load(np.arange(2), generator)["image"],
            "class": type(batches),
        }
        return type("Log", (), {"to_dict": lambda self: {}})()

    monkeypatch.setattr(perceivers, "fit", record)
    train = {"device": "cpu"}
    own = {"hub": None, "attribute_kinds": KINDS, "model": SIZES, "fit": FIT}
    train_perceiver(scenes, None, own, train, 0)
    judge = {"hub": None, "model": SIZES, "token_share": 0.5, "fit": FIT}
    train_judge(scenes, tokenizer, KINDS, None, judge, train, 0)
    perceiver, other = seen["perceiver"], seen["judge"]
    assert perceiver["seed"] != other["seed"]
    assert not torch.equal(perceiver["weights"], other["weights"])
    assert not torch.equal(perceiver["image"], other["image"])
    assert (perceiver["class"], other["class"]) == (PerceptionBatches, JudgeBatches)


@cache
def loaded(project_path: Path, environment: str = "local") -> dict[str, Any]:
    conf = str(project_path / "conf")
    loader = OmegaConfigLoader(conf, environment, **CONFIG_LOADER_ARGS)
    parameters: dict[str, Any] = loader["parameters"]
    return parameters


@pytest.mark.parametrize("hub", [False, True])
def test_a_judge_that_is_the_perceiver_again_is_refused(project_path: Path, hub: bool) -> None:
    given = ProjectParameters(**loaded(project_path)).model_copy(deep=True)
    assert misfits(given) == {}
    if hub:
        vsd = {"depth": "some/depth", "instances": "some/instances"}
        given.perception.hub = given.evaluate.judge.hub = HubParameters(**vsd)
        assert set(misfits(given)) == {f"evaluate.judge.hub.{name}" for name in vsd}
    else:
        given.evaluate.judge.model.widths = given.perception.model.widths
        assert "must differ" in misfits(given)["evaluate.judge.model.widths"]


@pytest.mark.parametrize("key", ["evaluate.clip", "tokens.clip_for_metrics.pretrained"])
def test_a_clip_of_the_metrics_that_the_model_is_fed_with_is_refused(
    project_path: Path, key: str
) -> None:
    given = ProjectParameters(**loaded(project_path)).model_copy(deep=True)
    given.tokens.clip.pretrained = "some/clip"
    given.evaluate.clip, given.tokens.clip_for_metrics.pretrained = "an/other", "a/third"
    assert misfits(given) == {}
    section, name = key.rsplit(".", 1)
    place = given.evaluate if section == "evaluate" else given.tokens.clip_for_metrics
    setattr(place, name, "some/clip")
    assert set(misfits(given)) == {key}


@pytest.mark.parametrize("environment", ["vsd", "photos", "gpu", "order", "smoke"])
def test_no_environment_is_judged_by_what_its_model_is_made_of(
    project_path: Path, environment: str
) -> None:
    assert misfits(ProjectParameters(**loaded(project_path, environment))) == {}


def test_a_share_of_the_pictures_goes_through_tokens(
    scenes: Records, tokenizer: ImageTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spatial_dual.perception.network import PerceiverConfig

    config = PerceiverConfig(labels=("cup",), widths=(8, 8))
    monkeypatch.setattr("spatial_dual.metrics.judge_batches.MOST_BLUR", 0.0)
    monkeypatch.setattr("spatial_dual.metrics.judge_batches.GAIN", 0.0)
    monkeypatch.setattr("spatial_dual.metrics.judge_batches.CHANNEL_GAIN", 0.0)
    images = torch.rand(40, 3, 32, 32)
    decoded = through_tokens(tokenizer, images)
    batches = JudgeBatches(scenes, config, tokenizer, 0.4)
    shown = batches.disturb(images.clone(), torch.Generator().manual_seed(0))
    as_decoded = [torch.allclose(a, b, atol=1e-5) for a, b in zip(shown, decoded, strict=True)]
    as_it_is = [torch.allclose(a, b, atol=1e-5) for a, b in zip(shown, images, strict=True)]
    assert all(a != b for a, b in zip(as_decoded, as_it_is, strict=True))
    assert 8 <= sum(as_decoded) <= 24


def test_blur_is_the_gaussian_of_scipy() -> None:
    from scipy.ndimage import gaussian_filter

    images = torch.rand(3, 3, 24, 20, generator=torch.Generator().manual_seed(0))
    widths = torch.tensor([0.0, 0.6, 1.0])
    blurred = gaussian_blur(images.clone(), widths)
    assert torch.allclose(blurred[0], images[0], atol=1e-6)
    for image, width, ours in zip(images, widths.tolist(), blurred, strict=True):
        expected = gaussian_filter(image.numpy(), (0, width, width), mode="nearest", radius=3)
        np.testing.assert_allclose(ours.numpy(), expected, atol=1e-5)
