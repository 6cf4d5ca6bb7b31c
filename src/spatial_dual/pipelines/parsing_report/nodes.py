"""Node of the ``parsing_report`` pipeline."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial_dual.datasets.graphs.caption_sets import CaptionSet
    from spatial_dual.parsing.interface import TextGraphParser
    from spatial_dual.scene.graph import SceneGraph

Figures = dict[str, Any]
Kinds = Mapping[str, Mapping[str, list[dict[str, Any]]]]
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
    "factual": "its base forms, free prepositions and figures, wholes that have parts, clothes "
    "that are worn are put in the same words on both sides, see metrics.factual_words; what goes "
    "without saying (who rides is on) is not counted",
    "kinds": "share of texts read wholly right: all that is wanted, nothing beyond what may be",
    "captions_per_second": "processor time of one process on this machine, parser loaded",
}
_CHUNK = 1000
"""Captions between two steps of the bar."""


def report_parsing(
    captions: dict[str, Any], kinds: Kinds, parsing: dict[str, Any]
) -> tuple[Figures, str]:
    """Figures of each parser that is here, on each set and kind; and as Markdown.

    Classes of errors with examples are those of the first parser, which reads all texts.
    """
    parsers, missing = _parsers(parsing)
    found = {name: _figures(name, parser, captions, kinds) for name, parser in parsers.items()}
    first = next(iter(found))
    figures = {
        "models": first,
        "machine": _machine(),
        "not_here": missing,
        "protocol": PROTOCOL,
        "sets": found[first]["sets"],
        "parsers": {
            name: _without_examples(own) if name != first else own for name, own in found.items()
        },
    }
    return figures, "\n".join(_page(figures))


def _parsers(parsing: dict[str, Any]) -> "tuple[dict[str, TextGraphParser], dict[str, str]]":
    """Parsers that can read here, the one in use first; and why others cannot."""
    from spatial_dual.parsing.default import parser_of

    folder = parsing["folder"]
    parsers = {folder or "shipped": parser_of("stanza", parsing)}
    if folder:
        parsers["shipped"] = parser_of("stanza", {"spelling": parsing["spelling"]})
    factual = parser_of("factual", parsing)
    try:
        factual.parse(["a cup on a table"])
    except ValueError as error:
        return parsers, {"factual": str(error)}
    return parsers | {"factual": factual}, {}


def _figures(
    name: str, parser: "TextGraphParser", captions: "dict[str, CaptionSet]", kinds: Kinds
) -> Figures:
    from time import process_time

    from spatial_dual.metrics.caption_sets import figures_of

    parser.parse(["a cup on a table"])  # loads it
    sets, speed = {}, {}
    for title, given in captions.items():
        start = process_time()
        graphs = list(_parsed(f"{name}: {title}", given.captions, parser))
        speed[title] = len(graphs) / max(process_time() - start, 1e-9)
        sets[title] = figures_of(given, graphs)
    return {"sets": sets, "kinds": _by_kind(kinds, parser), "captions_per_second": speed}


def _by_kind(kinds: Kinds, parser: "TextGraphParser") -> Figures:
    """Share read right of each kind, of both parts, and of each part over all kinds."""
    from spatial_dual.metrics.caption_kinds import share_right
    from spatial_dual.metrics.shares import Share

    shares: dict[str, Share] = {}
    for kind, parts in kinds.items():
        for part, rows in parts.items():
            share = share_right(parser.parse([row["text"] for row in rows]), rows)
            for key in (kind, f"all, {part}"):
                shares[key] = shares.get(key, Share()) + share
    return {key: share.value for key, share in shares.items() if share.total}


def _parsed(name: str, texts: list[str], parser: "TextGraphParser") -> "Iterator[SceneGraph]":
    from spatial_dual.progress import progress_bar

    with progress_bar(f"parse {name}", len(texts), unit="caption") as bar:
        for start in range(0, len(texts), _CHUNK):
            graphs = parser.parse(texts[start : start + _CHUNK])
            yield from graphs
            bar.update(len(graphs))


def _machine() -> str:
    """Processor and cores that the speed was measured on."""
    import os
    import platform

    return f"{platform.machine()} {platform.processor()}".strip() + f", {os.cpu_count()} cores"


def _without_examples(own: Figures) -> Figures:
    sets = {
        title: {key: value for key, value in figures.items() if key != "examples"}
        for title, figures in own["sets"].items()
    }
    return own | {"sets": sets}


def _page(figures: Figures) -> Iterator[str]:
    parsers = figures["parsers"]
    yield from ("# How well texts are parsed", "", f"Models: {figures['models']}.", "")
    yield from (f"Not here: {name}: {why}." for name, why in figures["not_here"].items())
    yield ""
    for title, own in figures["sets"].items():
        columns = [_numbers(parser["sets"][title]) for parser in parsers.values()]
        yield from (f"## {title}", "", *_table(parsers, columns), "")
        yield from ("Errors by example, with the fact that is missed or too many:", "")
        for kind, shown in own["examples"].items():
            yield from (f"- {kind}:", *(f"  - {text}" for text in shown))
        yield ""
    yield from ("## Texts as people type them, by kind", "")
    yield from (*_table(parsers, [parser["kinds"] for parser in parsers.values()]), "")
    yield from (f"## Captions per second, one process on {figures['machine']}", "")
    speeds = [parser["captions_per_second"] for parser in parsers.values()]
    yield from (*_table(parsers, speeds), "")
    yield from ("Protocol:", "", *(f"- {key}: {text}" for key, text in PROTOCOL.items()), "")


def _numbers(own: Figures) -> dict[str, Any]:
    from spatial_dual.metrics.table import flatten

    shown = flatten({key: value for key, value in own.items() if key != "examples"})
    return {key: value for key, value in shown if not isinstance(value, str)}


def _table(parsers: Figures, columns: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| figure | {' | '.join(parsers)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for key in columns[0]:
        cells = (f"{column[key]:.4g}" if key in column else "" for column in columns)
        yield f"| {key} | {' | '.join(cells)} |"
