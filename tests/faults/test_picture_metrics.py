"""Degenerate pictures and features: refused with the reason, see ``test_metrics``."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial_dual.metrics import tokens
from spatial_dual.metrics.clip_score import PretrainedClip, caption_similarity
from spatial_dual.metrics.distribution import fid, inception_score, kid
from spatial_dual.metrics.scene_classifier import SceneClassifier
from spatial_dual.metrics.undefined import UndefinedMetricError, figure_or_reason

pytestmark = pytest.mark.filterwarnings("error")
"""A refusal comes before NumPy, SciPy or torchmetrics complain."""

BAD = [math.nan, math.inf, -math.inf]
EXTREME = st.floats(width=64) | st.sampled_from([*BAD, 0.0, 1e308, -1e308, 1e-308])


def noise(count: int = 60, dim: int = 4, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


# sets of pictures

DISTANCES = {
    "fid": fid,
    "kid": lambda real, fake: kid(real, fake, seed=0),
    "is": lambda real, fake: inception_score(fake, seed=0),
}


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("value", BAD)
def test_features_that_are_not_finite_are_refused(metric, value):
    bad = noise(seed=1)
    bad[7, 2] = value
    with pytest.raises(UndefinedMetricError, match="1 of 60 are NaN or infinite"):
        DISTANCES[metric](noise(), bad)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("metric", ["fid", "kid"])
def test_real_features_that_are_not_finite_are_refused_too(metric, value):
    bad = noise(seed=1)
    bad[7, 2] = value
    with pytest.raises(UndefinedMetricError, match="real"):
        DISTANCES[metric](bad, noise())


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("value", [0.0, 3.7])
def test_constant_features_are_refused(metric, value):
    with pytest.raises(UndefinedMetricError, match="all 60 are equal"):
        DISTANCES[metric](noise(), torch.full((60, 4), value))


def test_one_class_has_no_inception_score():
    with pytest.raises(UndefinedMetricError, match="2 classes"):
        inception_score(noise(dim=1), seed=0)


@settings(deadline=None, max_examples=40)
@given(arrays(np.float64, (4, 2), elements=EXTREME), st.sampled_from(sorted(DISTANCES)))
def test_distances_are_finite_and_in_their_bounds_or_refused(values, metric):
    features = torch.from_numpy(np.tile(values, (15, 1)))
    figure = figure_or_reason(lambda: DISTANCES[metric](noise(dim=2).double(), features))
    if isinstance(figure, float):
        assert math.isfinite(figure)
        assert metric == "kid" or figure >= 0
        assert metric != "is" or 1 <= figure <= 2


def test_equal_sets_are_never_below_no_distance():
    for seed in range(20):
        assert fid(noise(seed=seed, dim=12), noise(seed=seed, dim=12)) >= 0


def test_a_classifier_of_pictures_that_all_look_alike_says_so():
    """Its features were infinite, or rounding blown up to variance 1."""
    torch.manual_seed(0)
    model = SceneClassifier(SceneClassifier.Config(labels=2, tags=2, width=16, dim=4)).eval()
    alike = torch.full((60, 3, 32, 32), 90, dtype=torch.uint8)
    model.calibrate(alike)
    with torch.inference_mode():
        features = model.features(model.pooled(alike / 127.5 - 1))
    with pytest.raises(UndefinedMetricError, match="all 60 are equal"):
        fid(features, noise())
    with pytest.raises(UndefinedMetricError, match="at least 2 training images"):
        model.calibrate(alike[:1])


# CLIP


class Clip:
    """Gives the features that it was made with."""

    def __init__(self, texts: torch.Tensor, pictures: torch.Tensor) -> None:
        self.texts, self.pictures = texts, pictures

    def text_features(self, ids):
        return self.texts

    def image_features(self, images):
        return self.pictures[: len(images)]


def similarity(texts: torch.Tensor, pictures: torch.Tensor) -> np.ndarray:
    images = np.zeros((len(pictures), 8, 8, 3), np.uint8)
    return caption_similarity(Clip(texts, pictures), torch.zeros(len(texts), 1), images)


@pytest.mark.parametrize("value", BAD)
def test_clip_features_that_are_not_finite_are_refused(value):
    bad = noise(5)
    bad[1, 1] = value
    for pair in ((bad, noise(5)), (noise(5), bad)):
        with pytest.raises(UndefinedMetricError, match="1 of 5 are NaN or infinite"):
            similarity(*pair)


def test_cosines_never_exceed_1():
    same = torch.nn.functional.normalize(noise(200, 32), dim=1)
    assert similarity(same, same).max() <= 1


def test_no_pictures_have_no_similarity():
    with pytest.raises(UndefinedMetricError, match="no pictures"):
        similarity(noise(5), noise(0))
    with pytest.raises(UndefinedMetricError, match="no pictures"):
        PretrainedClip.score(None, [], np.zeros((0, 8, 8, 3), np.uint8))


def test_a_pretrained_clip_of_nan_is_refused_and_equal_directions_score_at_most_250(monkeypatch):
    clip = PretrainedClip.__new__(PretrainedClip)
    pictures = np.zeros((3, 8, 8, 3), np.uint8)
    monkeypatch.setattr(clip, "_cosines", lambda *pair: torch.full((3,), math.nan), False)
    with pytest.raises(UndefinedMetricError, match="3 of 3 are NaN"):
        clip.score(["a"] * 3, pictures)
    monkeypatch.setattr(clip, "_cosines", lambda *pair: torch.full((3,), 1.0000002), False)
    assert clip.score(["a"] * 3, pictures) == 250


def test_retrieval_from_one_picture_or_from_equal_ones_is_no_success():
    with pytest.raises(UndefinedMetricError, match="at least 2"):
        tokens.recall_at_1(np.ones((1, 1)))
    with pytest.raises(UndefinedMetricError, match="equal"):
        tokens.recall_at_1(np.ones((5, 5)))
    with pytest.raises(UndefinedMetricError, match="NaN"):
        tokens.recall_at_1(np.full((5, 5), math.nan))
