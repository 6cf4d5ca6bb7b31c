"""Degenerate input of every metric: refused with the reason, never 0, never p = 1, never above 100.

A metric either gives a finite figure within its bounds, or NaN for "nothing to count" (which
``separate_refused`` takes out), or raises ``UndefinedMetricError``.
"""

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spatial_dual.metrics import (
    completion,
    describe,
    draw,
    health,
    perception,
    tokens,
    trirec,
)
from spatial_dual.metrics.significance import holm, mean_and_deviation, nested_bootstrap
from spatial_dual.metrics.spatial import TripletCounts
from spatial_dual.metrics.spice import FactCounts
from spatial_dual.metrics.table import flatten, separate_refused
from spatial_dual.metrics.undefined import UndefinedMetricError, figure_or_reason
from spatial_dual.tables.results import SCORE_COLUMNS, Results

pytestmark = pytest.mark.filterwarnings("error")
"""A refusal comes before NumPy, SciPy or torchmetrics complain."""

BAD = [math.nan, math.inf, -math.inf]
EXTREME = st.floats(width=64) | st.sampled_from([*BAD, 0.0, 1e308, -1e308, 1e-308])


def rows(*right: float) -> np.ndarray:
    """Scores of the scenes of one training."""
    return np.stack([right, np.ones(len(right))], axis=1)[None]


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
