"""Wrong parameters stop a run before its first node, and the models follow the library."""

import importlib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from spatial_dual.parameter_check import (
    ParameterCheck,
    ParameterError,
    ProjectParameters,
    refusals,
)
from spatial_dual.parsing.stanza_training import PROGRAMS
from spatial_dual.pipelines.parameters import TrainParameters
from spatial_dual.pipelines.text_parser.parameters import TextParserParameters
from spatial_dual.settings import HOOKS

WRONG = {
    "dual.fit.stepz=3": "--params: dual.fit.stepz: 3: unknown key; allowed are batch_size, betas,",
    "dual.fit.batch_size=0": "--params: dual.fit.batch_size: 0: Input should be greater than",
    "dual.text_diffuser.model.heads=7": "dim 160 must be a multiple of heads 7",
    "scenes.chunk_rows=many": "'many': Input should be a valid integer",
    "train.device=tpu": "train.device: 'tpu': String should match",
    "graph_diffusion.kernel.name=gauss": "Input should be 'uniform', 'absorbing'",
    "perception.hub.depth=here": "perception.hub.instances: is missing",
    "dgae.model.heads=5": "dim 96 must be a multiple of heads 5",
    "tokens.clip.model.heads=3": "width 128 must be a multiple of heads 3",
    "sampling.top_p=0": "--params: sampling.top_p: 0: Input should be greater than 0",
    "dual.fit.betas=[0.9]": "--params: dual.fit.betas: [0.9]: List should have at least 2 items",
    "generate.guidance=.inf": "--params: generate.guidance: inf: Input should be a finite number",
    "dual.image_diffuser.kernel.mask_share=1": "mask_share: 1: Input should be less than 1",
    "graph_diffusion.kernel.steps=1": "graph_diffusion.kernel.steps: 1: Input should be greater",
    "alignment.text_decoder.kernel.name=continuous": "'uniform', 'absorbing' or 'mask_and_replace'",
    "sampling.purity_weight=-1": "sampling.purity_weight: -1: Input should be greater than or eq",
    "dul.fit.steps=3": "--params: dul: {'fit': {'steps': 3}}: unknown key; allowed are",
}
CONFIGURATIONS = {
    "parameters.FitParameters": "training.config.FitConfig",
    "parameters.KernelParameters": "diffusion.interface.KernelConfig",
    "perception.parameters.HubParameters": "perception.hub.config.HubConfig",
    "perception.parameters.NetworkSizes": "perception.network.PerceiverConfig",
    "tokens.parameters.ImageTokenizerSizes": "models.image_tokenizer.ImageTokenizerConfig",
    "tokens.parameters.ClipSizes": "models.clip.ClipConfig",
    "dgae.parameters.DgaeSizes": "models.dgae.DgaeConfig",
    "alignment.parameters.VisualDecoderOptions": "models.decoders.VisualDecoderConfig",
    "alignment.parameters.TextDecoderSizes": "models.decoders.TextDecoderConfig",
    "dual.parameters.ImageDiffuserSizes": "models.token_diffuser.TokenDiffuserConfig",
    "dual.parameters.WeightParameters": "training.objectives.dual.DualWeights",
    "dual.parameters.SamplingParameters": "models.generation.SamplingOptions",
    "evaluate.parameters.SceneClassifierSizes": ("metrics.scene_classifier.SceneClassifierConfig"),
}
FROM_THE_DATA = {  # fields that nodes derive from their inputs, and those of all trainings
    *("shape", "classes", "codes", "tokens", "condition_dim", "is_grid", "state_dim", "labels"),
    *("attributes", "vocabulary_size", "image_size", "text_length", "length", "patches", "tags"),
    "given_coarse",
    "words",
    *("seed", "precision", "device", "max_steps", "processes"),
    *("vqgan", "published"),  # of checkpoints
}


MISFITS = {
    "image_size=100": "image_size: 100: must be a multiple of 16, the coarsest cell of perception",
    "tokens.clip.model.patch=7": "image_size: 128: must be a multiple of 7, the patch of",
    "tokens.image_tokenizer.crops.size=65": "crops.size: 65: must be a multiple of 8, a token",
    "graph_diffusion.hidden_dims.text_hidden=64": "text_hidden: 64: must be 160, dual.text_diff",
    "image_size=144; tokens.image_tokenizer.model.unshuffle=8": "multiple of 32, 2 tokens that",
    "dual.captioner={dim: 64, depth: 1, heads: 2}": "text_hidden: 160: must be 64, dual.captioner",
    "sampling.order=halton; dual.image_diffuser.kernel.name=uniform": (
        "sampling.order: halton: must be chance, as the kernel of dual.image_diffuser has no mask"
    ),
    "sampling.order=purity; dual.text_diffuser.kernel.name=uniform": (
        "sampling.order: purity: must be chance, as the kernel of dual.text_diffuser has no mask"
    ),
    "dual.text_diffuser.kernel={name: uniform, steps: 9, mask_share: 0.5}": (
        "mask_share 0.5 is only read by mask_and_replace, not uniform"
    ),
    "dual.image_diffuser.model={trunk: unet, dim: 12, heads: 2, depth: 1}": (
        "dim 12 must be a multiple of 8 for a unet"
    ),
    "ablations.variants=sd4": "--params: ablations.variants: 'sd4': there is no such variant",
    "ablations.seeds=-1": "ablations.seeds: '-1': must be a whole number of at least 0",
}


