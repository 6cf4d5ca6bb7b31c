"""FID-scenes by properties: a classifier trained in seconds, and pictures made worse and worse."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from spatial_dual.metrics.distribution import fid
from spatial_dual.metrics.extractors import ClassifierExtractor
from spatial_dual.metrics.scene_classifier import SceneClassifier, classifier_loss
from spatial_dual.metrics.scene_labels import LabelledScenes, tag_words
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.vocabulary import Vocabulary
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import fit

SIDE, TRAINING, HELD_OUT = 64, 320, 100


class Rows(list):
    def array(self, name, indices):
        return np.stack([self[int(k)][name] for k in indices])

    def values(self, name, indices):
        return [self[int(k)][name] for k in indices]


@pytest.fixture(scope="module")
def pictures():
    return Rows(render_scene(0, "train", k, SIDE) for k in range(TRAINING + 2 * HELD_OUT))


@pytest.fixture(scope="module")
def distance(pictures):
    """FID-scenes of pictures from the training ones."""
    training = Rows(pictures[:TRAINING])
    words = Vocabulary.from_graphs(SceneGraph.from_json(row["graph"]) for row in training)
    torch.manual_seed(0)
    sizes = {"labels": len(words.labels), "tags": len(tag_words(words)), "width": 64, "dim": 12}
    model = SceneClassifier(SceneClassifier.Config(**sizes))
    source = LabelledScenes(training, words, model.config.cell)
    # bfloat16, where a machine has it, would make another classifier of these few steps
    config = FitConfig(
        steps=90,
        batch_size=16,
        learning_rate=3e-3,
        warmup_steps=5,
        ema_decay=0,
        precision="float32",
    )
    fit("scene_classifier", model, classifier_loss, source, config)
    images = training.array("image", range(TRAINING))
    model.eval().calibrate(torch.from_numpy(images).permute(0, 3, 1, 2))
    extractor = ClassifierExtractor(model)

    def features(shown):
        return extractor.features(extractor.pooled(shown))

    real = features(images)
    return lambda shown: fid(real, features(shown))


@pytest.fixture(scope="module")
def gold(pictures):
    return pictures.array("image", range(TRAINING, TRAINING + HELD_OUT))


def blurred(images, sigma):
    return gaussian_filter(images.astype(np.float32), (0, sigma, sigma, 0)).astype(np.uint8)


def noisy(images, deviation):
    noise = np.random.default_rng(0).normal(0, deviation, images.shape)
    return (images + noise).clip(0, 255).astype(np.uint8)


def shuffled(images, share, side=16):
    """That share of the patches of each picture changes places."""
    rng = np.random.default_rng(0)
    count = SIDE // side
    patches = images.reshape(-1, count, side, count, side, 3).transpose(0, 1, 3, 2, 4, 5)
    patches = patches.reshape(len(images), count**2, side, side, 3).copy()
    for own in patches:
        moved = rng.choice(count**2, round(share * count**2), replace=False)
        own[moved] = own[np.roll(moved, 1)]
    patches = patches.reshape(-1, count, count, side, side, 3).transpose(0, 1, 3, 2, 4, 5)
    return patches.reshape(images.shape)


def test_training_images_have_no_distance_from_themselves(pictures, distance):
    assert distance(pictures.array("image", range(TRAINING))) == pytest.approx(0, abs=1e-4)


def test_features_of_training_images_have_unit_variance(pictures):
    images = torch.from_numpy(pictures.array("image", range(TRAINING))).permute(0, 3, 1, 2)
    torch.manual_seed(0)
    model = SceneClassifier(SceneClassifier.Config(labels=2, tags=2, width=16, dim=5)).eval()
    model.calibrate(images)
    with torch.inference_mode():
        features = model.features(model.pooled(images.float() / 127.5 - 1))
    assert torch.allclose(torch.cov(features.T), torch.eye(5), atol=1e-2)
    assert torch.allclose(features.mean(dim=0), torch.zeros(5), atol=1e-3)


@pytest.mark.parametrize(
    ("worsened", "amounts"),
    [(blurred, (1, 2, 4)), (noisy, (32, 64, 96)), (shuffled, (0.25, 0.5, 1))],
)
def test_worse_pictures_are_further_away_and_none_is_as_near_as_real_ones(
    distance, gold, worsened, amounts
):
    far = [distance(worsened(gold, amount)) for amount in amounts]
    assert distance(gold) < far[0] < far[1] < far[2]


def test_other_real_pictures_are_as_near(pictures, distance, gold):
    others = distance(pictures.array("image", range(TRAINING + HELD_OUT, len(pictures))))
    near, worse = distance(gold), distance(noisy(gold, 32))
    assert max(others, near) < worse
    assert abs(others - near) < (worse - near) / 2
