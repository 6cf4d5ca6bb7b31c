"""Captions as tokens: relations of several words become one, what is no caption gives nothing."""

import pytest

from spatial_dual.parsing.tokens import LONGEST_SENTENCE, tokenise


def meanings(caption: str) -> list[str]:
    return [t.meaning for sentence in tokenise(caption) for t in sentence if t.meaning]


@pytest.mark.parametrize(
    ("caption", "meaning"),
    [
        ("A cat on the left side of a sofa.", "to the left of"),
        ("a cup on top of the table", "on"),
        ("A DOG BESIDE A CAR", "next to"),
        ("a rug beneath the bed", "under"),
        ("a ball on the girl's left", "to the left of"),
    ],
)
def test_a_relation_of_several_words_is_one_token(caption: str, meaning: str) -> None:
    assert meanings(caption) == [meaning]


def test_sentences_end_at_stops_and_semicolons() -> None:
    assert len(tokenise("a cat is on a bed. it is black; a dog sleeps")) == 3


@pytest.mark.parametrize("caption", ["", "   ", "🙂🙂", "...", "dog " * 10_000])
def test_what_is_no_caption_gives_nothing(caption: str) -> None:
    assert tokenise(caption) == []


def test_the_longest_sentence_is_kept() -> None:
    assert len(tokenise("dog " * LONGEST_SENTENCE)[0]) == LONGEST_SENTENCE
    assert tokenise("dog " * (LONGEST_SENTENCE + 1)) == []
