"""Caption → sentences of tokens; a relation of several words becomes one preposition.

Parsers trained on news and web text read "to the left of" as a noun phrase with modifiers. One
plain preposition in its place keeps the tree small and right; the token remembers what it means.
What is denied is shown to the model as if it held, and marked.
"""

import re
from functools import cache
from typing import NamedTuple

from spatial_dual.parsing.constructions import rearrange, unfold
from spatial_dual.parsing.lexicon import load_lexicon, singular, third_person
from spatial_dual.parsing.prompts import statements
from spatial_dual.parsing.treebank.words import base_forms, known_nouns, load_vocabulary
from spatial_dual.scene.text import clean_caption

LONGEST_SENTENCE = 60
"""Words; longer ones are no captions, and would slow their whole batch down."""
_STAND_IN = {
    "to the left of": "near",
    "to the right of": "near",
    "in front of": "behind",
    "next to": "near",
    "part of": "of",
    "full of": "with",
    "out of": "from",
    "across from": "near",
}
_IMPLIED = " its"  # "to the left of its": the ground is whom the caption has been about
_OBJECT_FORM = {"his": "him", "her": "her", "its": "it", "their": "them"}
_RARE_PREPOSITIONS = {
    "during": "in",
    "amid": "in",
    "amidst": "in",
    "amongst": "among",
    "throughout": "in",
    "aboard": "on",
}
"""What the model reads in place of prepositions that it has not met."""
_COMPOUND = "box"
"""Shown to the model in place of nouns of several words."""
_NUMBER = "three"
"""Shown to the model in place of numbers."""
EACH_OTHER = "each other"
NOT, NO, OR, ASKED, LISTED, WHOSE = "not", "no", "or", "?", ":", "whose"
"""Marks of tokens: it is denied; there is none of what follows; "or"; the first word of a question;
"is" in place of a colon; "with" in place of "whose"."""
_WHILE = re.compile(r",? while (?!\w+ing\b|being\b)")  # a clause of its own, not "while riding"
_AS = re.compile(
    r"(?<!such)(?<!dressed)(?<!ed)(?<!look)(?<!looks)(?<!work)(?<!works)(?<!same),? as "
    r"(?=(?:an?|the|his|her|its|their|some|two|three) (?:[\w-]+ )?[\w-]+ ([\w-]+)\b)"
)  # "as the goalkeeper jumps", not "dressed as a pirate"
_OWN_SIDE = re.compile(
    r"\b(?:on|to|at) ((?:the |a |an )?(?:\w+ )?\w+)'s (left|right)(?: side)?"
    r"(?=[.,;]|$| (?:is|are|sits?|stands?|and|there)\b)"
)  # "on the girl's left" says the same as "to the left of the girl"
_POSES = frozenset(["facing_left", "facing_right", "facing_forward"])
_IN = "in_"
_POSE = re.compile(r"(?<!is )(?<!are )\bfacing (left|right|forward)\b")
_RECIPROCAL = re.compile(r"\b(?:each ?other|one another)\b")
_MANNER = re.compile(r"(?<![-'])\b[a-z]{4,}ly\b(?![-'])")
_CLITIC = re.compile(r"(?<=[a-z])(n't|'s|'re|'ve|'ll|'d)\b")
_TOKEN = re.compile(r"@\d+|'s\b|n't\b|'[a-z]+\b|[^\W_]+(?:[_&/'-][^\W_]+)*|[,;:]|[.!?]")
_ENDS = frozenset(".!?;")
_NEGATIONS = frozenset(["not", "n't", "never"])
_DO = {"do": False, "does": True, "did": True}
_CAN_BE_DENIED = frozenset(["with", "at", "from", "against", "around", "across", "through", "by"])


