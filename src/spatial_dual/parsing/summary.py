"""What a graph says of its text, in one line, and what of the text it leaves unsaid."""

from spatial_dual.parsing.lexicon import load_lexicon, singular, third_person
from spatial_dual.parsing.tokens import tokenise, words_of_manner
from spatial_dual.parsing.treebank.words import base_forms
from spatial_dual.scene.graph import SceneGraph, SceneObject

_SHORT = {"to the left of": "left of", "to the right of": "right of"}
_SAID_OTHERWISE = frozenset(
    ["each", "other", "there", "both", "either", "neither", "nor", "way", "'s", "no"]
)


def understood(graph: SceneGraph) -> str:
    """What a graph states: "red bottle left of bowl; chair; no dog; fox or dog"."""
    names = [_named(item) for item in graph.objects]
    said = [
        f"{'not: ' if r.negated else ''}{names[r.subject]} "
        f"{_SHORT.get(r.predicate, r.predicate)} {names[r.object]}"
        for r in graph.relations
    ]
    related = {end for r in graph.relations for end in (r.subject, r.object)}
    alone = [name for number, name in enumerate(names) if number not in related]
    choices = [" or ".join(names[number] for number in group) for group in graph.alternatives]
    place = [f"in a {graph.place}"] if graph.place else []
    return "; ".join(dict.fromkeys([*said, *alone, *choices, *place]))


def not_understood(text: str, graph: SceneGraph) -> list[str]:
    """Content words of a text that are in no label, attribute or predicate of its graph.

    Verbs of rest ("stands", "lies") are told by their prepositions; function words and corrected
    spellings are no content.
    """
    said = " ".join(
        [
            *(item.label for item in graph.objects),
            *(word for item in graph.objects for word in item.attributes),
            *(relation.predicate for relation in graph.relations),
            *(note.partition(":")[0] for note in graph.notes),
            graph.place or "",
        ]
    ).lower()
    known = set(said.split())
    tokens = [token for sentence in tokenise(text) for token in sentence if not token.meaning]
    words = (word for token in tokens for word in token.text.split())
    unsaid = [word for word in words if not _is_said(word, known)]
    return list(dict.fromkeys([*unsaid, *words_of_manner(text)]))


def _is_said(word: str, known: set[str]) -> bool:
    lexicon = load_lexicon()
    if not word[0].isalpha() or word in _SAID_OTHERWISE:
        return True
    if lexicon.tags.get(word, "J") not in "JN" or word in lexicon.collectives:
        return True
    base = base_forms().get(word) or lexicon.verbs.get(word, (word, ""))[0]
    if base in lexicon.resting or base == "be" or singular(word) in lexicon.collectives:
        return True
    stem = word.removesuffix("ing").removesuffix("ed")
    inflected = len(stem) > 2 and any(other.startswith(stem) for other in known)
    return inflected or not known.isdisjoint((word, singular(word), base, third_person(base)))


def _named(item: SceneObject) -> str:
    return " ".join(filter(None, ("no" if item.negated else "", *item.attributes, item.label)))
