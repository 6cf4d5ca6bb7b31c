"""All parameters of a run, checked before its first node."""

from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import yaml
from click import ClickException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from spatial_dual.pipelines.ablations.parameters import AblationsParameters
from spatial_dual.pipelines.alignment.parameters import AlignmentParameters
from spatial_dual.pipelines.dgae.parameters import DgaeParameters
from spatial_dual.pipelines.dual.parameters import DualParameters, SamplingParameters
from spatial_dual.pipelines.evaluate.parameters import EvaluateParameters
from spatial_dual.pipelines.generate.parameters import GenerateParameters
from spatial_dual.pipelines.graph_diffusion.parameters import GraphDiffusionParameters
from spatial_dual.pipelines.parameters import (
    Count,
    Natural,
    Section,
    TrainParameters,
    left_out,
    problems,
)
from spatial_dual.pipelines.perception.parameters import PerceptionParameters
from spatial_dual.pipelines.pretrained.parameters import PretrainedParameters
from spatial_dual.pipelines.rating_sheets.parameters import RatingSheetsParameters
from spatial_dual.pipelines.report.parameters import ReportParameters
from spatial_dual.pipelines.scene_graphs.parameters import SceneGraphsParameters
from spatial_dual.pipelines.scenes.parameters import ScenesParameters
from spatial_dual.pipelines.text_parser.parameters import TextParserParameters
from spatial_dual.pipelines.tokens.parameters import TokensParameters


class ParsingParameters(Section):
    """Models that read texts, see ``parsing.default.parser_of``."""

    folder: str | None
    package: str | None
    factual: str
    spelling: bool


class PhotosPlace(Section):
    """``--params=photos.path=DIR`` of the environment photos."""

    path: str


class VsdPlace(Section):
    """``--params=vsd.path=…`` of the environment vsd; ``gpt2`` names another than its own."""

    path: str = left_out()
    images: str = left_out()
    prefix: str = left_out()
    gpt2: str = left_out()


class GoldGraphsPlace(Section):
    """``--params=gold_graphs.path=DIR`` of the environments 3dssg and factual."""

    path: str


class CaptionsPlace(Section):
    """``--params=captions.path=DIR`` of the pipeline parsing_report."""

    path: str


class ProjectParameters(Section):
    """``parameters.yml`` and the stages' own."""

    seed: Natural
    image_size: Count
    parsing: ParsingParameters
    train: TrainParameters
    scenes: ScenesParameters
    perception: PerceptionParameters
    scene_graphs: SceneGraphsParameters
    text_parser: TextParserParameters
    tokens: TokensParameters
    dgae: DgaeParameters
    alignment: AlignmentParameters
    graph_diffusion: GraphDiffusionParameters
    dual: DualParameters
    sampling: SamplingParameters
    generate: GenerateParameters
    evaluate: EvaluateParameters
    report: ReportParameters
    rating_sheets: RatingSheetsParameters
    pretrained: PretrainedParameters
    ablations: AblationsParameters = left_out()
    photos: PhotosPlace = left_out()
    vsd: VsdPlace = left_out()
    gold_graphs: GoldGraphsPlace = left_out()
    captions: CaptionsPlace = left_out()


class ParameterError(ClickException):
    """Unknown keys or bad values; a line for each with file, key, value and what is allowed."""

    @classmethod
    def at(cls, found: Mapping[str, str], context: KedroContext) -> "ParameterError":
        """Of what is wrong with each dotted key."""
        lines = [f"{_source_of(key, context)}: {key}: {text}" for key, text in found.items()]
        return cls("the parameters are wrong\n" + "\n".join(lines))


