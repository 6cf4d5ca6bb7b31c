"""Stanza words → a tree that rules can walk, mended where captions are misread."""

from collections.abc import Sequence
from typing import Any

from spatial_dual.parsing.attachment import mend_attachments
from spatial_dual.parsing.inversion import mend_inversions
from spatial_dual.parsing.lexicon import singular
from spatial_dual.parsing.misreadings import (
    join_compounds,
    mend_nouns,
    mend_plurals,
    mend_verbs,
)
from spatial_dual.parsing.spelling import is_word
from spatial_dual.parsing.tokens import Token
from spatial_dual.parsing.treebank.words import base_forms
from spatial_dual.parsing.word import Word

_KEPT_SUBTYPES = frozenset(["compound:prt", "nmod:poss"])


def build_sentence(words: Sequence[Any], tokens: Sequence[Token]) -> list[Word]:
    """Words of a Stanza sentence that was parsed from these tokens."""
    built = [
        Word(
            place=place,
            text=token.text,
            lemma=_lemma(word, token),
            upos=_part_of_speech(word),
            xpos=word.xpos or "",
            relation=_relation(word.deprel or "dep"),
            predicate=token.meaning,
            quality=token.quality,
            mark=token.mark,
        )
        for place, (word, token) in enumerate(zip(words, tokens, strict=True))
    ]
    for word, parsed in zip(built, words, strict=True):
        if parsed.head:
            word.head = built[parsed.head - 1]
            word.head.children.append(word)
    mend_plurals(built)
    mend_nouns(built)
    mend_verbs(built)
    mend_inversions(built)
    join_compounds(built)
    mend_attachments(built)
    return built


def _relation(name: str) -> str:
    return name if name in _KEPT_SUBTYPES else name.split(":")[0]


def _part_of_speech(word: Any) -> str:
    """The two tagsets err apart: what looks like a verb to one alone is a noun in a caption."""
    if word.upos == "VERB" and (word.xpos or "").startswith("NN"):
        return "NOUN"
    return word.upos or "X"


def _lemma(word: Any, token: Token) -> str:
    if " " in token.text:
        return singular(token.text)
    if word.upos in ("VERB", "AUX") and word.lemma != "be":
        return base_forms().get(token.text) or _undoubled(token.text, word.lemma or token.text)
    if token.shown:
        return token.text
    return (word.lemma or token.text).lower()


def _undoubled(form: str, lemma: str) -> str:
    """The base of "knitting" is no "knitt", and that of "smokes" no "smok"."""
    doubled = form.endswith(("ing", "ed")) and lemma[-2:-1] == lemma[-1:]
    if doubled and lemma[-1] in "bdgmnprt":
        return lemma[:-1]
    return lemma + "e" if not is_word(lemma) and is_word(lemma + "e") else lemma