class Token(NamedTuple):
    """A word of a sentence.

    Attributes:
        text: lower case; nouns of several words are one token.
        meaning: the predicate that a preposition means; "" for other words.
        quality: attribute written behind the word and not shown to the model: "facing left".
        shown: what the model reads in its place; "" for the text itself.
        mark: ``NOT``, ``NO``, ``OR``, ``ASKED`` or "".
    """

    text: str
    meaning: str = ""
    quality: str = ""
    shown: str = ""
    mark: str = ""

    @property
    def read(self) -> str:
        """What the model reads."""
        return self.shown or self.text


def tokenise(caption: str) -> list[list[Token]]:
    """Sentences of a caption; none if it holds no words or too many."""
    try:
        text = clean_caption(caption).lower()
    except ValueError:
        return []
    sentences: list[list[Token]] = []
    for statement in statements(text.replace("@", " ").replace("_", " ")):
        for part in _parts(rearrange(_collapse(statement.text))):
            tokens = _with_denials(_owned(_counted(part)))
            if statement.asked and tokens:
                tokens[0] = tokens[0]._replace(mark=ASKED)
            sentences.append(tokens)
    return [sentence for sentence in sentences if 0 < len(sentence) <= LONGEST_SENTENCE]


def words_of_manner(caption: str) -> list[str]:
    """Words that say how ("happily"), which ``tokenise`` leaves out."""
    try:
        text = clean_caption(caption).lower()
    except ValueError:
        return []
    return [found[0] for found in _MANNER.finditer(text) if not _without_manner(found)]


