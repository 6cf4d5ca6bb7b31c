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

_NP = rf"{_DETERMINER}(?: [\w-]+){{1,3}}?"
_END = r"(?=[,.;]|$)"

_UNFOLD: tuple[Rule, ...] = (
    (re.compile(r"\b(is|are|was|were|does|do|did|has|have|can)nt\b"), r"\1n't"),
    (re.compile(r"\b(?:maybe|perhaps|possibly|probably),? "), ""),
    # "neither the cup nor the plate is on the table", "with neither a hat nor a coat"
    (
        re.compile(rf"\bthere ({_BE}) neither (?:an? )?(.+?) nor (?:an? )?"),
        r"there \1 no \2 and no ",
    ),
    (re.compile(r"\bwith neither (?:an? )?(.+?) nor (?:an? )?"), r"with no \1 and no "),
    (re.compile(r"\bneither ((?:on|in|under|behind|next|near|at) .+?) nor "), r"not \1 and not "),
    (re.compile(rf"\bneither ({_NP}) nor ({_NP}) ({_BE}) "), r"\1 and \2 \3 not "),
    (re.compile(rf"\bneither ({_NP}) nor ({_NP}) (?=(?:has|have|\w+s) )"), r"\1 and \2 not "),
    # "to the left of the plate and a fork on the right" of it
    (
        re.compile(
            r"\b(?:on|to|at) the (left|right)((?: side)? of) (?:the|an?) ((?:[\w-]+ ){0,2}?[\w-]+)"
            rf"(?:,? and|,|;) ({_NP}) (?:on|to|at) the (left|right)(?: side)?{_END}"
        ),
        r"to the \1\2 the \3 ; \4 to the \5 of the \3",
    ),
    (
        re.compile(
            r"\b(?:on|to|at) the (left|right)((?: side)? of) (?:the|an?) ([\w-]+)( [^.;]*?),? "
            rf"(?:and )?(?:on|to) the (left|right) (?={_DETERMINER} )"
        ),
        r"to the \1\2 the \3\4 ; to the \5 of the \3 is ",
    ),
    # "a cake with candles on top" has them on it
    (re.compile(rf"\b(with [^,.;@]+?) on (?:the )?top{_END}"), r"\1 on it"),
    (re.compile(rf"\b(with [^,.;@]+?) (inside|underneath|around|behind){_END}"), r"\1 \2 it"),
    # "with its doors open" has open doors; lights that are on are no place
    (re.compile(rf"\bwith ({_POSSESSIVE}|the) (\w+) ({_STATE}){_AFTER_STATE}"), r"with \1 \3 \2"),
    (
        re.compile(rf"\bwith ({_POSSESSIVE}|the) (\w+) (?:on|off|out|up){_AFTER_STATE}"),
        r"with \1 \2",
    ),
    # "a girl whose hat is blue" is a girl with a blue hat
    (
        re.compile(rf"\bwhose (\w+) {_BE} (\w+ing\b|@|on\b|in\b|at\b|under\b|behind\b)"),
        r"whose_with \1 \2",
    ),
    (re.compile(rf"\bwhose (\w+) {_BE} (\w+)"), r"whose_with \2 \1"),
    (re.compile(rf", \w+ of (?:whom|which) {_BE} ([^,.;]+)(?:,|(?=[.;]|$))"), r" \1"),
    # "…, in the background a church"
    (
        re.compile(rf"(?:,|;|,? and) (?:in|on) the (?:fore|back)ground,? (?={_DETERMINER} )"),
        " ; ",
    ),
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
    (re.compile(r"(?:, and|,|;| and) (?:another|others|the others?) (?=@)"), " ; another one is "),
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


# "a house on a hill and a tree beside it"
_BESIDE_IT = re.compile(
    rf"(?:(?<=[a-z]), and|(?<=[a-z]) and(?=[^@]*@\d+ {_PRONOUN}{_END})) "
    rf"({_DETERMINER}(?: \w+){{0,2}}? (\w+)) (?=@\d+ {_PRONOUN}\b)"
)
_OBJECT_RELATIVE = re.compile(
    r"^(?:the|an?) ((?:[\w-]+ ){0,2}?[\w-]+) (?:(?:that|which|whom|who) )"
    rf"({_DETERMINER} (?:[\w-]+ )?[\w-]+) ((?:is|are) [\w-]+ing|[\w-]+s) "
    rf"(?=(?:{_BE}|has|have|stands?|sits?|lies|wears?|holds?)\b)"
)
_GAPPED_VERB = re.compile(
    rf"^({_NP}) ((?:is |are )?[\w-]+(?:s|ing)) ({_NP}),? (?:and|while) ({_DETERMINER}(?: \w+)?) "
    rf"({_DETERMINER}(?: \w+){{1,2}})(?=[.!]*$)"
)
_GAPPED_PLACE = re.compile(
    rf"^({_NP}) ({_BE}|stands?|lies|sits?|hangs?) (@\d+ {_DETERMINER} [\w-]+(?: \w+)?),? and "
    rf"({_DETERMINER}(?: \w+){{1,2}}) (@\d+ {_DETERMINER} [^,;@]+)(?=[.!]*$)"
)
_BARE_PLACE = re.compile(
    rf"((?:[;,]|\band) @\d+ (?:the|an?|{_POSSESSIVE}) (?:[\w-]+ )?[\w-]+) "
    rf"({_DETERMINER} [^,.;@]*?)(?=[,.;@]|$)"
)
_NONE = re.compile(
    rf"(?:,? (?:and|but)|,|;) (?:there {_BE} )?no ([\w-]+(?: (?!(?:is|are|in|on|at)\b)[\w-]+)?)"
    rf"(?:,? and(?= {_DETERMINER} )|,(?= {_DETERMINER} )|{_END})"
)
_HELD = re.compile(r"\b(?:with|without|has|have|wears?|wearing|holds?|holding)\b[^@;.]*$")


def unfold(text: str) -> str:
    """Write constructions of a sentence as the plain ones that they stand for."""
    return _apply(_UNFOLD, text)


def rearrange(text: str) -> str:
    """Write clauses of a sentence in the order of plain statements; relations are codes.

    A clause that becomes a sentence of its own follows after ";".
    """
    text = _STRANDED.sub(r"\2 \3 \1 ; \1 \4 ", text)
    text = _OBJECT_RELATIVE.sub(r"\2 \3 the \1 ; the \1 ", text)
    text = _GAPPED_VERB.sub(r"\1 \2 \3 ; \4 \2 \5", text)
    text = _BESIDE_IT.sub(_beside_it, text)
    text = _GAPPED_PLACE.sub(_both_placed, text)
    text = _BARE_PLACE.sub(_is_there, _NONE.sub(_nothing, text))
    return _apply(_REARRANGE, _PIED_PIPED.sub(_clause_of_its_own, text))


def _apply(rules: tuple[Rule, ...], text: str) -> str:
    for pattern, plain in rules:
        text = pattern.sub(plain, text)
    return text


def _both_placed(match: re.Match[str]) -> str:
    """From "a is in b and c on d" to "a is in b ; c is on d"; not of what is next to b and c."""
    first, verb, place, second, other = match.groups()
    predicate = load_lexicon().predicates[int(place[1:].split()[0])]
    split = predicate not in ("next to", "between")
    return f"{first} {verb} {place} ; {second} {verb} {other}" if split else match[0]


def _beside_it(match: re.Match[str]) -> str:
    """From ", and a tree beside it" to "; a tree is beside it", unless it does something there."""
    done = load_lexicon().verbs.get(match[2], ("", ""))[1] == "F"
    placed = "@" in match.string[: match.start()] or ", and" in match[0]
    return f" ; {match[1]} is " if placed and not done else match[0]


def _is_there(match: re.Match[str]) -> str:
    """From ", and behind the plate a cup" to ", and behind the plate is a cup"."""
    verbs = load_lexicon().verbs
    done = any(verbs.get(word, ("", ""))[1] == "F" for word in match[2].split())
    done = done or re.search(rf"\b{_BE}\b", match[2]) is not None
    return f"{match[1]} , {match[2]}" if done else f"{match[1]} is {match[2]}"


def _nothing(match: re.Match[str]) -> str:
    """From ", and no dog" to "; there is no dog", anywhere; not of what somebody is with."""
    return (
        match[0] if _HELD.search(match.string[: match.start()]) else f" ; there is no {match[1]} ;"
    )


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