class ParameterCheck:
    """Stops a run whose parameters are not what ``ProjectParameters`` says."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check as soon as there are parameters, before variants add theirs to them."""
        self._context = context
        parameters = context.config_loader["parameters"]
        found = problems(ProjectParameters, parameters)
        if not found:
            self._given = ProjectParameters(**parameters)
            found = misfits(self._given)
        if found:
            raise ParameterError.at(found, context)

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Check what takes a library to know, where a node of the run asks that library."""
        found = refusals(self._given, set().union(*(node.inputs for node in pipeline.nodes)))
        if found:
            raise ParameterError.at(found, self._context)


def misfits(given: ProjectParameters) -> dict[str, str]:
    """What is wrong with keys whose values are right alone and do not fit others."""
    return {
        **_uneven_sides(given),
        **_unequal_widths(given),
        **_order_without_mask(given),
        **_judge_alike(given),
        **_clip_alike(given),
        **_two_splits(given),
    }


def _uneven_sides(given: ProjectParameters) -> dict[str, str]:
    """Images and crops that are no whole number of what networks cut them into."""
    found = {}
    tokens, perception, diffuser = given.tokens, given.perception, given.dual.image_diffuser
    tokenizer, clip, judge = tokens.image_tokenizer, tokens.clip, given.evaluate.judge
    token = 2 * tokenizer.model.unshuffle
    # each of these halves the grid of tokens
    tokens_a_side = 2 ** (diffuser.coarse_to_fine + (diffuser.model.trunk == "hourglass"))
    strides = {
        f"{tokens_a_side} tokens that dual.image_diffuser joins": (
            1 if tokenizer.pretrained else tokens_a_side * token
        ),
        "a token of tokens.image_tokenizer": 1 if tokenizer.pretrained else token,
        "the patch of tokens.clip": 1 if clip.pretrained else clip.model.patch,
        "the coarsest cell of evaluate.judge": (
            1 if judge.hub else 4 * 2 ** (len(judge.model.widths) - 1)
        ),
        "the coarsest cell of perception": (
            1 if perception.hub else 4 * 2 ** (len(perception.model.widths) - 1)
        ),
    }
    for what, side in strides.items():
        if given.image_size % side:
            found["image_size"] = f"{given.image_size}: must be a multiple of {side}, {what}"
    if tokenizer.crops.size % token and not tokenizer.pretrained:
        text = f"{tokenizer.crops.size}: must be a multiple of {token}, a token of the model"
        found["tokens.image_tokenizer.crops.size"] = text
    return found


def _unequal_widths(given: ProjectParameters) -> dict[str, str]:
    """Hidden states that the graph diffuser expects of another width than they have."""
    dual, found = given.dual, {}
    widths = {
        "image_hidden": ("image_diffuser.model", dual.image_diffuser.model.dim),
        "text_hidden": ("text_diffuser.model", dual.text_diffuser.model.dim),
    }
    if dual.captioner:
        widths["text_hidden"] = ("captioner", dual.captioner.dim)
    for name, (place, width) in widths.items():
        stated = getattr(given.graph_diffusion.hidden_dims, name)
        if stated != width:
            text = f"{stated}: must be {width}, dual.{place}.dim"
            found[f"graph_diffusion.hidden_dims.{name}"] = text
    return found


def _order_without_mask(given: ProjectParameters) -> dict[str, str]:
    """An order reveals masked tokens; Halton's is of image tokens alone."""
    dual, order = given.dual, given.sampling.order
    ordered = {"purity": ["image_diffuser", "text_diffuser"], "halton": ["image_diffuser"]}
    bare = [name for name in ordered.get(order, []) if not getattr(dual, name).kernel.has_mask]
    if not bare:
        return {}
    return {
        "sampling.order": f"{order}: must be chance, as the kernel of dual.{bare[0]} has no mask"
    }


def _judge_alike(given: ProjectParameters) -> dict[str, str]:
    """A judge that is the model's own perceiver in all but name."""
    judge, own = given.evaluate.judge, given.perception
    if judge.hub and own.hub:
        alike = {n for n in ("depth", "instances") if getattr(judge.hub, n) == getattr(own.hub, n)}
        text = "must be another checkpoint than that of perception.hub"
        return {f"evaluate.judge.hub.{name}": text for name in sorted(alike)}
    if not judge.hub and not own.hub and judge.model.widths == own.model.widths:
        text = f"{judge.model.widths}: must differ from perception.model.widths"
        return {"evaluate.judge.model.widths": text}
    return {}


def _clip_alike(given: ProjectParameters) -> dict[str, str]:
    """A CLIP of the metrics that the model is fed with: it would like what it is shown."""
    fed, metrics = given.tokens.clip.pretrained, given.tokens.clip_for_metrics.pretrained
    asked = {"evaluate.clip": given.evaluate.clip, "tokens.clip_for_metrics.pretrained": metrics}
    text = f"{fed}: must be another checkpoint than that of tokens.clip.pretrained"
    return {key: text for key, name in asked.items() if name and name == fed}


def _two_splits(given: ProjectParameters) -> dict[str, str]:
    """Figures of another split than the samples'."""
    made, asked = given.generate.split, given.evaluate.split
    text = f"{asked}: must be {made}, generate.split"
    return {} if made == asked else {"evaluate.split": text}


def refusals(given: ProjectParameters, read: Set[str]) -> dict[str, str]:
    """What this machine and other libraries would refuse of the parameters that nodes read.

    Args:
        given: all parameters.
        read: inputs of the run's nodes, ``params:`` entries among them.
    """
    found = {}
    device = given.train.device
    if "params:train" in read and device.startswith("cuda"):
        from spatial_dual.devices import cuda_devices

        if device not in (present := cuda_devices()):
            allowed = ", ".join(["auto", "cpu", *present])
            found["train.device"] = f"{device}: not on this machine; allowed are {allowed}"
    for model, options in given.text_parser.programs().items():
        if f"params:text_parser.{model}" in read:
            from spatial_dual.parsing.stanza_training import wrong_options

            wrong = wrong_options(model, options)
            found |= {f"text_parser.{model}.{key}": text for key, text in wrong.items()}
    return found


def _source_of(key: str, context: KedroContext) -> str:
    """Where a key was set: the command line, or the file that overrides the others."""
    path = key.split(".")
    if _reaches(context._runtime_params or {}, path):
        return "--params"
    for file in _files(context):
        if _reaches(yaml.safe_load(file.read_text(encoding="utf-8")), path):
            return str(file)
    # absent everywhere, so it belongs beside its neighbours
    return _source_of(key.rpartition(".")[0], context) if len(path) > 1 else "conf"


def _files(context: KedroContext) -> Iterator[Path]:
    loader: Any = context.config_loader
    for environment in (loader.env or loader.default_run_env, loader.base_env):
        yield from sorted((Path(loader.conf_source) / environment).glob("parameters*.yml"))


def _reaches(tree: Any, path: list[str]) -> bool:
    for key in path:
        if not isinstance(tree, dict) or key not in tree:
            return False
        tree = tree[key]
    return True
