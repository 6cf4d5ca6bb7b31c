"""Misspelt words: corrected where it is known what was meant, noted; left alone where not."""

import pytest

from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.spelling import correct_spelling, correction


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rigth", "right"),
        ("standng", "standing"),
        ("resturant", "restaurant"),
        ("infront", "in front"),
        ("balck", "black"),
        ("elefant", "elephant"),
        ("aburger", "a burger"),
        ("yach", "yacht"),
    ],
)
def test_a_slip_is_undone(typed: str, meant: str) -> None:
    assert correction(typed) == meant


@pytest.mark.parametrize(
    "word", ["right", "colour", "barista", "frisbee", "zorkle", "xqzvw", "windowsill", "awning"]
)
def test_words_and_what_is_like_no_word_stay(word: str) -> None:
    assert correction(word) is None


def test_names_stay_and_each_correction_is_noted() -> None:
    text, notes = correct_spelling("A man standng near a Bevrley sign.")
    assert text == "A man standing near a Bevrley sign."
    assert notes == ("standng: read as standing",)


def test_text_without_mistakes_is_the_same_text() -> None:
    text = "A red cup, isn't it? On the dog's bed; 3 of them…"
    assert correct_spelling(text) == (text, ())


def test_the_graph_says_what_was_corrected() -> None:
    (graph,) = default_parser().parse(["the clock is to the rigth of the mirror"])
    assert graph.triplets() == [("clock", "to the right of", "mirror")]
    assert graph.to_dict()["notes"] == ["rigth: read as right"]


def test_spelling_is_left_alone_if_asked() -> None:
    (graph,) = default_parser(spelling=False).parse(["a bicyle behind a fence"])
    assert graph.notes == ()
    assert graph.objects[0].label == "bicyle"
