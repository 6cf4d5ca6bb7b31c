"""Puts right what hangs on the wrong word: phrases, joined nouns and participles.

Models of trees attach by what they have seen; in captions a few things hold nearly always, such as
that "of" belongs to the noun before it, and that only the living hold, ride and read.
"""

from collections.abc import Sequence
from functools import cache

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.parsing.treebank.words import load_vocabulary
from spatial_dual.parsing.word import Word

_NOUNS = frozenset(["NOUN", "PROPN"])
_IN_PHRASE = frozenset(["DET", "ADJ", "NUM", "NOUN", "PROPN"])
_COURSES = frozenset(["through", "past", "up", "down", "toward", "towards", "across"])
"""Prepositions of a way that somebody goes: "carries a tray past a couple"."""


def mend_attachments(words: Sequence[Word]) -> None:
    """Hang each phrase, joined noun and participle where captions mean it."""
    for word in words:
        _mend_case(words, word)
    for word in words:
        case = word.child("case")
        if case is not None and case.place < word.place:
            _mend_phrase(words, word, case)
        if word.relation == "conj":
            _mend_joined(word)
        if word.relation == "acl" and word.text.endswith("ing"):
            _mend_participle(word)
    for word in words:
        if word.is_verb:
            _mend_object(word)


def is_living(word: Word) -> bool:
    """Whether a noun names a person or an animal."""
    return word.noun.rpartition(" ")[2] in _living()


@cache
def _living() -> frozenset[str]:
    vocabulary = load_vocabulary()
    return frozenset([*vocabulary["people"], *vocabulary["animals"]])


def _mend_case(words: Sequence[Word], case: Word) -> None:
    """Give a preposition to the first noun behind it: "near the river a man …"."""
    head = case.head
    if case.relation != "case" or head is None or head.place < case.place:
        return
    between = words[case.place + 1 : head.place]
    first = next((k for k, word in enumerate(between) if word.upos in _NOUNS), None)
    if first is None or any(word.upos not in _IN_PHRASE for word in between[: first + 1]):
        return
    noun = between[first]
    another = any(word.upos == "DET" for word in between[first + 1 :])
    if another and noun.relation not in ("compound", "nmod:poss") and noun.head is not head:
        case.attach(noun, "case")


def _mend_phrase(words: Sequence[Word], noun: Word, case: Word) -> None:
    """Choose what "of a house", "past a couple" and "with a knife" say something of."""
    before = words[case.place - 1] if case.place else None
    if case.text == "of" and before is not None and before.upos in _NOUNS:
        _hang(noun, before, "nmod")
        return
    item = noun.head
    verb = item.head if item is not None and item.relation == "obj" else None
    if verb is None or not verb.is_verb or noun.relation != "nmod" or case.predicate:
        return
    if case.text in _COURSES or (case.text == "with" and verb.lemma in load_lexicon().tool_verbs):
        _hang(noun, verb, "obl")


def _mend_joined(noun: Word) -> None:
    """Join what is listed behind "with": "a room with a bed and a lamp" has both.

    People and animals are joined with each other: "a man with a hat and a woman".
    """
    head = noun.head
    if head is None or noun.upos not in _NOUNS or head.upos not in _NOUNS:
        return
    if is_living(noun) or noun.child("case", "nsubj"):
        return
    for owned in head.dependents("nmod"):
        case = owned.child("case")
        own = any(child.child("case") for child in noun.dependents("nmod"))
        if case is not None and case.text == "with" and owned.place < noun.place and not own:
            _hang(noun, owned, "conj")
            return


def _mend_participle(verb: Word) -> None:
    """Let the living do what only they do: "a man sits on a bench reading a newspaper"."""
    head = verb.head
    if head is None or verb.lemma not in load_lexicon().living_verbs or is_living(head):
        return
    for word in head.ancestors():
        subject = word.child("nsubj")
        for candidate in (word, subject):
            if candidate is not None and is_living(candidate) and candidate.place < verb.place:
                _hang(verb, candidate, "acl")
                return


def _mend_object(verb: Word) -> None:
    """A second subject, behind the verb, is its object."""
    subjects = verb.dependents("nsubj")
    if len(subjects) == 2 and subjects[0].place < verb.place < subjects[1].place:
        subjects[1].relation = "obj"


def _hang(word: Word, head: Word, relation: str) -> None:
    if head is not word and word not in head.ancestors() and head is not word.head:
        word.attach(head, relation)
