"""Tagged tokens → noun phrases and the words between them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from spatial_dual.parsing.lexicon import load_lexicon, singular
from spatial_dual.parsing.tagger import Token

_PHRASE = re.compile(r"D*(?:A*[JMG](?:K?C?(?=J+N))?|N(?=[JG]*N))*N+|D+A*[JM]+|G+")
_POSTPOSED = re.compile(r"(?:A?J(?:C(?=J))?)+")


class NounPhrase(NamedTuple):
    """A mention of an object: singular label with compounds, attributes, kind of determiner."""

    label: str
    attributes: tuple[str, ...]
    definite: bool


Element = Token | NounPhrase


def chunk(tokens: list[Token]) -> list[Element]:
    """Join determiners, attributes and nouns to noun phrases; adverbs drop out."""
    tags = "".join(token.tag for token in tokens)
    elements: list[Element] = []
    place = 0
    while place < len(tokens):
        match = _PHRASE.match(tags, place)
        if match:
            elements.append(_noun_phrase(tokens[place : match.end()]))
            place = match.end()
        else:
            if tokens[place].tag not in "AD":
                elements.append(tokens[place])
            place += 1
    return list(_without_collectives(elements))


def _noun_phrase(tokens: list[Token]) -> NounPhrase:
    lexicon = load_lexicon()
    content = [token for token in tokens if token.tag in "JMNG"]
    nouns = [token.word.replace("_", " ") for token in content if token.tag == "N"]
    rest = [token for token in content if token.tag in "JM"]
    if not nouns:  # "the orange", "the man's"
        nouns = [content[-1].word.removesuffix("'s")]
        rest = rest[:-1]
    attributes = tuple(token.word.replace("_", " ") for token in rest)
    definite = any(token.tag == "D" and token.word in lexicon.definite for token in tokens)
    return NounPhrase(singular(" ".join(nouns)), attributes, definite)


def _without_collectives(elements: list[Element]) -> Iterator[Element]:
    """Drop what only counts or locates: "a group of" people, "the side of" the house."""
    for place, element in enumerate(elements):
        if _counts(elements, place) or (place and _counts(elements, place - 1)):
            continue
        yield element


def _counts(elements: list[Element], place: int) -> bool:
    if len(elements) < place + 3:
        return False
    first, link, second = elements[place : place + 3]
    return (
        isinstance(first, NounPhrase)
        and isinstance(second, NounPhrase)
        and isinstance(link, Token)
        and link.word == "of"
        and first.label.rpartition(" ")[2] in load_lexicon().collectives
    )