def _parts(text: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for word in _TOKEN.findall(_CLITIC.sub(r" \1", text)):
        if word in _ENDS:
            parts.append([])
        elif word in _POSES and parts[-1]:
            parts[-1][-1] = parts[-1][-1]._replace(quality=word.replace("_", " "))
        elif word.startswith(_IN) and parts[-1]:
            parts[-1][-1] = parts[-1][-1]._replace(quality=word.removeprefix(_IN))
        else:
            parts[-1].extend(_tokens(word))
    return parts


def _collapse(text: str) -> str:
    lexicon = load_lexicon()
    text = text.replace(" ' s ", "'s ")
    text = _OWN_SIDE.sub(r"to the \2 of \1", text)
    text = _AS.sub(_own_clause, _WHILE.sub(" ; ", unfold(text)))
    text = _RECIPROCAL.sub("each_other", text)
    text = _POSE.sub(r"facing_\1", text)
    text = lexicon.compounds.sub(lambda match: match[0].replace(" ", "_"), text)
    text = _in_colours().sub(r" in_\1", _MANNER.sub(_without_manner, text))
    return " ".join(lexicon.phrases.sub(_code, text).split())


def _without_manner(match: re.Match[str]) -> str:
    """Nothing for "comfortably"; trees are surer without words that say how."""
    word, lexicon = match[0], load_lexicon()
    is_name = word in known_nouns() or word in lexicon.ly_adjectives
    return word if is_name or lexicon.tags.get(word, "A") != "A" else ""


@cache
def _in_colours() -> re.Pattern[str]:
    """Finds what is worn by its colour alone: "a woman in red sits", not "in red stripes"."""
    colours = "|".join(load_vocabulary()["colour"])
    lexicon = load_lexicon()
    doing = {form for form, (_, kind) in lexicon.verbs.items() if kind == "V"}
    verbs = "|".join(sorted(doing - lexicon.ing_nouns))
    return re.compile(
        rf"(?<=[a-z]) in (?:all |dark |light )?({colours})"
        r"(?=\s*(?:[,.;]|$)| (?:is|are|was|were|has|have|with|who|that|in|on|at|by|next"
        rf"|sits?|stands?|lies|{verbs})\b)"
    )


def _own_clause(match: re.Match[str]) -> str:
    """A clause behind "as" for itself, if the word behind its noun is a verb."""
    kind = load_lexicon().verbs.get(match[1], ("", ""))[1]
    finite = kind == "F" or (match[1] in base_forms() and match[1].endswith("s"))
    return " ; " if finite or match[1] in ("is", "are") else match[0]


def _code(match: re.Match[str]) -> str:
    """A code for a relation of several words, and whom it leaves unsaid; adverbials go."""
    predicate = load_lexicon().predicates[match.lastindex or 0]
    if not predicate:
        return " "
    code = f" @{match.lastindex} "
    if predicate.endswith(_IMPLIED):
        owner = next(word for word in match[0].split() if word in _OBJECT_FORM)
        return f"{code}{_OBJECT_FORM[owner]} "
    return code


def _tokens(word: str) -> list[Token]:
    if word[0] == "@":
        predicate = load_lexicon().predicates[int(word[1:])].removesuffix(_IMPLIED)
        return [Token(predicate, predicate, shown=_STAND_IN.get(predicate, ""))]
    if word == "each_other":
        return [Token(EACH_OTHER, shown="him")]
    if word == "whose_with":
        return [Token("with", mark=WHOSE)]
    if word == "is_listed":
        return [Token("is", mark=LISTED)]
    if "_" in word:
        noun = word.replace("_", " ")
        plural = singular(noun) != noun
        return [Token(noun, shown=_COMPOUND + "es" if plural else _COMPOUND)]
    if word in _RARE_PREPOSITIONS:
        return [Token(word, shown=_RARE_PREPOSITIONS[word])]
    if word == "or":
        return [Token(word, shown="and", mark=OR)]
    return [Token(word)]


@cache
def _numbers() -> frozenset[str]:
    return frozenset(load_lexicon().numbers) - {"one", "1", _NUMBER}


def _counted(tokens: list[Token]) -> list[Token]:
    """Show the model one number for all: "twelve chairs"; "the eight" on a shirt stays."""
    return [
        token._replace(shown=_NUMBER)
        if token.text in _numbers() and after.text[0].isalpha() and not after.meaning
        else token
        for token, after in zip(tokens, [*tokens[1:], Token(".")], strict=False)
    ]


def _owned(tokens: list[Token]) -> list[Token]:
    """Show the model "his" for the "her" of what is hers, which is no other word for "she"."""
    attributes, nouns = load_lexicon().attribute_rank, known_nouns()
    return [
        token._replace(shown="his")
        if token.text == "her" and (singular(after.text) in nouns or after.text in attributes)
        else token
        for token, after in zip(tokens, [*tokens[1:], Token(".")], strict=False)
    ]


def _with_denials(tokens: list[Token]) -> list[Token]:
    """Leave "not" out and mark what it denies: the next preposition or verb, or "no" thing."""
    kept: list[Token] = []
    denied = False
    for place, token in enumerate(tokens):
        following = tokens[place + 1].text if place + 1 < len(tokens) else ""
        if token.text in _NEGATIONS:
            denied = True
            if kept and kept[-1].text == ",":
                kept[-1] = Token("and")
        elif token.text == "without":
            kept.append(Token("with", mark=NOT))
        elif token.text == "no" and following and not following.endswith("ing"):
            plural = singular(following) != following
            kept.append(Token("no", shown="some" if plural else "a", mark=NO))
        elif denied and _can_be_denied(token):
            kept.append(_denied(token, kept))
            denied = False
        else:
            kept.append(token)
            denied = denied and token.text != ","
    return kept


def _can_be_denied(token: Token) -> bool:
    verb = token.text in load_lexicon().verbs or token.text in base_forms()
    return bool(token.meaning) or verb or token.text in _CAN_BE_DENIED


def _denied(token: Token, before: list[Token]) -> Token:
    """The token as denied; "does not hold" becomes "holds"."""
    if before and before[-1].text in _DO:
        inflected = _DO[before.pop().text]
        shown = third_person(token.text) if inflected else ""
        return token._replace(mark=NOT, shown=shown)
    return token._replace(mark=NOT)
