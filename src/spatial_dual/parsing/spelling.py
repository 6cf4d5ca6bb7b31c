"""Corrects misspelt words of texts, by pyspellchecker and its English dictionary.

Only a word that no dictionary has is changed, and only to a word of scenes that is one slip away: a
letter left out, put in, changed or swapped. Names (capital letters within a sentence) stay.
"""

import re
from difflib import get_close_matches
from functools import cache
from typing import Any

from spatial_dual.parsing.lexicon import load_lexicon, singular, third_person
from spatial_dual.parsing.treebank.words import (
    base_forms,
    known_nouns,
    load_vocabulary,
    plural_form,
)

_WORD = re.compile(r"(?<![\w@'-])[A-Za-z]{3,}(?![\w@'-])")
_SENTENCE_START = re.compile(r"(?:^|[.!?;:\"]) *$")
_TYPED_TOGETHER = {
    "infront": "in front",
    "ontop": "on top",
    "nextto": "next to",
    "outfront": "out front",
}
_CHAT = frozenset(["pls", "plz", "plse", "thx", "pic", "pics"])
"""Short forms, which are no slips."""
_CONFUSED = (
    (re.compile(r"\bteh\b", re.IGNORECASE), "the"),
    (re.compile(r"\badn\b", re.IGNORECASE), "and"),
    (re.compile(r"\b(?:nex|nxt|netx|nezt|nect|enxt)(?= to\b)", re.IGNORECASE), "next"),
    (re.compile(r"\bnext too\b", re.IGNORECASE), "next to"),
    (re.compile(r"\bin (?:font|fronts) of\b", re.IGNORECASE), "in front of"),
    (re.compile(r"\bon too(?= (?:the|an?)\b)", re.IGNORECASE), "onto"),
    (re.compile(r"\b(?<=to the )(?:write|rite)(?= of\b)", re.IGNORECASE), "right"),
    (re.compile(r"\b(?<=the )lift(?= (?:side )?of\b)", re.IGNORECASE), "left"),
)
"""Words in the place of others, and what was meant."""
_AFTER_ARTICLE = re.compile(r"\b(?:an?|the|his|her|its|their|two|three) +$", re.IGNORECASE)
_ENDS_PHRASE = re.compile(r" *(?:$|[.,;!?]|(?:is|are|in|on|at|with|next|behind|under|near|of)\b)")
_ARTICLES = ("some", "the", "an", "a")
_USUAL = 100
"""Occurrences of a word that is not rare, in the texts that the dictionary counted."""
_SOUNDS = (("f", "ph"), ("ph", "f"), ("k", "ck"), ("x", "cks"))
_LEAST_LIKENESS = 0.85
"""Share of letters in common, of long words that are more than one slip away ("vehical")."""
_LONG = 7


def correct_spelling(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with its misspelt words corrected, and a note on each: "rigth: read as right"."""
    notes: dict[str, None] = {}

    def corrected(match: re.Match[str]) -> str:
        word = match[0]
        if _is_name(word, text[: match.start()]) and not text.isupper():
            return word
        named = _AFTER_ARTICLE.search(text[: match.start()])
        ends = _ENDS_PHRASE.match(text, match.end())
        better = correction(word.lower(), bool(named and ends))
        if better is None:
            return word
        notes[f"{word}: read as {better}"] = None
        return better

    for confused, meant in _CONFUSED:
        for found in confused.findall(text):
            notes[f"{found}: read as {meant}"] = None
        text = confused.sub(meant, text)
    return _WORD.sub(corrected, text), tuple(notes)


@cache
def correction(word: str, names: bool = False) -> str | None:
    """What a lower-case word was meant to be; None if it is a word, or like no word of scenes.

    Args:
        word: as typed.
        names: whether it stands where a noun must: "in front of a barne".
    """
    if word in _scene_words() or word in _CHAT or word in _dictionary():
        return None
    words = _scene_words()
    for article in _ARTICLES:
        noun = word.removeprefix(article)
        if noun != word and len(noun) > 2 and (noun in words or _is_usual(noun)):
            return f"{article} {noun}"  # "aburger"
    near = {other: _dictionary()[other] for other in _dictionary().edit_distance_1(word)}
    together = next((other for other in _TYPED_TOGETHER if other == word or other in near), None)
    if together:
        return _TYPED_TOGETHER[together]
    sounded = next((w for a, b in _SOUNDS if (w := word.replace(a, b)) in words), None)
    if sounded:
        return sounded
    meant = [other for other in near if other in words and _can_slip(word, other)]
    meant = [w for w in meant if names and singular(w) in known_nouns()] or meant
    if meant:
        return max(meant, key=lambda other: (*_likeness(word, other), near[other], other))
    if len(word) < _LONG:
        return None
    alike = sorted(other for other in words if other[0] == word[0])
    return next(iter(get_close_matches(word, alike, 1, _LEAST_LIKENESS)), None)


def is_word(word: str) -> bool:
    """Whether a lower-case word is in a dictionary."""
    return word in _scene_words() or word in _dictionary()


def _is_usual(word: str) -> bool:
    """Whether a dictionary word of some length is not rare."""
    return len(word) > 3 and int(_dictionary()[word]) > _USUAL


def _can_slip(word: str, other: str) -> bool:
    """Of short words only a letter left out is undone: too many words are one change away."""
    return len(word) > 3 or len(other) > len(word)


def _likeness(word: str, other: str) -> tuple[bool, bool, bool]:
    """Swapped letters are the likeliest slip; next, the first letter is right; one is missing."""
    return sorted(word) == sorted(other), word[0] == other[0], len(other) > len(word)


def _is_name(word: str, before: str) -> bool:
    return word.isupper() or (word[0].isupper() and not _SENTENCE_START.search(before))


@cache
def _dictionary() -> Any:
    from spellchecker import SpellChecker

    return SpellChecker(language="en", distance=1)


@cache
def _scene_words() -> frozenset[str]:
    """Words that texts on scenes are made of, with their forms."""
    lexicon, vocabulary = load_lexicon(), load_vocabulary()
    nouns = {word for word in known_nouns() if " " not in word}
    kinds = ("colour", "adjective", "predicative", "adverb", "preposition", "british")
    words = {
        *nouns,
        *map(plural_form, nouns),
        *base_forms(),
        *(word for kind in kinds for word in vocabulary[kind]),
        *lexicon.verbs,
        *lexicon.tags,
        *(third_person(base) for base, _ in lexicon.verbs.values()),
        *(word for word in lexicon.attribute_rank if " " not in word),
        *("left", "right", "front", "back", "next", "between", "there"),
    }
    return frozenset(word for word in words if word.isalpha())
