"""Caption → sentences of tokens; a relation of several words becomes one preposition.

Parsers trained on news and web text read "to the left of" as a noun phrase with modifiers. One
plain preposition in its place keeps the tree small and right; the token remembers what it means.
"""

import re
from typing import NamedTuple

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.scene.text import clean_caption

LONGEST_SENTENCE = 60
"""Words; longer ones are no captions, and would slow their whole batch down."""
_STAND_IN = {
    "to the left of": "near",
    "to the right of": "near",
    "in front of": "behind",
    "next to": "near",
    "part of": "of",
}
_IMPLIED = " its"  # "to the left of its": the ground is whom the caption has been about
COMPOUND = "box"
"""Stand-in for nouns of several words."""
_WHILE = re.compile(r",? while (?!\w+ing\b|being\b)")  # a clause of its own, not "while riding"
_OWN_SIDE = re.compile(
    r"\b(?:on|to|at) ((?:the |a |an )?(?:\w+ )?\w+)'s (left|right)(?: side)?"
    r"(?=[.,;]|$| (?:is|are|sits?|stands?|and|there)\b)"
)  # "on the girl's left" says the same as "to the left of the girl"
_POSES = frozenset(["facing_left", "facing_right", "facing_forward"])
_POSE = re.compile(r"(?<!is )(?<!are )\bfacing (left|right|forward)\b")
_RECIPROCAL = re.compile(r"\b(?:each ?other|one another)\b")
_CLITIC = re.compile(r"(?<=[a-z])(n't|'s|'re|'ve|'ll|'d)\b")
_TOKEN = re.compile(r"@\d+|'s\b|n't\b|'[a-z]+\b|[^\W_]+(?:[_&/'-][^\W_]+)*|[,;:]|[.!?]")
_ENDS = frozenset(".!?;")


class Token(NamedTuple):
    """A word for the model.

    Attributes:
        text: what the model reads.
        meaning: what it stands for: a predicate or the words of a compound.
        quality: attribute written behind the word and not shown to the model: "facing left".
    """

    text: str
    meaning: str = ""
    quality: str = ""


def tokenise(caption: str) -> list[list[Token]]:
    """Sentences of a caption; none if it holds no words or too many."""
    try:
        text = clean_caption(caption).lower()
    except ValueError:
        return []
    sentences: list[list[Token]] = [[]]
    for word in _TOKEN.findall(_collapse(text)):
        if word in _ENDS:
            sentences.append([])
        elif word in _POSES and sentences[-1]:
            sentences[-1][-1] = sentences[-1][-1]._replace(quality=word.replace("_", " "))
        else:
            sentences[-1].extend(_tokens(word))
    return [sentence for sentence in sentences if 0 < len(sentence) <= LONGEST_SENTENCE]


def _collapse(text: str) -> str:
    lexicon = load_lexicon()
    text = text.replace("@", " ").replace("_", " ").replace(" ' s ", "'s ")
    text = _RECIPROCAL.sub("each_other", text)
    text = _OWN_SIDE.sub(r"to the \2 of \1", text)
    text = _WHILE.sub(" ; ", text)
    text = _POSE.sub(r"facing_\1", text)
    text = lexicon.compounds.sub(lambda match: match[0].replace(" ", "_"), text)
    text = lexicon.phrases.sub(
        lambda match: f" @{match.lastindex} " if lexicon.predicates[match.lastindex or 0] else " ",
        text,
    )
    return _CLITIC.sub(r" \1", text)


def _tokens(word: str) -> list[Token]:
    if word[0] == "@":
        predicate = load_lexicon().predicates[int(word[1:])]
        if predicate.endswith(_IMPLIED):
            return [Token("near", predicate.removesuffix(_IMPLIED)), Token("him")]
        return [Token(_STAND_IN.get(predicate, predicate), predicate)]
    if word == "each_other":
        return [Token("each"), Token("other")]
    if "_" in word:
        return [Token(COMPOUND, word.replace("_", " "))]
    return [Token(word)]
