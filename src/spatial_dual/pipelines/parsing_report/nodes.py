"""Node of the ``parsing_report`` pipeline."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial_dual.parsing.interface import TextGraphParser
    from spatial_dual.scene.graph import SceneGraph

Figures = dict[str, Any]
PROTOCOL = {
    "strict_recall": "share of captions whose graph holds one of the triplets annotated of the "
    "picture: the same predicate, the same head nouns in the singular, in the same order",
    "recall_with_inverses": "a behind b counts as b in front of a, and so on",
    "recall_with_inverses_and_synonyms": "and so do head nouns that the lexicon calls synonyms",
    "precision, recall, f1": "of distinct facts with their numbers, over all captions; nouns in "
    "the singular",
    "invented_words": "words of labels and attributes that are in no form in their text",
    "set_match": "share of captions of which all facts are right and none is missing",
    "tuples": "relations, attributes, and objects of which nothing is said, as FACTUAL counts",
    "factual": "its base forms and free prepositions are put in our words by our lexicon",
}
_CHUNK = 1000
"""Captions between two steps of the bar."""


def report_parsing(captions: dict[str, Any], parsing: dict[str, Any]) -> tuple[Figures, str]:
    """Figures and classes of errors on each set, with the models' name; and as Markdown."""
    from spatial_dual.metrics.caption_sets import figures_of
    from spatial_dual.metrics.table import flatten
    from spatial_dual.parsing.default import default_parser

    parser = default_parser(**parsing)
    sets = {
        name: figures_of(given, list(_parsed(name, given.captions, parser)))
        for name, given in captions.items()
    }
    models = parsing["folder"] or "shipped"
    lines = ["# How well texts are parsed", "", f"Models: {models}.", ""]
    for name, figures in sets.items():
        lines += [f"## {name}", "", "| figure | value |", "|---|---|"]
        numbers = {key: value for key, value in figures.items() if key != "examples"}
        lines += [f"| {key} | {value:.4g} |" for key, value in flatten(numbers)]
        lines += ["", "Errors by example, with the fact that is missed or too many:", ""]
        for kind, shown in figures["examples"].items():
            lines += [f"- {kind}:", *(f"  - {text}" for text in shown)]
        lines += [""]
    lines += ["Protocol:", "", *(f"- {key}: {text}" for key, text in PROTOCOL.items()), ""]
    return {"models": models, "protocol": PROTOCOL, "sets": sets}, "\n".join(lines)


def _parsed(name: str, texts: list[str], parser: "TextGraphParser") -> "Iterator[SceneGraph]":
    from spatial_dual.progress import progress_bar

    with progress_bar(f"parse {name}", len(texts), unit="caption") as bar:
        for start in range(0, len(texts), _CHUNK):
            graphs = parser.parse(texts[start : start + _CHUNK])
            yield from graphs
            bar.update(len(graphs))
