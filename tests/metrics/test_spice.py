import math
from pathlib import Path

import pytest

from spatial_dual.metrics.spice import FactCounts, Spice, facts
from spatial_dual.metrics.synonyms import LexiconSynonyms, WordNetSynonyms, load_synonyms
from spatial_dual.parsing.lexicon_parser import LexiconParser
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject

SPICE = Spice(LexiconSynonyms())
WORDNET = Path("/usr/share/wordnet")


def graph(objects: str, *relations: tuple[int, str, int]) -> SceneGraph:
    """Objects as "red cup; table": attributes, then the label."""
    items = [text.split() for text in objects.split("; ")] if objects else []
    return SceneGraph(
        objects=tuple(SceneObject(label=w[-1], attributes=tuple(w[:-1])) for w in items),
        relations=tuple(
            Relation(subject=s, predicate=p, object=o, source="text") for s, p, o in relations
        ),
    )


def test_facts_of_a_graph():
    assert facts(graph("red cup; table", (0, "on", 1))) == [
        ("cup",),
        ("cup", "red"),
        ("table",),
        ("cup", "on", "table"),
    ]


def test_hand_worked_score():
    caption = graph("red cup; table", (0, "on", 1))
    reference = graph("red cup; chair", (0, "on", 1))
    # cup and red cup of 4 and 4
    assert SPICE.compare(caption, [reference]) == FactCounts(2, 4, 4)
    assert SPICE.compare(caption, [reference]).f1 == 0.5


def test_synonyms_match_in_every_place():
    caption = graph("grey couch; mug", (1, "beneath", 0))
    reference = graph("gray sofa; cup", (1, "under", 0))
    assert SPICE.compare(caption, [reference]).f1 == 1


def test_a_fact_matches_one_fact_only():
    # three words for one thing are one fact
    assert SPICE.compare(graph("sofa"), [graph("couch; sofa; settee")]) == FactCounts(1, 1, 1)
    assert SPICE.compare(graph("sofa; couch"), [graph("sofa")]) == FactCounts(1, 1, 1)


def test_chains_of_synonyms_match_as_many_as_they_can():
    class Chain:
        """a ~ b ~ c, and a not ~ c."""

        name = "chain"

        def senses(self, word: str) -> frozenset[str]:
            return frozenset({"a": "1", "b": "12", "c": "2"}[word])

    # b could take a or c; a fits b only
    found = Spice(Chain()).compare(graph("b; a c"), [graph("a; c")])
    assert (found.matched, found.reference) == (1, 2)


def test_several_references_are_one_graph():
    references = [graph("cup"), graph("red cup; table")]
    assert SPICE.compare(graph("red cup"), references) == FactCounts(2, 2, 3)


def test_nothing_stated_scores_zero():
    assert SPICE.compare(graph(""), [graph("cup")]).f1 == 0
    assert math.isnan(SPICE.compare(graph("cup"), [graph("")]).f1)
    with pytest.raises(ValueError, match="at least one reference"):
        SPICE.compare(graph("cup"), [])


def test_direction_matters():
    there = graph("cup; box", (0, "above", 1))
    back = graph("cup; box", (1, "above", 0))
    assert SPICE.compare(there, [back]) == FactCounts(2, 3, 3)


def test_captions_of_one_scene_score_as_parsed():
    texts = ["A red mug is on the table.", "On the table there is a red cup."]
    first, second = LexiconParser().parse(texts)
    assert SPICE.compare(first, [second]).f1 == 1


@pytest.fixture
def wordnet(tmp_path):
    """A WordNet of three nouns, as wndb(5WN) lays it down."""
    for part in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"index.{part}").write_text("  1 licence\n")
    (tmp_path / "index.noun").write_text(
        "  1 licence\n"
        "couch n 2 1 @ 2 1 00000010 00000020  \n"
        "sofa n 1 1 @ 1 1 00000010  \n"
        "goose n 1 1 @ 1 0 00000030  \n"
    )
    (tmp_path / "noun.exc").write_text("geese goose\n")
    return tmp_path


def test_wordnet_files_are_read(wordnet):
    words = WordNetSynonyms(wordnet)
    assert words.senses("sofa") < words.senses("couch")
    assert words.senses("geese") == words.senses("goose") != frozenset()
    assert words.senses("below") & words.senses("under")  # prepositions by the own lexicon
    assert not words.senses("gizmo")


def test_a_folder_without_wordnet_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no index\.noun.*wordnet-base"):
        load_synonyms(str(tmp_path))
    assert load_synonyms(None).name == "own lexicon"


@pytest.mark.skipif(not WORDNET.is_dir(), reason="Debian's wordnet-base is not installed")
def test_real_wordnet_knows_couches_and_spaces():
    words = WordNetSynonyms(WORDNET)
    assert words.senses("couch") & words.senses("sofa")
    assert words.senses("dining table")
