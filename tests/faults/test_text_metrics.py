"""Degenerate texts: refused with the reason, see ``test_metrics``."""

import importlib.util
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial_dual.metrics import coco
from spatial_dual.metrics.captions import bleu4
from spatial_dual.metrics.parsing import head_word
from spatial_dual.metrics.scores import mean_rows
from spatial_dual.metrics.spice import Spice
from spatial_dual.metrics.synonyms import LexiconSynonyms
from spatial_dual.metrics.undefined import UndefinedMetricError, figure_or_reason
from spatial_dual.scene.graph import SceneGraph, SceneObject

pytestmark = pytest.mark.filterwarnings("error")
"""A refusal comes before NumPy, SciPy or torchmetrics complain."""

WORDS = st.lists(st.sampled_from(["a", "red", "cup", "on", ".", "é"]), max_size=8).map(" ".join)


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
