"""Texts of the kinds that people type: ``tests/data/kinds.json``, written before they were tried.

The rules were worked out on the part "develop" of each kind, none of them on "held_out". The bars
are a little below what was measured.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial_dual.datasets.graphs.caption_sets import read_captions
from spatial_dual.metrics.caption_kinds import share_right, verdict
from spatial_dual.metrics.parsing import invented_words
from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.treebank.sentences import Grammar
from spatial_dual.parsing.treebank.words import Words

KINDS = Path(__file__).parents[1] / "data" / "kinds.json"


def annotated(part: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, parts in json.loads(KINDS.read_text("utf-8")).items():
        yield from ((kind, row) for row in parts[part])


@pytest.mark.parametrize(("part", "bar"), [("develop", 0.93), ("held_out", 0.85)])
def test_texts_of_all_kinds_are_read_wholly_right(part: str, bar: float) -> None:
    rows = [row for _, row in annotated(part)]
    graphs = default_parser().parse([row["text"] for row in rows])
    assert len(rows) >= 140
    assert share_right(graphs, rows).value >= bar


def test_every_kind_is_read_at_least_half_right() -> None:
    parser = default_parser()
    for kind in json.loads(KINDS.read_text("utf-8")):
        rows = [row for part in ("develop", "held_out") for k, row in annotated(part) if k == kind]
        graphs = parser.parse([row["text"] for row in rows])
        assert share_right(graphs, rows).value >= 0.5, kind


def test_a_verdict_names_what_is_missing_and_what_is_too_much() -> None:
    (graph,) = default_parser().parse(["a cup is on a table"])
    wanted = {"objects": [["cup", []], ["shelf", []]], "relations": [["cup", "in/on", "table"]]}
    assert verdict(graph, wanted) == ["object missing: shelf", "object too many: table"]


def check_no_word_is_invented(texts: list[str]) -> None:
    for text, graph in zip(texts, default_parser().parse(texts), strict=True):
        assert not invented_words(text, graph), text


def test_no_word_is_invented_in_our_own_texts() -> None:
    own = read_captions(KINDS.with_name("captions.json")).captions
    texts = [row["text"] for part in ("develop", "held_out") for _, row in annotated(part)]
    check_no_word_is_invented([*own, *texts])


@pytest.mark.parametrize(
    ("file", "step"), [("vsd/v1_val.json", 50), ("vsd/v2_val.json", 9), ("factual/dev.csv.gz", 4)]
)
def test_no_word_is_invented_in_real_captions(shared_data: Path, file: str, step: int) -> None:
    path = shared_data / file
    if not path.is_file():
        pytest.skip(f"needs the captions {path}")
    check_no_word_is_invented(read_captions(path).captions[::step])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_word_is_invented_in_generated_sentences(seed: int) -> None:
    grammar = Grammar(Words(np.random.default_rng(seed), invented=0.2))
    check_no_word_is_invented([grammar.sentence().text() for _ in range(10)])
