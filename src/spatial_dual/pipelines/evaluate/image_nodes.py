"""Nodes of ``evaluate`` that compare sets of pictures: FID, KID, IS, CLIP score."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from spatial_dual.metrics.compositions import by_composition
from spatial_dual.pipelines.evaluate.cards import sampling_card, set_hash
from spatial_dual.pipelines.reading import new_rows, rows_of
from spatial_dual.pipelines.types import CheckpointStore, Records, SceneClassifier, Vocabulary

Parameters = dict[str, Any]
Figures = dict[str, Any]
CALIBRATION = 2000
"""Training images that the directions of FID-scenes are taken from."""
UNBIASED_FROM = 10_000
"""With fewer pictures FID is noticeably biased upwards, and the card says so."""
NO_CLIP = "no CLIP checkpoint; name one, or its folder, in evaluate.clip"


def train_scene_classifier(
    scenes: Records,
    vocabulary: Vocabulary,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[SceneClassifier, Parameters]:
    """Train the extractor of FID-scenes on the training split; gives model and log."""
    import torch

    from spatial_dual.metrics.scene_classifier import (
        SceneClassifier,
        classifier_loss,
    )
    from spatial_dual.metrics.scene_labels import LabelledScenes, tag_words
    from spatial_dual.seeding import derive_seed, seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit

    own_seed = derive_seed(seed, "scene_classifier")
    with seeded_torch(own_seed, "start"):
        model = SceneClassifier(
            SceneClassifier.Config(
                labels=max(2, len(vocabulary.labels)),
                tags=max(2, len(tag_words(vocabulary))),
                **parameters["model"],
            )
        )
    config = FitConfig(**parameters["fit"], **train, seed=own_seed)
    source = LabelledScenes(scenes, vocabulary, model.config.cell)
    log = fit("scene_classifier", model, classifier_loss, source, config, progress)
    seen = scenes.array("image", range(min(CALIBRATION, len(scenes))))
    model.calibrate(torch.from_numpy(seen).permute(0, 3, 1, 2))
    return model, log.to_dict()


def evaluate_images(
    samples: Records,
    scenes: Records,
    training_scenes: Records,
    scene_classifier: SceneClassifier,
    compositions: Figures,
    parameters: Parameters,
    seed: int,
) -> tuple[Figures, Figures]:
    """How like images of the data the drawings are as a set; gives figures and their protocol card.

    Of single drawings, and of those that the model chooses, if there are, under ``system``.
    ``fid``, ``kid``: drawings against training images; ``fid_floor``, ``kid_floor``: the test
    images of the same records, as many as drawings, against the same training images: what perfect
    drawings would get. (Against the test images themselves, drawings would profit from showing the
    very same scenes, and come out below any other set of real images.) ``is``, ``is_gold``:
    Inception score of drawings and of test images. Named ``…_scenes`` by our own extractor.
    ``clip_score``: CLIPScore of captions and drawings by a pretrained CLIP.
    """
    drawn = {"single": samples.array("drawn", range(len(samples)))}
    if "system_drawn" in samples.columns:
        drawn["system"] = samples.array("system_drawn", range(len(samples)))
    gold = scenes.array("image", rows_of(samples, scenes))
    count = min(parameters["reference_images"], len(training_scenes))
    real = training_scenes.array("image", range(count))
    card = {
        "pictures": len(samples),
        "real_set": f"the first {count} training images; the floor: {len(gold)} test images",
        "real_set_sha256": set_hash(real),
        "floor_set_sha256": set_hash(gold),
        **sampling_card(samples),
    }
    if len(samples) < UNBIASED_FROM:
        card["warning"] = (
            f"FID of {len(samples)} pictures is biased upwards (usual: {UNBIASED_FROM} or more); "
            "compare with the floor, of as many, not with FIDs of other counts"
        )
    try:
        extractor = _extractor(parameters, scene_classifier)
    except (FileNotFoundError, ValueError) as error:
        figures: Figures = dict.fromkeys(("fid", "kid", "is"), str(error))
    else:
        new = new_rows(compositions, samples)
        splits = parameters["inception_splits"]
        distances = _Distances(extractor, {"real": real, "gold": gold, **drawn}, splits, seed)
        figures = by_composition(partial(distances.of, "single"), len(samples), new)
        if "system" in drawn:
            figures["system"] = by_composition(partial(distances.of, "system"), len(samples), new)
        card |= {
            "extractor": extractor.name,
            "extractor_sha256": extractor.digest,
            "resize": extractor.resize,
            "inception_splits": parameters["inception_splits"],
        }
    score, clip_card = _clip_score(parameters["clip"], samples.values("caption"), drawn["single"])
    return figures | {"clip_score": score}, card | clip_card


def _extractor(parameters: Parameters, scene_classifier: SceneClassifier) -> Any:
    from pathlib import Path

    from spatial_dual.metrics.extractors import (
        INCEPTION_SHA256,
        ClassifierExtractor,
        InceptionExtractor,
    )

    if parameters["extractor"] == "scenes":
        return ClassifierExtractor(scene_classifier)
    path, digest = parameters["inception"]["path"], parameters["inception"]["sha256"]
    return InceptionExtractor(Path(path) if path else None, digest or INCEPTION_SHA256)


class _Distances:
    """Distances of sets of pictures, whose features are taken once."""

    def __init__(self, extractor: Any, pictures: Figures, splits: int, seed: int) -> None:
        self._extractor, self._splits, self._seed = extractor, splits, seed
        self._pooled = {name: extractor.pooled(images) for name, images in pictures.items()}
        self._seen = {name: extractor.features(each) for name, each in self._pooled.items()}

    def of(self, drawn: str, chosen: Sequence[int]) -> Figures:
        """Figures of the chosen rows of ``drawn`` and of gold; each, or why it cannot be had."""
        from spatial_dual.metrics.distribution import fid, kid
        from spatial_dual.metrics.undefined import figure_or_reason

        rows, real = list(chosen), self._seen["real"]
        made, gold = self._seen[drawn][rows], self._seen["gold"][rows]
        asked = {
            "fid": lambda: fid(real, made),
            "fid_floor": lambda: fid(real, gold),
            "kid": lambda: kid(real, made, self._seed),
            "kid_floor": lambda: kid(real, gold, self._seed),
            "is": lambda: self._scored(drawn, rows),
            "is_gold": lambda: self._scored("gold", rows),
        }
        suffix = self._extractor.suffix
        return {name + suffix: figure_or_reason(compute) for name, compute in asked.items()}

    def _scored(self, name: str, rows: list[int]) -> float:
        from spatial_dual.metrics.distribution import inception_score
        from spatial_dual.metrics.undefined import UndefinedMetricError

        logits = self._extractor.logits(self._pooled[name][rows])
        if logits is None:
            raise UndefinedMetricError(f"{self._extractor.name} has no class head")
        return inception_score(logits, self._seed, self._splits)


def _clip_score(name: str | None, captions: list[str], drawn: Any) -> tuple[float | str, Figures]:
    if not name:
        return NO_CLIP, {}
    from spatial_dual.metrics.clip_score import PretrainedClip
    from spatial_dual.metrics.undefined import figure_or_reason

    clip = PretrainedClip(name)
    score = figure_or_reason(lambda: clip.score(captions, drawn))
    return score, {"clip": name, "clip_sha256": clip.digest}
