"""The closed words, attributes and verbs of captions, and the forms that words take."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_VOWELS = "aeiou"


@dataclass(frozen=True)
class Lexicon:
    """Lookup tables made from ``lexicon.json``.

    Attributes:
        tags: word -> its tag where it has only one (see ``tagger``).
        verbs: inflected form -> (base form, "V" -ing, "E" past, "F" present).
        phrases: finds multiword relations and prepositions; the group number is in ``predicates``.
        predicates: canonical predicate by group number, "" for adverbials that are dropped.
        attribute_rank: attribute -> place of its kind (colour, material, size, pose, other).
        word_groups: finds attributes and nouns of several words that are one token.
        tool_verbs: done with a tool ("cuts bread with a knife").
        living_verbs: done by people and animals alone.
        staying_verbs: a place behind their object is the doer's: "reads a book on a bench".
        placing_verbs: a place behind their object is the object's: "puts a cup on a desk".
        compounds: finds nouns of several words whose parts mislead a tagger ("trash can").
    """

    tags: dict[str, str]
    verbs: dict[str, tuple[str, str]]
    resting: frozenset[str]
    tool_verbs: frozenset[str]
    living_verbs: frozenset[str]
    staying_verbs: frozenset[str]
    placing_verbs: frozenset[str]
    definite: frozenset[str]
    attribute_rank: dict[str, int]
    collectives: frozenset[str]
    parts: frozenset[str]
    clothing: frozenset[str]
    places: frozenset[str]
    ing_nouns: frozenset[str]
    ed_nouns: frozenset[str]
    ly_adjectives: frozenset[str]
    noun_attributes: frozenset[str]
    material_nouns: frozenset[str]
    numbers: frozenset[str]
    plurals: dict[str, str]
    phrases: re.Pattern[str]
    predicates: tuple[str, ...]
    word_groups: re.Pattern[str]
    compounds: re.Pattern[str]


@cache
def load_lexicon() -> Lexicon:
    """The lexicon that ships with the package."""
    data = json.loads(resources.files(__package__).joinpath("lexicon.json").read_text("utf-8"))
    groups = [("", pattern) for pattern in data["adverbials"]]
    groups += [(predicate, pattern) for predicate, pattern in data["relations"]]
    attributes = [word for words in data["attributes"].values() for word in words]
    verbs = _verb_forms(data)
    kinds = {
        **data["attributes"],
        "material": [*data["attributes"]["material"], *data["material_nouns"]],
    }
    return Lexicon(
        tags=_tags(data, [word for word in attributes if word not in verbs]),
        verbs=verbs,
        resting=frozenset(data["verbs"]["rest"]),
        tool_verbs=frozenset(data["tool_verbs"]),
        living_verbs=frozenset(data["living_verbs"]),
        staying_verbs=frozenset(data["staying_verbs"]),
        placing_verbs=frozenset(data["placing_verbs"]),
        definite=frozenset(data["determiners"]["definite"]),
        attribute_rank={word: rank for rank, words in enumerate(kinds.values()) for word in words},
        collectives=frozenset(data["collectives"]),
        parts=frozenset(data["parts"]),
        clothing=frozenset(data["clothing"]),
        places=frozenset(data["places"]),
        ing_nouns=frozenset(data["ing_nouns"]),
        ed_nouns=frozenset(data["ed_nouns"]),
        ly_adjectives=frozenset(data["ly_adjectives"]),
        noun_attributes=frozenset(data["noun_attributes"]),
        material_nouns=frozenset(data["material_nouns"]),
        numbers=frozenset(data["numbers"]),
        plurals=data["plurals"],
        phrases=re.compile(
            r"(?<![\w'-])(?:" + "|".join(f"({pattern})" for _, pattern in groups) + r")(?![\w'-])"
        ),
        predicates=("", *(predicate for predicate, _ in groups)),
        word_groups=_any_of(word for word in [*attributes, *data["compounds"]] if " " in word),
        compounds=_any_of(data["compounds"]),
    )


def singular(noun: str) -> str:
    """Singular of a noun: "men" -> "man", "boxes" -> "box"; singulars stay.

    Only the last word of a compound changes.
    """
    head, blank, last = noun.rpartition(" ")
    irregular = load_lexicon().plurals.get(last)
    if irregular:
        last = irregular
    elif last.endswith(("ss", "us", "is", "'s")) or len(last) < 4 or not last.endswith("s"):
        pass
    elif last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
        last = last[:-2]
    else:
        last = last[:-1]
    return head + blank + last


def third_person(verb: str) -> str:
    """Third person singular of a base form: "carry" -> "carries"."""
    if verb == "have":
        return "has"
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb[:-1] + "ies"
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    return verb + "s"


def _tags(data: dict[str, Any], attributes: list[str]) -> dict[str, str]:
    tags = dict.fromkeys(data["ly_nouns"], "N") | dict.fromkeys(data["adverbs"], "A")
    tags |= {word.replace(" ", "_"): "J" for word in attributes}
    tags |= dict.fromkeys(data["prepositions"], "P")
    tags |= dict.fromkeys(data["auxiliaries"], "A")
    tags |= dict.fromkeys(data["numbers"], "M")
    tags |= dict.fromkeys(
        [*data["determiners"]["indefinite"], *data["determiners"]["definite"]], "D"
    )
    tags |= dict.fromkeys(data["be"], "B")
    tags |= dict.fromkeys(data["relative"], "R")
    tags |= dict.fromkeys(data["conjunctions"], "C")
    tags |= dict.fromkeys(data["pronouns"], "O")
    return (
        tags
        | {",": "K", ";": "S", ":": "S"}
        | {word.replace(" ", "_"): "N" for word in data["compounds"]}
    )


def _verb_forms(data: dict[str, Any]) -> dict[str, tuple[str, str]]:
    forms: dict[str, tuple[str, str]] = {}
    for verb in [*data["verbs"]["act"], *data["verbs"]["rest"]]:
        stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
        doubled = stem + stem[-1]
        past = verb[:-1] + "ied" if verb.endswith("y") and verb[-2] not in _VOWELS else stem + "ed"
        forms |= {past: (verb, "E"), stem + "ing": (verb, "V")}
        forms |= {doubled + "ed": (verb, "E"), doubled + "ing": (verb, "V")}
    for verb in data["finite"]:
        forms |= {verb: (verb, "F"), third_person(verb): (verb, "F")}
    for form, verb in data["past"].items():
        forms[form] = (verb, "V" if form.endswith("ing") else "E")
    return forms


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b")
