"""Caption → tagged tokens.

Tags, one letter each: D determiner, J attribute, M number, N noun, G genitive, P preposition,
B be, V -ing verb, E past participle, F present verb, X existential "there", R relative pronoun,
C conjunction, K comma, S stop, O pronoun, A adverb.
"""

import re
from typing import NamedTuple

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.scene.text import clean_caption

_WORD = re.compile(r"@\d+|[^\W_]+(?:[_&/-][^\W_]+)*(?:'[a-z]+)?|'s\b|[,;:]|[.!?]")
_CLITIC = re.compile(r"\b(there|it|who|that|he|she|which|what)'s\b")
_RECIPROCAL = re.compile(r"\b(?:each ?other|one another)\b")
_IN_PHRASE = "NJGM"


class Token(NamedTuple):
    """A word, its tag, and the predicate of a preposition or base form of a verb."""

    tag: str
    word: str
    value: str = ""


def tag_caption(text: str) -> list[Token]:
    """Tokens of a caption, multiword relations as one preposition; none if it is too long."""
    try:
        words = _WORD.findall(_collapse(clean_caption(text).lower()))
    except ValueError:
        return []
    rough = [*map(_rough_tag, words), "S"]
    tokens: list[Token] = []
    for word, tag, following in zip(words, rough, rough[1:], strict=False):
        tokens.append(_resolve(word, tag, tokens[-1].tag if tokens else "S", following))
    return tokens


def _collapse(text: str) -> str:
    lexicon = load_lexicon()
    text = _CLITIC.sub(r"\1 is", text)
    text = lexicon.word_groups.sub(lambda match: match[0].replace(" ", "_"), text)
    text = _RECIPROCAL.sub("each_other", text)
    return lexicon.phrases.sub(
        lambda match: f" @{match.lastindex} " if lexicon.predicates[match.lastindex or 0] else " ",
        text,
    )


def _rough_tag(word: str) -> str:
    """Tag without context; "V", "E", "F" only say that the word may be such a verb."""
    lexicon = load_lexicon()
    if word[0] == "@":
        return "P"
    if word in ".!?":
        return "S"
    if word in lexicon.tags:
        return lexicon.tags[word]
    if word.endswith(("'s", "s'")):
        return "G"
    if word in lexicon.ing_nouns or word in lexicon.ed_nouns:
        return "N"
    if word in lexicon.verbs:
        return lexicon.verbs[word][1]
    if word.isdecimal():
        return "M"
    if word.endswith("ing") and len(word) > 5:
        return "V"
    if word.endswith("ed") and len(word) > 4:
        return "E"
    return "A" if word.endswith("ly") and word not in lexicon.ly_nouns else "N"


def _resolve(word: str, tag: str, before: str, following: str) -> Token:
    lexicon = load_lexicon()
    if word[0] == "@":
        return Token("P", word, lexicon.predicates[int(word[1:])])
    if tag in "VEF":
        return _resolve_verb(word, tag, before, following)
    if word == "while":
        return Token("C" if following in "VE" else "S", word)
    if word == "there":
        return Token("X" if following == "B" else "A", word)
    if word == "that" and before not in "NJPO":
        return Token("D", word)
    if tag == "A" and word == "left" and following in _IN_PHRASE:
        return Token("J", word)
    if tag == "J" and following in "VEFBPR" and (before in "DJ" or word in lexicon.noun_attributes):
        return Token("N", word) if before in "DJN" else Token("J", word)
    if word == "can" and before in "NJ" and following in "BPVEKCS":
        return Token("N", word)
    if word == "one" and before in "DJ" and following not in _IN_PHRASE:
        return Token("N", word)
    return Token(tag, word, word if tag == "P" else "")


def _resolve_verb(word: str, tag: str, before: str, following: str) -> Token:
    base = load_lexicon().verbs.get(word, (word, tag))[0]
    if tag == "F":
        is_verb = before in "NORAJ" and following not in "NVEBSKC"
        is_verb = is_verb and (before != "J" or following in "PD")
        return Token("F", word, base) if is_verb else Token("N", word)
    if before in "DJMGP" or (before in "SKC" and following in _IN_PHRASE):
        if following in _IN_PHRASE or (tag == "E" and following in "VE"):
            return Token("J", word)
        return Token("N", word) if before in "DJMG" and tag == "V" else Token(tag, word, base)
    if tag == "E" and before == "N" and following == "N":
        return Token("J", word)
    return Token(tag, word, base)
