"""Degenerate input of every metric: refused with the reason, never 0, never p = 1, never above 100.

A metric either gives a finite figure within its bounds, or NaN for "nothing to count" (which
``separate_refused`` takes out), or raises ``UndefinedMetricError``.
"""

import importlib.util
import math
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial_dual.metrics import (
    coco,
    completion,
    describe,
    draw,
    health,
    perception,
    tokens,
    trirec,
)
from spatial_dual.metrics.captions import bleu4
from spatial_dual.metrics.clip_score import PretrainedClip, caption_similarity
from spatial_dual.metrics.distribution import fid, inception_score, kid
from spatial_dual.metrics.parsing import head_word
from spatial_dual.metrics.scene_classifier import SceneClassifier
from spatial_dual.metrics.scores import mean_rows
from spatial_dual.metrics.significance import holm, mean_and_deviation, nested_bootstrap
from spatial_dual.metrics.spatial import TripletCounts
from spatial_dual.metrics.spice import FactCounts, Spice
from spatial_dual.metrics.synonyms import LexiconSynonyms
from spatial_dual.metrics.table import flatten, separate_refused
from spatial_dual.metrics.undefined import UndefinedMetricError, figure_or_reason
from spatial_dual.scene.graph import SceneGraph, SceneObject
from spatial_dual.tables.results import SCORE_COLUMNS, Results

BAD = [math.nan, math.inf, -math.inf]
EXTREME = st.floats(width=64) | st.sampled_from([*BAD, 0.0, 1e308, -1e308, 1e-308])
WORDS = st.lists(st.sampled_from(["a", "red", "cup", "on", ".", "é"]), max_size=8).map(" ".join)


