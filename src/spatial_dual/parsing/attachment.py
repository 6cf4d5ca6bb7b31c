"""Puts right what hangs on the wrong word: phrases, joined nouns and participles.

Models of trees attach by what they have seen; in captions a few things hold nearly always, such as
that "of" belongs to the noun before it, and that only the living hold, ride and read.
"""

from collections.abc import Sequence

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.parsing.tokens import WHOSE
from spatial_dual.parsing.treebank.words import load_vocabulary
from spatial_dual.parsing.word import Word, is_living
from spatial_dual.scene.graph import SPATIAL_PREDICATES

_NOUNS = frozenset(["NOUN", "PROPN"])
_IN_PHRASE = frozenset(["DET", "ADJ", "NUM", "NOUN", "PROPN"])
_COURSES = frozenset(["through", "past", "up", "down", "toward", "towards", "across"])
"""Prepositions of a way that somebody goes: "carries a tray past a couple"."""
_PICTURES = frozenset(["painting", "drawing", "photo", "picture", "image", "sketch", "portrait"])
_HUNG_ON = frozenset(["wall", "door", "shelf", "table", "desk", "fridge", "refrigerator"])
AIMING = frozenset(
    ["throw", "toss", "hurl", "fling", "point", "aim", "shoot", "fire", "kick", "look"]
)
"""What is "at" something behind them is not where one is: "throws a ball at a wall"."""
_MARKING = frozenset(["write", "draw", "paint", "print", "carve", "sketch", "scribble"])
"""Behind them "on" says where the item is: "writes a word on the board"."""
_NEAREST = frozenset(["on", "in", "next to", "above", "under"])
"""What a second place says something of is the first: "a cactus in a pot on the shelf"."""
BESIDE = frozenset(["in front of", "behind", "next to", "to the left of", "to the right of"])


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
        if word.relation == "acl":
            _mend_participle(words, word)
    for word in words:
        if word.is_verb:
            _mend_object(word)


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
    if before is not None and before.upos in _NOUNS and _belongs_to(noun, case, before):
        _hang(noun, before, "nmod")
        return
    item = noun.head
    verb = item.head if item is not None and item.relation == "obj" else None
    if verb is None or not verb.is_verb or noun.relation != "nmod":
        return
    if _is_of_verb(case, verb, noun):
        _hang(noun, verb, "obl")


def _belongs_to(noun: Word, case: Word, before: Word) -> bool:
    """Whether a phrase says something of the noun right before it, whatever else there is.

    "of" always does; so do phrases of what somebody has with him, but for what he wears, and of
    what a picture is of: "a man with a dog on a leash", "a painting of a ship on the sea".
    """
    if case.text == "of" or case.mark == WHOSE:
        return True
    own, whole, predicate = before.child("case"), before.head, case.predicate
    part = before.noun in load_vocabulary()["parts"] and before.child("nmod:poss") is not None
    if part and own is not None and own.text == "with":
        return True  # "a dog with its head out of a window"
    his = own is not None and own.text == "with" and noun.child("nmod:poss") is not None
    if own is None or whole is None or (predicate not in SPATIAL_PREDICATES and not his):
        return his
    lexicon = load_lexicon()
    if own.text == "of" and whole is noun.head and whole.relation in ("root", "nsubj"):
        pictured = whole.noun in _PICTURES and noun.noun not in _HUNG_ON
        return predicate in ("on", "in", "behind", "in front of") and (
            pictured or whole.noun in lexicon.parts
        )
    if own.text != "with":
        chained = whole is noun.head and own.predicate in SPATIAL_PREDICATES
        worn = before.noun in lexicon.clothing
        return chained and not worn and predicate in _NEAREST
    if whole is noun.head and whole.noun in load_vocabulary()["scene"]:
        return True  # "a kitchen with a stove next to a fridge"
    worn = before.noun in lexicon.clothing or before.noun in load_vocabulary()["parts"]
    return his or (predicate in ("on", "in") and not worn)


def _is_of_verb(case: Word, verb: Word, ground: Word) -> bool:
    """Whether a phrase behind "verb item" says where or how it is done."""
    if case.predicate or case.text == "at":
        return is_done_there(verb, case.predicate or case.text, ground)
    return case.text in _COURSES or (
        case.text == "with" and verb.lemma in load_lexicon().tool_verbs
    )


def is_done_there(verb: Word, predicate: str, ground: Word) -> bool:
    """Whether a place after "verb item" is the doer's: where one eats, not where a cup is put.

    What is held next to one's own mouth, or another of its kind, is the item.
    """
    lexicon = load_lexicon()
    item = verb.child("obj")
    own = ground.child("nmod:poss") is not None and ground.noun in load_vocabulary()["parts"]
    alike = item is not None and item.noun == ground.noun
    if verb.lemma in lexicon.placing_verbs or own or alike or ground.noun in lexicon.clothing:
        return False
    if ground.noun in load_vocabulary()["scene"] and predicate in ("on", "in", "at", ""):
        return True
    if verb.lemma in _MARKING and predicate == "on":
        return False
    here = predicate == "at" and verb.lemma not in AIMING
    return here or verb.lemma in lexicon.staying_verbs or predicate in BESIDE


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
        own = any(not _is_of(child) for child in noun.dependents("nmod") if child.child("case"))
        if (
            case is not None
            and case.text in ("with", "full of")
            and owned.place < noun.place
            and not own
        ):
            _hang(noun, owned, "conj")
            return


def _is_of(noun: Word) -> bool:
    return any(case.text == "of" for case in noun.dependents("case"))


def _mend_participle(words: Sequence[Word], verb: Word) -> None:
    """Let the living do what only they do: "a man sits on a bench reading a newspaper".

    What is done to "it" is done by the other noun: "a tap with water dripping from it". Arms that
    somebody is with may be raised above his head.
    """
    head, before = verb.head, words[verb.place - 1]
    case = before.child("case") if before.upos in _NOUNS else None
    to_it = any(word.upos == "PRON" for word in verb.dependents("obj", "obl"))
    own = before.child("nmod:poss") is not None and before.noun in load_vocabulary()["parts"]
    if (
        case is not None
        and case.text == "with"
        and (to_it or case.mark == WHOSE or (own and verb.xpos == "VBN"))
    ):
        _hang(verb, before, "acl")
        return
    if not verb.text.endswith("ing"):
        return
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
