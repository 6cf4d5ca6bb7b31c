"""Constructions that trees are rarely right about → the plain clauses that they stand for.

Rules on lower-case text: ``unfold`` before relations of several words are collapsed, ``rearrange``
after, when each is one code such as "@7". They move words and put in "is" and "it", never a noun.
"""

import re
from collections.abc import Callable

from spatial_dual.parsing.lexicon import load_lexicon

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_DETERMINER = (
    r"(?:an?|the|some|two|three|four|five|six|several|many|another|one|his|her|its|their|\d+)"
)
_BE = r"(?:is|are|was|were)"
_POSSESSIVE = r"(?:his|her|its|their)"
_PRONOUN = r"(?:him|her|it|them)"
_OPENS = r"(?:^|(?<=[;,] )|(?<=\band )|(?<=\bwhile ))"
_STATE = r"(?:open|closed|shut|ajar|raised|lowered|extended|spread|lit|folded|drawn|crossed)"
_AFTER_STATE = (
    r"(?=[,.;]|$| (?:is|are|sits?|stands?|lies|in|on|at|next|near|behind|under|parked)\b)"
)
_PLACE = r"(?:@\d+|from|at|to|through|around|against|with|across)"

_UNFOLD: tuple[Rule, ...] = (
    # "with its doors open" has open doors; lights that are on are no place
    (re.compile(rf"\bwith ({_POSSESSIVE}|the) (\w+) ({_STATE}){_AFTER_STATE}"), r"with \1 \3 \2"),
    (
        re.compile(rf"\bwith ({_POSSESSIVE}|the) (\w+) (?:on|off|out|up){_AFTER_STATE}"),
        r"with \1 \2",
    ),
    # "a girl whose hat is blue" is a girl with a blue hat
    (
        re.compile(rf"\bwhose (\w+) {_BE} (\w+ing\b|@|on\b|in\b|at\b|under\b|behind\b)"),
        r"with \1 \2",
    ),
    (re.compile(rf"\bwhose (\w+) {_BE} (\w+)"), r"with \2 \1"),
    (re.compile(rf", \w+ of (?:whom|which) {_BE} ([^,.;]+)(?:,|(?=[.;]|$))"), r" \1"),
    (re.compile(r"\b(?:half )?a dozen (?!of\b)(?=\w)"), "dozen "),
    (re.compile(r"\bnot only (?=\w)"), ""),
    (re.compile(r",? but also\b"), " and"),
    (re.compile(r"\b(?:both|either) (?=(?:an?|the|his|her|its|their|on|in|under|behind)\b)"), ""),
    (re.compile(r"\bside by side\b"), "next to each other"),
    # "there isn't a lamp" is "there is no lamp"
    (re.compile(rf"\bthere ({_BE})(?: not|n't) (?:an?|any) "), r"there \1 no "),
    (
        re.compile(
            r"\b(?:nobody|no one|nothing) (?:is |are |was )?(?:\w+ing )?(?=\w+ (?:the|an?)\b)"
        ),
        "; ",
    ),
)
_REARRANGE: tuple[Rule, ...] = (
    (re.compile(r"^[ ,]+"), ""),
    # "left of the lamp: a clock"
    (re.compile(r"^(@\d+ [^:,;]+): "), r"\1 is_listed "),
    # "behind it a fence", "the blue one behind it"
    (re.compile(rf"{_OPENS}(@\d+ {_PRONOUN}),? (?={_DETERMINER} )"), r"\1 is "),
    (
        re.compile(r"(?:, and|,|;| and) ((?:the|an?)(?: \w+)? one|another one|the others?) (?=@)"),
        r" ; \1 is ",
    ),
    (re.compile(rf", and ({_DETERMINER}(?: \w+){{1,3}}) (?=@\d+ {_PRONOUN}\b)"), r" ; \1 is "),
    # "a boy on a chair, a box on his lap"
    (
        re.compile(
            rf", (?=(?:{_DETERMINER} |\w+s )(?:\w+ ){{0,3}}(?:@\d+|at|around|between) "
            rf"(?:{_POSSESSIVE}|{_PRONOUN})\b)"
        ),
        " ; ",
    ),
    (re.compile(rf", (?={_POSSESSIVE} \w+ @)"), " ; "),
    (re.compile(r",? (?:but|yet)(?= @|$| (?:not|no|without|above|also)\b)"), " and"),
)
_PIED_PIPED = re.compile(
    r"(?<= )(@\d+|from|at|to|through|around|against|across) (?:which|whom) ([^,.;]+)"
)
_STRANDED = re.compile(
    rf"^((?:the|an?)(?: [\w-]+){{1,3}}?) (?:(?:that|which|who) )?((?:the|an?) [^@,.;]+?) "
    rf"({_PLACE}) ({_BE}|has|have) "
)


def unfold(text: str) -> str:
    """Write constructions of a sentence as the plain ones that they stand for."""
    return _apply(_UNFOLD, text)


def rearrange(text: str) -> str:
    """Write clauses of a sentence in the order of plain statements; relations are codes.

    A clause that becomes a sentence of its own follows after ";".
    """
    text = _STRANDED.sub(r"\2 \3 \1 ; \1 \4 ", text)
    return _apply(_REARRANGE, _PIED_PIPED.sub(_clause_of_its_own, text))


def _apply(rules: tuple[Rule, ...], text: str) -> str:
    for pattern, plain in rules:
        text = pattern.sub(plain, text)
    return text


def _clause_of_its_own(match: re.Match[str]) -> str:
    """From "on which a lamp stands is brown" to "; a lamp stands on it ; it is brown"."""
    place, clause = match[1], match[2]
    finite = {form for form, (_, kind) in load_lexicon().verbs.items() if kind == "F"}
    words = clause.split()
    for position in range(2, len(words)):
        if words[position] in ("is", "are", "has") and words[position - 1] in finite:
            inner, outer = " ".join(words[:position]), " ".join(words[position:])
            return f"; {inner} {place} it ; it {outer}"
    return f"; {clause} {place} it"
