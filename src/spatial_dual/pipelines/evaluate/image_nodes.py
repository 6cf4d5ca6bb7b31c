"""Nodes of ``evaluate`` that compare sets of pictures: FID, KID, IS, CLIP score."""

from typing import Any

from spatial_dual.pipelines.evaluate.cards import sampling_card, set_hash
from spatial_dual.pipelines.reading import rows_of
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
    parameters: Parameters,
    seed: int,
) -> tuple[Figures, Figures]:
    """How like images of the data the drawings are as a set; gives figures and their protocol card.

    ``fid``, ``kid``: drawings against training images; ``fid_floor``, ``kid_floor``: the test
    images of the same records, as many as drawings, against the same training images: what perfect
    drawings would get. (Against the test images themselves, drawings would profit from showing the
    very same scenes, and come out below any other set of real images.) ``is``, ``is_gold``:
    Inception score of drawings and of test images. Named ``…_scenes`` by our own extractor.
    ``clip_score``: CLIPScore of captions and drawings by a pretrained CLIP.
    """
    drawn = samples.array("drawn", range(len(samples)))
    gold = scenes.array("image", rows_of(samples, scenes))
    count = min(parameters["reference_images"], len(training_scenes))
    real = training_scenes.array("image", range(count))
    card = {
        "pictures": len(drawn),
        "real_set": f"the first {count} training images; the floor: {len(gold)} test images",
        "real_set_sha256": set_hash(real),
        "floor_set_sha256": set_hash(gold),
        **sampling_card(samples),
    }
    if len(drawn) < UNBIASED_FROM:
        card["warning"] = (
            f"FID of {len(drawn)} pictures is biased upwards (usual: {UNBIASED_FROM} or more); "
            "compare with the floor, of as many, not with FIDs of other counts"
        )
    try:
        extractor = _extractor(parameters, scene_classifier)
    except (FileNotFoundError, ValueError) as error:
        names = ("fid", "kid", "is")
        figures: Figures = dict.fromkeys(names, str(error))
    else:
        figures = _distances(extractor, real, drawn, gold, parameters["inception_splits"], seed)
        card |= {
            "extractor": extractor.name,
            "extractor_sha256": extractor.digest,
            "resize": extractor.resize,
            "inception_splits": parameters["inception_splits"],
        }
    score, clip_card = _clip_score(parameters["clip"], samples.values("caption"), drawn)
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


def _distances(extractor: Any, real: Any, drawn: Any, gold: Any, splits: int, seed: int) -> Figures:
    """Each figure, or the reason why it cannot be had."""
    from spatial_dual.metrics.distribution import fid, inception_score, kid
    from spatial_dual.metrics.undefined import UndefinedMetricError, figure_or_reason

    pooled = {
        name: extractor.pooled(images)
        for name, images in (("real", real), ("drawn", drawn), ("gold", gold))
    }
    seen = {name: extractor.features(values) for name, values in pooled.items()}

    def scored(name: str) -> float:
        logits = extractor.logits(pooled[name])
        if logits is None:
            raise UndefinedMetricError(f"{extractor.name} has no class head")
        return inception_score(logits, seed, splits)

    asked = {
        "fid": lambda: fid(seen["real"], seen["drawn"]),
        "fid_floor": lambda: fid(seen["real"], seen["gold"]),
        "kid": lambda: kid(seen["real"], seen["drawn"], seed),
        "kid_floor": lambda: kid(seen["real"], seen["gold"], seed),
        "is": lambda: scored("drawn"),
        "is_gold": lambda: scored("gold"),
    }
    return {name + extractor.suffix: figure_or_reason(each) for name, each in asked.items()}


def _clip_score(name: str | None, captions: list[str], drawn: Any) -> tuple[float | str, Figures]:
    if not name:
        return NO_CLIP, {}
    from spatial_dual.metrics.clip_score import PretrainedClip
    from spatial_dual.metrics.undefined import figure_or_reason

    clip = PretrainedClip(name)
    score = figure_or_reason(lambda: clip.score(captions, drawn))
    return score, {"clip": name, "clip_sha256": clip.digest}
