"""Mends what models of other texts misread in captions: bare nouns, and nouns of two words."""

from collections.abc import Sequence
from itertools import pairwise, takewhile

from spatial_dual.parsing.lexicon import load_lexicon, singular, third_person
from spatial_dual.parsing.treebank.words import base_forms, known_nouns
from spatial_dual.parsing.word import BE, Word, is_living, outer_head

_RELATIVE = frozenset(["that", "which", "who"])
_THINGS = frozenset(["NOUN", "PROPN", "NUM"])


def mend_nouns(words: Sequence[Word]) -> None:
    """Read as nouns what must be: "there is seasoning on …", "crowd behind fence"."""
    for word in words:
        if _is_verbal_noun(word):
            word.upos, word.xpos = "NOUN", "NN"
    preposition = next((word for word in words if word.predicate), None)
    if preposition is None or preposition.place == 0:
        return
    before = words[: preposition.place]
    if not any(word.upos in _THINGS or _refers(word) for word in before):
        _mend_subject(before, preposition)


def mend_verbs(words: Sequence[Word]) -> None:
    """Read as verbs what closes a subject: "a boat floats on …" is no compound."""
    for noun, verb, following in zip(words, words[1:], words[2:], strict=False):
        if _is_hidden_verb(noun, verb, following) and not any(map(_is_finite, words)):
            _make_verb(noun, verb, following)


def mend_plurals(words: Sequence[Word]) -> None:
    """Read as a noun the plural that ends a compound: "street signs behind a fence"."""
    for noun, plural, following in zip(words, words[1:], words[2:], strict=False):
        if _is_hidden_plural(words, noun, plural) and _begins_phrase(following):
            plural.upos, plural.xpos = "NOUN", "NNS"
            relation = {"NUM": "nummod", "ADJ": "amod"}.get(noun.upos, "compound")
            for child in noun.dependents("det", "amod", "nummod"):
                child.attach(plural, child.relation)
            noun.attach(plural, relation)
            for child in plural.dependents("obl", "obj"):
                child.relation = "nmod"
            for child in plural.dependents("xcomp", "ccomp"):
                child.relation = "acl"


def join_compounds(words: Sequence[Word]) -> None:
    """Make one thing of adjacent nouns that the tree holds apart."""
    for word, following in pairwise(words):
        if _is_cut_compound(word, following):
            _make_compound(word, following)


def _refers(word: Word) -> bool:
    return word.upos == "PRON" and word.text != "there"


def _mend_subject(before: Sequence[Word], preposition: Word) -> None:
    """Make the word before the first preposition the noun that its phrase is about."""
    noun, ground = before[-1], preposition.head
    if not _can_be_noun(noun, before) or ground is None or ground.place < preposition.place:
        return
    modifiers = _modifiers(before[:-1])
    outer = outer_head((noun, ground, *modifiers))
    noun.upos, noun.xpos = "NOUN", "NN"
    noun.attach(outer, "nsubj" if outer else "root")
    ground.attach(noun, "nmod")
    for word in modifiers:
        word.attach(noun, "det" if word.upos == "DET" else "amod")


def _modifiers(before: Sequence[Word]) -> list[Word]:
    """Determiners and attributes at the end of some words."""
    kept: list[Word] = []
    for word in reversed(before):
        if word.upos not in ("DET", "ADJ", "VERB") or word.text in BE:
            break
        kept.append(word)
    return kept


def _can_be_noun(word: Word, before: Sequence[Word]) -> bool:
    """Whether it is no function word, no attribute and no participle: "sitting on a bench"."""
    lexicon = load_lexicon()
    if word.text in lexicon.ing_nouns or (word.text == "can" and len(before) > 1):
        return True
    names = word.text in known_nouns() and lexicon.tags.get(word.text) != "A"
    if names and len(before) > 1 and before[-2].upos in ("VERB", "AUX", "ADJ"):
        return before[-2].text not in BE  # "hanging light", "can light"
    introduced = len(before) > 1 and (before[0].text == "there" or before[-2].upos == "DET")
    if word.text in lexicon.verbs and not introduced:
        return False
    return word.upos in ("VERB", "ADV", "ADJ", "X") and word.text not in lexicon.tags


def _is_verbal_noun(word: Word) -> bool:
    """Whether "building" or "seasoning" is a thing here."""
    named = word.child("det", "amod", "case", "expl") is not None
    return (
        word.upos == "VERB"
        and (named or word.text in load_lexicon().ing_nouns)
        and word.text.endswith("ing")
        and word.child("obj", "nsubj", "mark") is None
    )


