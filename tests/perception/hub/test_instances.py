"""Instance models of every kind: real classes with random weights, real processors."""

import re

import numpy as np
import pytest
import torch
from transformers import AutoImageProcessor, AutoModelForObjectDetection, ViTConfig

from spatial_dual.perception.hub.instances import (
    OpenVocabularyDetector,
    load_instance_model,
    named,
)
from tests.perception.hub.checkpoints import LABELS

CPU = torch.device("cpu")
ASKED = list(LABELS.values())
SEGMENTERS = {"mask2former": (), "oneformer": (), "detr": ("DetrForSegmentation",)}
OPEN_VOCABULARY = ("grounding_dino", "owlv2", "owlvit")
DETECTORS = {"detr": (), **dict.fromkeys(OPEN_VOCABULARY, ASKED)}


def things(found):
    return [(each.label, round(each.score, 3), np.round(each.box, 1).tolist()) for each in found]


@pytest.mark.parametrize("name", SEGMENTERS)
def test_segmenters_find_masks_and_name_them(checkpoint, images, name):
    model = load_instance_model(checkpoint(name, *SEGMENTERS[name]), CPU, batch_size=2)
    found = model.find(images, 0.05)
    assert len(found) == len(images)
    assert sum(map(len, found)) > 0
    for each in (each for image in found for each in image):
        assert each.label in ASKED
        assert 0.05 <= each.score <= 1
        assert each.mask.shape == images.shape[1:3]
        assert each.mask.any()
        x0, y0, x1, y1 = map(int, each.box)
        assert each.mask.sum() == each.mask[y0:y1, x0:x1].sum()
        assert each.mask[y0:y1, [x0, x1 - 1]].any(0).all()
    single = [model.find(image[None], 0.05)[0] for image in images]
    assert [things(image) for image in found] == [things(image) for image in single]


@pytest.mark.parametrize("name", [*SEGMENTERS, *OPEN_VOCABULARY])
def test_a_picture_may_hold_nothing(checkpoint, images, name):
    asked = ASKED if name in OPEN_VOCABULARY else ()
    model = load_instance_model(
        checkpoint(name, *SEGMENTERS.get(name, ())), CPU, asked, batch_size=2
    )
    assert model.find(images, 1.0) == [[] for _ in images]


@pytest.mark.parametrize("name", DETECTORS)
def test_detectors_find_boxes_and_name_them(checkpoint, images, name):
    asked = DETECTORS[name]
    model = load_instance_model(checkpoint(name), CPU, asked, batch_size=2)
    found = model.find(images, 0.0)
    assert sum(map(len, found)) > 0
    for each in (each for image in found for each in image):
        assert each.label in ASKED
        assert each.mask is None
        assert each.box[0] < each.box[2]
        assert each.box[1] < each.box[3]
    scores = [each.score for image in found for each in image]
    surer = model.find(images, float(np.median(scores)))
    assert sum(map(len, surer)) == sum(score > np.median(scores) for score in scores)


@pytest.mark.parametrize("name", OPEN_VOCABULARY)
def test_each_picture_is_asked_for_phrases_of_its_own(checkpoint, images, name):
    """Of unequal lengths, and too long ones; a batch answers as each picture alone."""
    model = OpenVocabularyDetector(checkpoint(name), CPU)
    phrases = [["cup", "table lamp cup"], ["lamp", "cup table"], ["table " * 300, "lamp"]]
    together = model.ask(images, phrases, 0.0)
    alone = [model.ask(images[k : k + 1], [phrases[k]], 0.0)[0] for k in range(len(images))]
    assert sum(map(len, together)) > 0
    for own, batched, single in zip(phrases, together, alone, strict=True):
        assert [each.label for each in batched] == [each.label for each in single]
        for each, other in zip(batched, single, strict=True):
            assert each.score == pytest.approx(other.score, abs=1e-3)
            answer = re.findall(r"\w+", each.label.removesuffix("[SEP]"))
            assert set(answer) <= set(" ".join(own).split())


def test_boxes_are_those_of_the_library(checkpoint, images):
    folder = checkpoint("detr")
    found = load_instance_model(folder, CPU).find(images[:1], 0.0)[0]
    model = AutoModelForObjectDetection.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.inference_mode():
        outputs = model(**processor(images=list(images[:1]), return_tensors="pt"))
    (theirs,) = processor.post_process_object_detection(outputs, 0.0, [(48, 64)])
    assert [each.label for each in found] == [LABELS[k] for k in theirs["labels"].tolist()]
    np.testing.assert_allclose([each.box for each in found], theirs["boxes"], atol=1e-4)


def test_masks_agree_with_the_library(checkpoint, images):
    folder = checkpoint("mask2former")
    model = load_instance_model(folder, CPU)
    with torch.inference_mode():
        outputs = model.model(**model.processor(images=list(images[:1]), return_tensors="pt"))
    (theirs,) = model.processor.post_process_instance_segmentation(
        outputs, threshold=0.0, target_sizes=[(48, 64)], return_binary_maps=True
    )
    best = max(theirs["segments_info"], key=lambda segment: segment["score"])
    mine = max(model.find(images[:1], 0.0)[0], key=lambda each: each.score)
    assert mine.label == LABELS[best["label_id"]]
    assert mine.score == pytest.approx(best["score"], abs=0.02)
    mask = theirs["segmentation"][best["id"]].numpy() > 0
    assert (mask & mine.mask).sum() / (mask | mine.mask).sum() > 0.9


def test_labels_are_asked_for_where_they_are_needed(checkpoint):
    with pytest.raises(ValueError, match=r"finds what it is told: give perception\.hub\.labels"):
        load_instance_model(checkpoint("owlv2"), CPU)
    with pytest.raises(ValueError, match="has labels of its own"):
        load_instance_model(checkpoint("detr"), CPU, ["cup"])


def test_other_kinds_are_refused(tmp_path):
    ViTConfig(architectures=["ViTForImageClassification"]).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="is a ViTForImageClassification; name a segmenter"):
        load_instance_model(str(tmp_path), CPU)


@pytest.mark.parametrize(
    ("phrase", "label"),
    [
        ("cup", "cup"),
        ("dining table", "dining table"),
        ("table", "dining table"),
        ("cup table", "cup"),
        ("", None),
        ("zebra", None),
    ],
)
def test_phrases_become_labels(phrase, label):
    assert named(phrase, ["cup", "dining table", "floor lamp"]) == label
