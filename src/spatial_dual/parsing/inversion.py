"""Puts trees of inverted clauses right: "behind a red car stands a stool".

Place, verb, subject: the order is rare in what parsers learn from, and "car stands" is read as a
compound. The order itself is unmistakable.
"""

from collections.abc import Sequence

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.parsing.word import BE, Word, outer_head

_OPENERS = frozenset([",", ";", "and", "while", "but"])
_NOMINAL = frozenset(["DET", "ADJ", "NUM", "NOUN", "PROPN"])
_LONGEST_PLACE = 12
"""Words between a preposition in front and its verb."""


def mend_inversions(words: Sequence[Word]) -> None:
    """Let the verb of each inverted clause govern its subject and its place."""
    for preposition in words:
        if preposition.predicate and _opens_clause(words, preposition.place):
            _mend(words, preposition)


def _opens_clause(words: Sequence[Word], place: int) -> bool:
    return place == 0 or words[place - 1].text in _OPENERS


def _mend(words: Sequence[Word], preposition: Word) -> None:
    verb = _verb(words, preposition.place)
    if verb is None:
        return
    ground = _head_noun(words[preposition.place + 1 : verb.place])
    subject = _head_noun(words[verb.place + 1 :])
    if ground is None or subject is None:
        return
    outer = outer_head((preposition, verb, ground, subject))
    within = [w for w in verb.children if preposition.place < w.place < verb.place]
    for word in (preposition, *within):
        if word is not ground:
            word.attach(ground, "case" if word is preposition else word.relation)
    verb.upos, verb.xpos, verb.lemma = "VERB", "VBZ", _base(verb.text)
    verb.attach(outer, "conj" if outer else "root")
    ground.attach(verb, "obl")
    subject.attach(verb, "nsubj")


def _verb(words: Sequence[Word], start: int) -> Word | None:
    """The verb of place that follows a noun phrase at once, before another noun phrase."""
    for place in range(start + 2, min(start + _LONGEST_PLACE, len(words) - 1)):
        word, following = words[place], words[place + 1]
        if word.text in (",", "that", "which", "who", "there"):
            return None  # "there is" needs no help
        if _locates(word):
            begins = following.upos in _NOMINAL and following.text != "there"
            return word if begins and words[place - 1].upos in ("NOUN", "PROPN", "ADJ") else None
        if word.text.endswith("ing") and word.upos == "VERB":
            return None
    return None


def _locates(word: Word) -> bool:
    return word.text in BE or (
        load_lexicon().verbs.get(word.text, ("", ""))[1] == "F"
        and _base(word.text) in load_lexicon().resting
        and word.text != _base(word.text)
    )


def _base(form: str) -> str:
    return "be" if form in BE else load_lexicon().verbs[form][0]


def _head_noun(words: Sequence[Word]) -> Word | None:
    """Last noun of the noun phrase that words begin with."""
    head = None
    for word in words:
        if word.upos not in _NOMINAL:
            break
        head = word if word.upos in ("NOUN", "PROPN") else head
    return head
