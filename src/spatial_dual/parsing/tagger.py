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
_FORMS = (
    ("G", re.compile(r"'s$")),
    ("V", re.compile(r"^[a-z-]{3,}ing$")),
    ("E", re.compile(r"^[a-z-]{3,}ed$")),
    ("A", re.compile(r"ly$")),
    ("J", re.compile(r"(?<![fd])ish$|(?<!hand)(?<!mouth)ful$|ous$|less$")),
)
_IN_PHRASE = "NJGM"


class Token(NamedTuple):
    """A word, its tag, and the predicate of a preposition or base form of a verb."""

    tag: str
    word: str
    value: str = ""


_START = Token("S", "")


def tag_caption(text: str) -> list[Token]:
    """Tokens of a caption, multiword relations as one preposition; none if it is too long."""
    try:
        words = _WORD.findall(_collapse(clean_caption(text).lower()))
    except ValueError:
        return []
    rough = [*map(_rough_tag, words), "S"]
    tokens: list[Token] = []
    for word, tag, following in zip(words, rough, rough[1:], strict=False):
        tokens.append(_resolve(word, tag, tokens[-1] if tokens else _START, following))
    return tokens


def _collapse(text: str) -> str:
    lexicon = load_lexicon()
    text = _CLITIC.sub(r"\1 is", text.replace("@", " "))
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
    if word in lexicon.tags:
        return lexicon.tags[word]
    if word in lexicon.ing_nouns or word in lexicon.ed_nouns:
        return "N"
    if word in lexicon.verbs:
        return lexicon.verbs[word][1]
    return _tag_by_form(word)


def _tag_by_form(word: str) -> str:
    if word in ".!?":
        return "S"
    if word.isdecimal():
        return "M"
    return next((tag for tag, form in _FORMS if form.search(word)), "N")


def _resolve(word: str, tag: str, previous: Token, following: str) -> Token:
    lexicon = load_lexicon()
    before = previous.tag
    if tag == "P":
        return Token("P", word, lexicon.predicates[int(word[1:])] if word[0] == "@" else word)
    if word in lexicon.ing_nouns and word in lexicon.verbs:
        is_verb = before == "B" or (before == "N" and following == "D")
        return Token("V", word, lexicon.verbs[word][0]) if is_verb else Token("N", word)
    if tag in "EV":
        return _resolve_participle(word, tag, before, following)
    if tag == "F":
        return _resolve_present(word, previous, following)
    if tag == "J":
        return Token("N" if _is_noun(word, before, following) else "J", word)
    if tag == "N" and word in lexicon.material_nouns and following == "N":
        return Token("J", word)  # "a brick wall"
    return Token(_resolve_function_word(word, tag, before, following), word)


def _resolve_function_word(word: str, tag: str, before: str, following: str) -> str:
    if word == "while":
        return "C" if following in "VE" else "S"
    if word == "there":
        return "X" if following == "B" else "A"
    if word == "that":
        return "R" if before in "NJPO" else "D"
    if word == "left":
        return "J" if following in _IN_PHRASE else "A"
    if word == "can":
        return "N" if before in "DJ" else "A"
    if word == "one":
        return "N" if before in "DJ" and following not in _IN_PHRASE else tag
    return tag


def _is_noun(word: str, before: str, following: str) -> bool:
    """Whether a word that can be an attribute stands for a thing ("a light shines")."""
    if word in load_lexicon().noun_attributes:
        return (
            before in "DJN"
            and following not in _IN_PHRASE
            and (before == "N" or following in "VEFBPR")
        )
    return before in "DJ" and following in "FBPR"


def _resolve_present(word: str, previous: Token, following: str) -> Token:
    is_subject = previous.tag in "NORA" or "_" in previous.word
    if is_subject and following not in "NVEBSKC":
        return Token("F", word, load_lexicon().verbs[word][0])
    return Token("N", word)


def _resolve_participle(word: str, tag: str, before: str, following: str) -> Token:
    base = load_lexicon().verbs.get(word, (word.removesuffix("ing"), tag))[0]
    if before in "DJMGP" or (before in "SKC" and following in _IN_PHRASE):
        if following in _IN_PHRASE or (tag == "E" and following in "VE"):
            return Token("J", word)
        return Token("N", word) if before in "DJMG" and tag == "V" else Token(tag, word, base)
    if tag == "E" and before == "N" and following == "N":
        return Token("J", word)
    return Token(tag, word, base)
