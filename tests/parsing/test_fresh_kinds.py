"""Kinds of typed texts, each by the sentence that showed it."""

import pytest

from spatial_dual.parsing.default import default_parser

Triplets = list[tuple[str, str, str]]


@pytest.mark.parametrize(
    ("text", "holds", "absent"),
    [
        ("a red cup on a blue table, and no dog", [("cup", "on", "table")], ["dog"]),
        ("a white horse in a field, but no rider", [("horse", "in", "field")], ["rider"]),
        ("a kitchen, no chairs", [], ["chair"]),
        ("a wooden fence, no gate, and a tree behind it", [("tree", "behind", "fence")], ["gate"]),
    ],
)
def test_a_bare_denied_noun_belongs_to_nobody(
    text: str, holds: Triplets, absent: list[str]
) -> None:
    (graph,) = default_parser().parse([text])
    assert graph.triplets() == holds
    assert [item.label for item in graph.objects if item.negated] == absent
    assert graph.negated_triplets() == []


def test_neither_denies_both() -> None:
    (graph,) = default_parser().parse(["Neither the cup nor the plate is on the table."])
    assert graph.triplets() == []
    assert graph.negated_triplets() == [("cup", "on", "table"), ("plate", "on", "table")]


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("a cat next too a dog", "next too: read as next to"),
        ("a bowl on teh table", "teh: read as the"),
        ("a horse behind a barne", "barne: read as barn"),
    ],
)
def test_words_in_the_place_of_others_are_noted(text: str, noted: str) -> None:
    (graph,) = default_parser().parse([text])
    assert noted in graph.notes


@pytest.mark.parametrize(
    ("text", "triplet"),
    [
        ("Try to draw a castle behind a lake.", ("castle", "behind", "lake")),
        ("the mask is clearly seen under the light", ("mask", "under", "light")),
        ("two seats in front of the woman", ("seat", "in front of", "woman")),
        ("small clock on the wall above the door", ("clock", "above", "door")),
        (
            "a lamp to the left of a bed and a desk to the right of it",
            ("desk", "to the right of", "bed"),
        ),
    ],
)
def test_places_are_read(text: str, triplet: tuple[str, str, str]) -> None:
    (graph,) = default_parser().parse([text])
    assert triplet in graph.triplets()
