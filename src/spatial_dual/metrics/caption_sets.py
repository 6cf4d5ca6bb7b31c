"""Figures of a parser on annotated captions, each by the protocol that the annotation allows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from spatial_dual.datasets.graphs.caption_sets import CaptionSet, of_graphs
from spatial_dual.metrics.factual_words import alike
from spatial_dual.metrics.parsing import (
    STRICT,
    Fact,
    Matching,
    agreement,
    caption_recall,
    error_class,
    head_word,
    invented_words,
)
from spatial_dual.metrics.synonyms import load_synonyms
from spatial_dual.parsing.lexicon import singular
from spatial_dual.scene.graph import SceneGraph

Figures = dict[str, Any]
EXAMPLES = 3
"""Captions shown of each class of errors."""


def figures_of(captions: CaptionSet, graphs: Sequence[SceneGraph]) -> Figures:
    """Figures of the graphs that a parser made of the captions, and classes of its errors.

    "errors" counts each class, "examples" has some of its captions and the fact in question.
    """
    if captions.form == "pictures":
        return _of_pictures(captions, graphs)
    read = of_graphs(captions.form, list(zip(captions.captions, graphs, strict=True)))
    found, gold = _parts(read), _parts(captions)
    figures: Figures = {"captions": len(graphs), "invented_words": _invented(captions, graphs)}
    for part in ("objects", "attributes", "relations"):
        figures[part] = _scores([f[part] for f in found], [g[part] for g in gold])
    tuples = [_tuples(f) for f in found], [_tuples(g) for g in gold]
    figures["tuples"] = _scores(*tuples)
    rows = zip(captions.captions, found, gold, strict=True)
    made = ((name, text, fact) for text, f, g in rows for name, fact in _errors(f, g))
    return figures | _counted(made)


def _of_pictures(captions: CaptionSet, graphs: Sequence[SceneGraph]) -> Figures:
    gold = [[(head_word(s), p, head_word(o)) for s, p, o in t] for t in captions.triplets]
    turned = Matching(inverses=True)
    alike = Matching(inverses=True, synonyms=load_synonyms(None))
    rows = zip(captions.captions, graphs, gold, strict=True)
    made = ((error_class(*row) or "none", row[0], row[2][0]) for row in rows)
    return {
        "captions": len(graphs),
        "invented_words": _invented(captions, graphs),
        "strict_recall": caption_recall(graphs, gold, STRICT).value,
        "recall_with_inverses": caption_recall(graphs, gold, turned).value,
        "recall_with_inverses_and_synonyms": caption_recall(graphs, gold, alike).value,
        **_counted(made),
    }


def _invented(captions: CaptionSet, graphs: Sequence[SceneGraph]) -> int:
    pairs = zip(captions.captions, graphs, strict=True)
    return sum(len(invented_words(text, graph)) for text, graph in pairs)


def _counted(made: Iterable[tuple[str, str, Fact]]) -> Figures:
    """Errors of each class, the most frequent first, and some of their captions and facts."""
    shown: dict[str, list[str]] = {}
    for name, caption, fact in made:
        shown.setdefault(name, []).append(f"{caption} — {' '.join(fact)}")
    ranked = sorted(shown, key=lambda name: -len(shown[name]))
    return {
        "errors": {name: len(shown[name]) for name in ranked},
        "examples": {name: shown[name][:EXAMPLES] for name in ranked if name != "none"},
    }


def _scores(found: Sequence[Counter[Fact]], gold: Sequence[Counter[Fact]]) -> Figures:
    agreed = agreement(found, gold)
    return {
        "precision": agreed.precision.value,
        "recall": agreed.recall.value,
        "f1": agreed.f1,
        "set_match": agreed.set_match.value,
    }


def _parts(captions: CaptionSet) -> list[dict[str, Counter[Fact]]]:
    if captions.form == "factual":
        captions = alike(captions)
    rows = zip(captions.triplets, captions.attributes, captions.labels, strict=True)
    return [
        {
            "objects": Counter((singular(label),) for label in labels),
            "attributes": Counter((singular(label), word) for label, word in attributes),
            "relations": Counter((singular(s), p, singular(o)) for s, p, o in triplets),
        }
        for triplets, attributes, labels in rows
    ]


def _tuples(parts: dict[str, Counter[Fact]]) -> Counter[Fact]:
    """As FACTUAL writes graphs: relations, attributes, and objects of which nothing is said."""
    told = parts["relations"] + parts["attributes"]
    named = {fact[0] for fact in told} | {fact[-1] for fact in parts["relations"]}
    return told + Counter({fact: 1 for fact in parts["objects"] if fact[0] not in named})


def _errors(
    found: dict[str, Counter[Fact]], gold: dict[str, Counter[Fact]]
) -> Iterable[tuple[str, Fact]]:
    """Why gold facts are missed and what was found beyond them, a word with each fact."""
    ends = {(s, o) for s, _, o in found["relations"]}
    named = {label for (label,) in found["objects"]}
    for fact in (gold["relations"] - found["relations"]).elements():
        s, _, o = fact
        if not {s, o} <= named:
            yield "relation missed: an end has another name", fact
        elif (s, o) in ends:
            yield "relation missed: another predicate", fact
        else:
            yield "relation missed: " + ("turned round" if (o, s) in ends else "not read"), fact
    for name in ("objects", "attributes"):
        yield from ((f"{name[:-1]} missed", f) for f in (gold[name] - found[name]).elements())
    for name in ("objects", "attributes", "relations"):
        yield from ((f"{name[:-1]} too many", f) for f in (found[name] - gold[name]).elements())