def context_with(project: Path, given: dict[str, Any], conf: Path | None = None) -> None:
    bootstrap_project(project)
    source = None if conf is None else str(conf)
    with KedroSession.create(project, runtime_params=given, conf_source=source) as session:
        session.load_context()


def nested(settings: Iterable[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        *sections, last = key.split(".")
        place = given
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = yaml.safe_load(value)
    return given


@pytest.mark.parametrize("setting", MISFITS)
def test_what_does_not_fit_other_values_is_named(project_path: Path, setting: str) -> None:
    with pytest.raises(ParameterError) as refused:
        context_with(project_path, nested(setting.split("; ")))
    assert MISFITS[setting] in refused.value.message


REFUSED = {
    "text_parser.tagger.lr=fast": "tagger.lr: 'fast': invalid float value: 'fast'",
    "text_parser.parser.lrr=0.1": "parser.lrr: 0.1: unknown option; see python -m stanza.models.p",
    "text_parser.tagger.share_hid=3": "tagger.share_hid: 3: the option takes no value; say true",
    "text_parser.splitter.num_epoch=true": "num_epoch: True: expected one argument",
    "train.device=cuda:1": "train.device: cuda:1: not on this machine; allowed are auto, cpu, cuda",
}


def test_what_other_libraries_refuse_stops_the_run_before_its_first_node(
    project_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    bootstrap_project(project_path)
    conf, given = str(project_path / "conf"), nested(REFUSED)
    with (
        KedroSession.create(tmp_path, conf_source=conf, runtime_params=given) as session,
        pytest.raises(ParameterError) as refused,
    ):
        session.run(pipeline_names=["text_parser", "perception"])
    for setting, message in REFUSED.items():
        assert message in refused.value.message, setting
    assert not (tmp_path / "data").exists()


def test_only_what_the_nodes_read_is_asked_of_other_libraries(project_path: Path) -> None:
    with (project_path / "conf/base/parameters_text_parser.yml").open() as file:
        given = ProjectParameters.model_construct(
            train=TrainParameters(device="cuda", max_steps=None),
            text_parser=TextParserParameters(**yaml.safe_load(file)["text_parser"]),
        )
    assert refusals(given, {"scenes_train"}) == {}
    models = {f"params:text_parser.{model}" for model in PROGRAMS}
    assert refusals(given, models) == {}


def test_a_run_of_no_pipeline_by_name_passes_the_check(project_path: Path) -> None:
    """As in ``kedro run`` and ``--from-nodes``: the parameters of all variants are there too."""
    bootstrap_project(project_path)
    with KedroSession.create(project_path) as session:
        context = session.load_context()
    assert "sd3" in context.config_loader["parameters"]
    [check] = [hook for hook in HOOKS if isinstance(hook, ParameterCheck)]
    check.before_pipeline_run(pipelines["__default__"])


def test_all_that_is_wrong_on_the_command_line_is_named_at_once(project_path: Path) -> None:
    with pytest.raises(ParameterError) as refused:
        context_with(project_path, nested(WRONG))
    for setting, message in WRONG.items():
        assert message in refused.value.message, setting


def test_the_file_is_named(project_path: Path, tmp_path: Path) -> None:
    for source in (project_path / "conf").glob("base/*.yml"):
        (tmp_path / "base").mkdir(exist_ok=True)
        (tmp_path / "base" / source.name).write_text(source.read_text())
    (tmp_path / "local").mkdir()
    bad = tmp_path / "local" / "parameters_dgae.yml"
    bad.write_text("dgae: {slots: 0, model: {levles: [5]}}\n")
    with pytest.raises(ParameterError) as refused:
        context_with(project_path, {}, tmp_path)
    assert f"{bad}: dgae.slots: 0: Input should be greater than or equal to 1" in str(refused.value)
    assert f"{bad}: dgae.model.levles: [5]: unknown key; allowed are dim," in str(refused.value)


@pytest.mark.parametrize("model", CONFIGURATIONS)
def test_models_follow_the_configurations_of_the_library(model: str) -> None:
    checked, configured = load(f"pipelines.{model}"), load(CONFIGURATIONS[model])
    keys = checked.model_fields.keys()
    known = {field.name for field in fields(configured)}
    assert keys - known == set()
    assert known - keys <= FROM_THE_DATA


def test_a_unet_is_asked_for_the_width_that_it_needs() -> None:
    assert load("pipelines.dual.parameters.UNET_GROUPS") == load("models.unet.GROUPS")


def load(name: str) -> Any:
    module, _, attribute = f"spatial_dual.{name}".rpartition(".")
    return getattr(importlib.import_module(module), attribute)
