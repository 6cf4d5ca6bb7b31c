"""The treebank is well-formed CoNLL-U, the same for the same seed, and never the same sentence."""

from collections.abc import Iterator

import pytest

from spatial_dual.parsing.treebank.generate import LONGEST, generate_treebank
from spatial_dual.parsing.treebank.trees import Tree

SENTENCES = 400


@pytest.fixture(scope="module")
def treebank() -> str:
    return generate_treebank(SENTENCES, (0, 0), capitalised=0.3, invented=0.05, rare=0.2)


def blocks(treebank: str) -> Iterator[tuple[str, list[list[str]]]]:
    for block in treebank.strip().split("\n\n"):
        text, *lines = block.split("\n")
        yield text.removeprefix("# text = "), [line.split("\t") for line in lines]


def words_of(lines: list[list[str]]) -> list[list[str]]:
    return [line for line in lines if "-" not in line[0]]


def test_every_sentence_is_one_tree(treebank: str) -> None:
    count = 0
    for _, lines in blocks(treebank):
        words = words_of(lines)
        heads = [int(word[6]) for word in words]
        assert [int(word[0]) for word in words] == list(range(1, len(words) + 1))
        assert len(words) <= LONGEST
        assert heads.count(0) == 1
        assert words[heads.index(0)][7] == "root"
        for start in range(1, len(words) + 1):
            seen, place = set(), start
            while place:
                assert place not in seen, "a cycle"
                seen.add(place)
                place = heads[place - 1]
        count += 1
    assert count == SENTENCES


def test_text_is_the_words_in_order(treebank: str) -> None:
    for text, lines in blocks(treebank):
        assert text.replace(" ", "") == "".join(word[1] for word in words_of(lines))


def test_the_seed_decides(treebank: str) -> None:
    again = generate_treebank(SENTENCES, (0, 0), capitalised=0.3, invented=0.05, rare=0.2)
    other = generate_treebank(SENTENCES, (0, 1), capitalised=0.3, invented=0.05, rare=0.2)
    assert again == treebank
    assert other != treebank


def test_constructions_of_captions_are_there(treebank: str) -> None:
    relations = {word[7] for _, lines in blocks(treebank) for word in words_of(lines)}
    assert relations >= {"acl", "acl:relcl", "aux:pass", "case", "compound", "conj", "cop", "expl"}
    assert relations >= {"nmod", "nmod:poss", "nsubj", "nsubj:pass", "obj", "obl", "parataxis"}


def test_a_genitive_is_one_token_of_two_words() -> None:
    owner = Tree("man", "man", "NOUN", "NN", after=[("case", Tree("'s", "'s", "PART", "POS"))])
    hat = Tree("hat", "hat", "NOUN", "NN", before=[("nmod:poss", owner)])
    lines = [line.split("\t") for line in hat.conllu().split("\n")]
    assert hat.text() == "man's hat"
    assert [(line[0], line[1], line[6]) for line in lines] == [
        ("1-2", "man's", "_"),
        ("1", "man", "3"),
        ("2", "'s", "1"),
        ("3", "hat", "0"),
    ]
