"""Shares of tags that come back."""

import numpy as np

from spatial_dual.metrics.reconstruction import tag_shares
from spatial_dual.metrics.shares import Share


def tags():
    return {
        "labels": np.array([[1, 2, 0]]),
        "attributes": np.array([[[1, 0], [2, 3], [5, 5]]]),
        "relations": np.array([[[True, False], [True, True], [False, False]]]),
    }


def test_only_what_is_there_is_counted():
    assert tag_shares(tags(), tags()) == {
        "label": Share(2, 2),
        "attribute": Share(3, 3),
        "relation": Share(1, 1),
        "stated_relation": Share(1, 1),
    }


def test_a_relation_is_right_with_all_its_predicates():
    decoded = tags()
    decoded["relations"][0, 0, 1] = True
    decoded["labels"][0, 1] = 9
    decoded["attributes"][0, 1, 1] = 9
    found = tag_shares(tags(), decoded)
    assert found == {
        "label": Share(1, 2),
        "attribute": Share(2, 3),
        "relation": Share(0, 1),
        "stated_relation": Share(0, 1),
    }


def test_pairs_without_a_relation_count_apart():
    true = {**tags(), "labels": np.array([[1, 2, 3]])}
    true["relations"][0, 0] = True
    decoded = {**true, "relations": np.zeros_like(true["relations"])}
    found = tag_shares(true, decoded)
    true_none = int((~true["relations"].any(-1)).sum())
    assert found["relation"] == Share(true_none, 3)
    assert found["stated_relation"] == Share(0, 3 - true_none)


def test_errors_in_empty_slots_do_not_matter():
    decoded = tags()
    decoded["labels"][0, 2] = 7
    decoded["relations"][0, 1] = False
    assert tag_shares(tags(), decoded) == tag_shares(tags(), tags())