def _is_finite(word: Word) -> bool:
    return word.upos in ("VERB", "AUX") and word.xpos in ("VBZ", "VBP", "VBD", "MD")


def _is_hidden_verb(noun: Word, verb: Word, following: Word) -> bool:
    """Whether an inflected verb agrees with the noun before it and governs what follows."""
    if {noun.upos, verb.upos} - _THINGS - {"VERB"} or noun.upos == "VERB":
        return False
    known, kind = load_lexicon().verbs.get(verb.text, ("", ""))
    base = base_forms().get(verb.text) or (known if kind == "F" else None)
    one = not _is_plural(noun) or noun.text == "people"
    singular_fits = base is not None and third_person(base) == verb.text and one
    many = _is_plural(noun) or noun.child("nummod") is not None or noun.child("cc") is not None
    plural_fits = base == verb.text and many
    herd = plural_fits and is_living(noun) and following.upos in _THINGS
    herd = herd and (noun.place == 0 or noun.child("cc") is not None)
    governs = _begins_phrase(following) or following.upos == "PART"
    return herd or (governs and (singular_fits or plural_fits))


def _is_hidden_plural(words: Sequence[Word], noun: Word, plural: Word) -> bool:
    """Whether "signs" is a thing here: a known noun in the plural, and nobody to do it."""
    if plural.upos != "VERB" or noun.upos not in _THINGS | {"ADJ"} or noun.head is not plural:
        return False
    base = singular(plural.text)
    known = base != plural.text and base in known_nouns() and base not in load_lexicon().resting
    acts = _is_plural(noun) or is_living(noun)
    clause = takewhile(lambda word: word.text not in _RELATIVE, words)
    return known and not acts and not any(_is_finite(w) for w in clause if w is not plural)


def _begins_phrase(word: Word) -> bool:
    return word.upos in ("ADP", "DET", "NUM") or bool(word.predicate) or word.text in _RELATIVE


def _is_plural(noun: Word) -> bool:
    return noun.xpos == "NNS" or singular(noun.text) != noun.text


def _make_verb(noun: Word, verb: Word, following: Word) -> None:
    """Let the verb govern the noun and the phrase behind it."""
    phrase = following.head if following.upos == "ADP" or following.predicate else following
    while phrase is not None and phrase.place > verb.place and _goes_on(phrase, verb):
        phrase = phrase.head
    inner = [word for word in (noun, verb, phrase) if word is not None]
    outer = outer_head((*inner, following))
    before = [child for child in verb.children if child.place < noun.place]
    verb.upos, verb.xpos = "VERB", "VBZ"
    verb.lemma = base_forms().get(verb.text, verb.text)
    verb.attach(outer, "conj" if outer else "root")
    noun.attach(verb, "nsubj")
    for child in before:
        child.attach(noun, child.relation)
    if phrase is not None and phrase.place > verb.place:
        phrase.attach(verb, "obl" if phrase.child("case") else "obj")


def _goes_on(word: Word, verb: Word) -> bool:
    """Whether a word's head is in the phrase behind the verb too."""
    head = word.head
    return head is not None and head.place > verb.place and word.relation in ("det", "nummod")


def _is_cut_compound(word: Word, following: Word) -> bool:
    """Whether two adjacent nouns are one thing though the tree holds them apart."""
    return (
        word.upos == "NOUN"
        and following.upos == "NOUN"
        and word.relation not in ("compound", "flat", "nmod:poss", "amod")
        and following.head is not word.head
        and all(child.place < word.place for child in word.children if child is not following)
        and all(child.place > following.place for child in following.children if child is not word)
    )


def _make_compound(word: Word, following: Word) -> None:
    """Let the second noun take the place of the first in the tree."""
    for head in filter(None, (word.head, following.head)):
        head.children = [child for child in head.children if child not in (word, following)]
    if word.head is not None and word.head is not following:
        following.head, following.relation = word.head, word.relation
    elif word.head is None:
        following.head, following.relation = None, "root"
    if following.head is not None:
        following.head.children.append(following)
        following.head.children.sort(key=lambda child: child.place)
    for child in word.children:
        child.head = following
    following.children = [*word.children, word, *following.children]
    word.head, word.relation, word.children = following, "compound", []
