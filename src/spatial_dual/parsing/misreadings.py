"""Mends what models of other texts misread in captions: bare nouns, and nouns of two words."""

from collections.abc import Sequence
from itertools import pairwise, takewhile

from spatial_dual.parsing.lexicon import load_lexicon, singular, third_person
from spatial_dual.parsing.treebank.words import base_forms, known_nouns, rare_base_forms
from spatial_dual.parsing.word import BE, Word, is_living, outer_head

_EDGES = frozenset([",", ";", "and", "but", "while"])
_RELATIVE = frozenset(["that", "which", "who"])
_PLACED = frozenset(["seat", "place", "set", "locate", "position", "situate"])
"""Verbs of rest that somebody else does: nothing "seats on" anything."""
_THINGS = frozenset(["NOUN", "PROPN", "NUM"])


def mend_nouns(words: Sequence[Word]) -> None:
    """Read as nouns what must be: "there is seasoning on …", "crowd behind fence"."""
    for word in words:
        if _is_verbal_noun(word) or _is_joined_plural(word):
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
        clause = _clause(words, noun.place, verb.place)
        if _is_hidden_verb(noun, verb, following) and not any(map(_is_finite, clause)):
            _make_verb(noun, verb, following)


def _clause(words: Sequence[Word], start: int, end: int) -> Sequence[Word]:
    """Words around some, up to a comma or conjunction."""
    first = max((w.place + 1 for w in words[:start] if w.text in _EDGES), default=0)
    last = min((w.place for w in words[end:] if w.text in _EDGES), default=len(words))
    return words[first:last]


def mend_plurals(words: Sequence[Word]) -> None:
    """Read as a noun the plural that ends a compound: "street signs behind a fence"."""
    for noun, plural, following in zip(words, words[1:], words[2:], strict=False):
        if _is_hidden_plural(words, noun, plural) and _begins_phrase(following):
            plural.upos, plural.xpos = "NOUN", "NNS"
            relation = {"NUM": "nummod", "ADJ": "amod"}.get(noun.upos, "compound")
            _lift(noun, plural)
            for child in noun.dependents("det", "amod", "nummod", "case"):
                child.attach(plural, child.relation)
            noun.attach(plural, relation)
            for child in plural.dependents("obl", "obj"):
                child.relation = "nmod"
            for child in plural.dependents("xcomp", "ccomp"):
                child.relation = "acl"


def _lift(noun: Word, plural: Word) -> None:
    """Let what "of old" hung on govern the plural behind it: "a stack of old books"."""
    measure = noun.head
    if noun.child("case") and measure is not None and measure.head is plural:
        measure.attach(plural.head, plural.relation)
        plural.attach(measure, "nmod")


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


def _is_joined_plural(word: Word) -> bool:
    """Whether what was read as a verb is joined with a noun: "a sandwich and fries on it"."""
    head = word.head
    names = {word.text, singular(word.text)} & known_nouns()
    bare = not word.dependents("nsubj", "obj", "aux", "cop", "mark", "xcomp")
    joined = word.relation == "conj" and head is not None and head.upos in _THINGS
    joined = joined and not (head and head.child("nsubj", "cop"))
    return joined and word.upos == "VERB" and word.xpos == "VBZ" and bare and bool(names)


def _is_finite(word: Word) -> bool:
    return word.upos in ("VERB", "AUX") and word.xpos in ("VBZ", "VBP", "VBD", "MD")


def _is_hidden_verb(noun: Word, verb: Word, following: Word) -> bool:
    """Whether an inflected verb agrees with the noun before it and governs what follows."""
    described = noun.text in load_lexicon().noun_attributes and noun.place > 0  # "a light shines"
    if (not described and noun.upos not in _THINGS) or verb.upos not in _THINGS | {"VERB"}:
        return False
    base = _base(verb.text) or (_base_of_action(verb.text) if is_living(noun) else None)
    one = not _is_plural(noun) or noun.text == "people"
    singular_fits = base is not None and third_person(base) == verb.text and one
    many = _is_plural(noun) or noun.child("nummod") is not None or noun.child("cc") is not None
    plural_fits = base == verb.text and many
    moves = base in load_lexicon().resting and base not in _PLACED
    if singular(verb.text) in known_nouns() and not moves and following.upos == "ADP":
        return False  # "interior seats on …"
    herd = plural_fits and is_living(noun) and following.upos in _THINGS | {"PRON"}
    herd = herd or (singular_fits and is_living(noun) and _is_plural(following))
    governs = _begins_phrase(following) or following.upos == "PART"
    return herd or (governs and (singular_fits or plural_fits))


def _is_hidden_plural(words: Sequence[Word], noun: Word, plural: Word) -> bool:
    """Whether "signs" is a thing here: a known noun in the plural, and nobody to do it."""
    described = noun.upos == "ADJ" and noun.child("case") is not None
    if plural.upos != "VERB" or noun.upos not in _THINGS | {"ADJ"}:
        return False
    if noun.head is not plural and not described:
        return False
    base = singular(plural.text)
    known = base != plural.text and base in known_nouns()
    known = known and (base not in load_lexicon().resting or base in _PLACED)
    before = words[noun.place - 1] if noun.place else None
    is_verb = before is not None and is_living(before) and _base_of_action(noun.text) is not None
    following = words[plural.place + 1] if plural.place + 1 < len(words) else None
    placed = following is not None and (following.upos == "ADP" or bool(following.predicate))
    is_verb = is_verb or (placed and _base(plural.text) is None)
    acts = not is_verb and (_is_plural(noun) or is_living(noun))
    clause = takewhile(lambda word: word.text not in _RELATIVE, words)
    return known and not acts and not any(_is_finite(w) for w in clause if w is not plural)


def _base(form: str) -> str | None:
    """Base of a finite form of a known verb; None if it is none."""
    known, kind = load_lexicon().verbs.get(form, ("", ""))
    return base_forms().get(form) or (known if kind == "F" else None)


def _base_of_action(form: str) -> str | None:
    """Base of what may be done by the living: of any verb, in its base or present form."""
    known = form if form in base_forms().values() else base_forms().get(form)
    return known or rare_base_forms().get(form)


def _begins_phrase(word: Word) -> bool:
    return word.upos in ("ADP", "DET", "NUM") or bool(word.predicate) or word.text in _RELATIVE


def _is_plural(noun: Word) -> bool:
    many = noun.upos == "NUM" and noun.text not in ("one", "1")
    return many or noun.xpos == "NNS" or singular(noun.text) != noun.text


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
    noun.upos = "NOUN" if noun.upos == "ADJ" else noun.upos
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
