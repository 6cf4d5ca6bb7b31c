"""One line on what was understood of a text, and what not."""

import pytest

from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.summary import not_understood, understood


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Draw a green bottle on the left of a bowl.", "green bottle left of bowl"),
        ("There is no dog on the sofa.", "not: no dog on sofa"),
        ("A fox or a dog is under a tree.", "fox under tree; dog under tree; fox or dog"),
        ("", ""),
    ],
)
def test_what_is_understood_is_said(text: str, line: str) -> None:
    assert understood(default_parser().parse([text])[0]) == line


def test_words_that_the_graph_leaves_out_are_named() -> None:
    text = "A man stands happily near a car."
    (graph,) = default_parser().parse([text])
    assert not_understood(text, graph) == ["happily"]
    text = "a butterfly nearly on a family photo"  # "butterfly" and "family" are things
    (graph,) = default_parser().parse([text])
    assert not_understood(text, graph) == ["nearly"]


@pytest.mark.parametrize(
    "text", ["the clock is to the rigth of a miror", "Two boys are next to each other.", "🙂"]
)
def test_function_words_and_corrected_spellings_are_no_loss(text: str) -> None:
    (graph,) = default_parser().parse([text])
    assert not_understood(text, graph) == []