def noise(count: int = 60, dim: int = 4, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def rows(*right: float) -> np.ndarray:
    """Scores of the scenes of one training."""
    return np.stack([right, np.ones(len(right))], axis=1)[None]


@pytest.fixture(autouse=True)
def no_library_warnings():
    """A refusal comes before NumPy, SciPy or torchmetrics complain."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


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


# texts


def test_bleu_of_nothing_is_refused():
    with pytest.raises(UndefinedMetricError, match="four words"):
        bleu4([], [])
    with pytest.raises(UndefinedMetricError, match="caption of at least four words"):
        bleu4(["a cup"], [["a cup"]])
    with pytest.raises(UndefinedMetricError, match="reference of at least four words"):
        bleu4(["a cup on a table"], [["a cup", ""]])


@given(st.lists(WORDS, max_size=4))
def test_equal_texts_never_score_above_100(texts):
    figure = figure_or_reason(lambda: bleu4(texts, [[text] for text in texts]))
    if isinstance(figure, float):
        assert figure == pytest.approx(100)
        assert figure <= 100


@given(st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), max_size=4))
def test_bleu_is_in_its_bounds_or_refused(pairs):
    figure = figure_or_reason(lambda: bleu4([c for c, _ in pairs], [r for _, r in pairs]))
    assert isinstance(figure, str) or 0 <= figure <= 100


@pytest.mark.skipif(
    importlib.util.find_spec(coco.PACKAGE) is None, reason="pycocoevalcap is not installed"
)
@pytest.mark.parametrize(
    ("texts", "reason"),
    [([], "no captions"), (["a cup"], "different references"), (["a"] * 3, "different references")],
)
def test_cider_without_weights_is_refused(texts, reason, monkeypatch, tmp_path):
    """The weight of a word is log(pictures / pictures it is said of): 0 for all of them here."""
    monkeypatch.setenv("PATH", str(tmp_path))  # METEOR takes Java, and half a minute
    assert reason in str(coco.coco_scores(texts, [[text] for text in texts])["cider"])


def test_captions_need_as_many_references():
    with pytest.raises(ValueError, match="at least one reference"):
        coco.coco_scores(["a"], [[]])
    with pytest.raises(ValueError, match="as many groups"):
        coco.coco_scores(["a", "b"], [["a"]])


def test_spice_leaves_out_references_that_state_nothing():
    cup = SceneGraph(objects=(SceneObject(label="cup"),))
    nothing = SceneGraph()
    spice = Spice(LexiconSynonyms())
    scores = spice.score([cup, cup, nothing], [[cup], [nothing], [cup]])
    assert np.array_equal(scores, [1, math.nan, 0], equal_nan=True)
    assert Spice.corpus(scores) == 50
    with pytest.raises(UndefinedMetricError, match="states anything"):
        Spice.corpus(scores[1:2])
    assert [row["id"] for row in mean_rows("texts.spice", ["a", "b", "c"], scores)] == ["a", "c"]


def test_a_phrase_without_words_has_no_head():
    assert head_word("") == head_word(" of sauce") == ""


# counts: nothing to count is NaN, which the table of figures refuses

COUNTED = {
    "triplets": lambda: trirec.trirec_figures([]),
    "triplets of no reference": lambda: trirec.trirec_figures([TripletCounts(0, 0, 0)]),
    "completed": lambda: dict(flatten(completion.triplet_figures([]))),
    "drawn": lambda: draw.drawing_figures([], []),
    "described": lambda: dict(flatten(describe.description_figures([]))),
    "told": lambda: describe.text_figures([], []),
    "grammatical": lambda: {"share": describe.grammatical([])},
    "nodes": lambda: health.mean_nodes([]),
    "contradictory": lambda: {"share": health.contradictory_share([])},
    "perceived": lambda: perception.perception_figures([]),
    "codes": lambda: {
        "used": tokens.codes_used(np.zeros(4, np.int64)),
        "perplexity": tokens.perplexity(np.zeros(4, np.int64)),
    },
    "facts": lambda: {"f1": FactCounts(0, 0, 0).f1, "nothing asked": FactCounts(0, 3, 0).f1},
}


@pytest.mark.parametrize("name", COUNTED)
def test_nothing_to_count_is_refused(name):
    figures = COUNTED[name]()
    numbers, refused = separate_refused(figures)
    assert numbers == {}
    assert refused.keys() == figures.keys()


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_shares_of_triplets_are_in_0_to_1_or_nan(shared, wrong, missed):
    counts = TripletCounts(shared, shared + wrong, shared + missed)
    assert math.isnan(counts.precision) == (counts.predicted == 0)
    assert math.isnan(counts.recall) == math.isnan(counts.f1) == (counts.reference == 0)
    known = [v for v in (counts.precision, counts.recall, counts.f1) if not math.isnan(v)]
    assert all(0 <= value <= 1 for value in known)


def test_equal_pictures_have_an_infinite_signal_to_noise_ratio_and_no_pictures_none():
    images = np.zeros((2, 4, 4, 3), np.uint8)
    with np.errstate(divide="ignore"):
        assert tokens.psnr_db(images, images).tolist() == [math.inf] * 2
    assert tokens.psnr_db(images[:0], images[:0]).shape == (0,)
    _, refused = separate_refused({"psnr": math.inf, "share": math.nan})
    assert refused == {"psnr": "infinite for these data", "share": "nothing to count in these data"}


@pytest.mark.parametrize("value", BAD)
def test_perceived_depth_that_is_not_finite_is_refused_by_its_reason(value):
    ones = np.ones((2, 2))
    true = perception.Scene(ones, ones.astype(int), ["cup"])
    seen = perception.Scene(np.array([[1, value], [1, 1]]), ones.astype(int), ["cup"])
    counts = partial(perception.PerceptionCounts.of, kinds={})
    figures = perception.perception_figures([counts(seen, true)])
    assert figures["depth_abs_rel"] == "perceived depth is NaN or infinite"
    assert figures["instance_recall"] == 1
    unknown = perception.perception_figures([counts(true, seen)])["depth_abs_rel"]
    assert unknown == 0  # pixels whose true depth is not finite are unknown


# tests of significance


@pytest.mark.parametrize("value", BAD)
def test_a_bootstrap_of_nan_is_refused(value):
    for pair in ((rows(1, value, 0), rows(0, 0, 0)), (rows(0, 0, 0), rows(1, value, 0))):
        with pytest.raises(UndefinedMetricError, match="1 of 3 are NaN"):
            nested_bootstrap(*pair, seed=0)


def test_equal_systems_and_empty_totals_allow_no_test():
    with pytest.raises(UndefinedMetricError, match="same figure in every row"):
        nested_bootstrap(rows(1, 0, 1), rows(1, 0, 1), seed=0)
    nothing = np.zeros((1, 3, 2))
    for pair in ((nothing, rows(1, 1, 0)), (rows(1, 1, 0), nothing)):
        with pytest.raises(UndefinedMetricError, match="counted"):
            nested_bootstrap(*pair, seed=0)


@settings(max_examples=50)
@given(arrays(np.float64, (2, 2, 3, 2), elements=EXTREME))
def test_p_is_above_0_and_at_most_1_or_refused(pairs):
    p = figure_or_reason(lambda: nested_bootstrap(*pairs, seed=0, resamples=50))
    assert isinstance(p, str) or 0 < p <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_adjusted_p_values_are_no_smaller_and_at_most_1(p_values):
    adjusted = holm(p_values)
    assert all(p <= value <= 1 for p, value in zip(p_values, adjusted, strict=True))


@pytest.mark.parametrize("values", [[], [math.nan, 1.0], [math.inf]])
def test_the_mean_of_what_is_no_number_is_refused(values):
    with pytest.raises(UndefinedMetricError):
        mean_and_deviation(values)


def test_a_table_says_why_a_figure_that_is_no_number_is_missing():
    results = Results(
        {("sd3", "images.fid"): {0: 1.0, 1: math.nan}, ("singleton", "images.fid"): {0: 2, 1: 3}},
        {("sd3", "images.fid"): 9, ("singleton", "images.fid"): 9},
        scores=pd.DataFrame(columns=list(SCORE_COLUMNS)),
    )
    cell = results.cell("sd3", "images.fid")
    assert cell.mean is None
    assert cell.reason == "figures of seeds: 1 of 2 are NaN or infinite"
    with pytest.raises(UndefinedMetricError, match="NaN"):
        results.paired_test("sd3", "singleton", "images.fid", lower_is_better=True)
