"""Captions → graphs by Stanza: the package that ships, and one trained on a real treebank."""

from pathlib import Path

import pytest
import torch

from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.stanza_parser import StanzaParser


@pytest.fixture(scope="module", params=["shipped", "ewt"])
def parser(request: pytest.FixtureRequest) -> StanzaParser:
    if request.param == "shipped":
        return default_parser()
    folder = request.getfixturevalue("shared_data") / "stanza-ewt-small"
    if not folder.is_dir():
        pytest.skip(f"needs the Stanza package {folder}")
    return StanzaParser(folder, "caption")


@pytest.mark.parametrize(
    ("caption", "triplet"),
    [
        ("A cat is to the left of the sofa.", ("cat", "to the left of", "sofa")),
        ("there is a lamp behind the bed", ("lamp", "behind", "bed")),
        ("under the table is a dog", ("dog", "under", "table")),
        ("a man wearing a hat stands in front of a car", ("man", "in front of", "car")),
        ("A bottle that is on a shelf", ("bottle", "on", "shelf")),
    ],
)
def test_relations(parser: StanzaParser, caption: str, triplet: tuple[str, str, str]) -> None:
    assert triplet in parser.parse([caption])[0].triplets()


@pytest.mark.parametrize(
    ("caption", "right", "wrong"),
    [
        (
            "a boy holds the leash of a dog",
            ("leash", "of", "dog"),
            ("boy", "of", "dog"),
        ),
        (
            "a room with a bed and a lamp",
            ("room", "with", "lamp"),
            ("lamp", "with", "bed"),
        ),
        (
            "a man sits on a bench reading a newspaper",
            ("man", "reads", "newspaper"),
            ("bench", "reads", "newspaper"),
        ),
    ],
)
def test_phrases_hang_where_captions_mean_them(
    caption: str, right: tuple[str, str, str], wrong: tuple[str, str, str]
) -> None:
    triplets = default_parser().parse([caption])[0].triplets()
    assert right in triplets
    assert wrong not in triplets


def test_attributes_belong_to_their_nouns(parser: StanzaParser) -> None:
    (graph,) = parser.parse(["a small red cup is on a wooden table"])
    assert {item.label: set(item.attributes) for item in graph.objects} == {
        "cup": {"small", "red"},
        "table": {"wooden"},
    }


def test_a_batch_gives_what_its_captions_give_alone(parser: StanzaParser) -> None:
    captions = ["a cat on a bed", "", "🙂", "قطة على السرير", "word " * 10_000, "a dog near a car"]
    assert parser.parse(captions) == [parser.parse([caption])[0] for caption in captions]


@pytest.mark.parametrize(
    "caption", ["", " \t", "🙂🔥", "\x00\x1b", "...", "word " * 10_000, "two tall trees", "a cat"]
)
def test_captions_that_relate_nothing_give_no_relation(parser: StanzaParser, caption: str) -> None:
    (graph,) = parser.parse([caption])
    assert graph.relations == ()
    assert bool(graph.objects) == caption.startswith(("two", "a "))


def test_half_precision_around_the_parser_changes_nothing(parser: StanzaParser) -> None:
    captions = ["a red zorkle stands behind the flurbs", "a cup on a table"]
    plain = parser.parse(captions)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert parser.parse(captions) == plain


def test_controls_and_symbols_do_not_hide_what_is_said(parser: StanzaParser) -> None:
    (graph,) = parser.parse(["\u202ea 🐱 cat\x07 is\u200b on\t a mat 🔥\u202c"])
    assert graph.triplets() == [("cat", "on", "mat")]


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"resources\.json is missing"):
        StanzaParser(tmp_path, "caption")
