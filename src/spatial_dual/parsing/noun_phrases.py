"""What a noun's subtree says of one object: label, attributes, whether it is known."""

from spatial_dual.parsing.lexicon import load_lexicon
from spatial_dual.parsing.phrases import NounPhrase
from spatial_dual.parsing.treebank.words import known_nouns, load_vocabulary, rare_nouns
from spatial_dual.parsing.word import Word

_PICTURES = frozenset(["picture", "photo", "image"])
"""They are a thing where something is said of them: "a photo of a girl hangs on the wall"."""
_GIVEN = frozenset(["a", "an", "the"])
_NOT_ATTRIBUTES = frozenset(["other", "own", "such", "same", "many", "several", "few", "various"])


def content(word: Word) -> Word:
    """What a noun that only counts or locates is of: the people of "a group of people"."""
    noun = word.noun.rpartition(" ")[2]
    hangs = noun in _PICTURES and word.relation in ("nsubj", "obj", "obl")
    if noun in load_lexicon().collectives and not hangs:
        for child in word.dependents("nmod"):
            case = child.child("case")
            if case is not None and case.text == "of" and child.is_nominal:
                return content(child)
    return word


def is_measure(word: Word) -> bool:
    """Whether the noun only counts or locates another."""
    return content(word) is not word


def noun_phrase(word: Word) -> NounPhrase:
    """Label with its compounds, attributes in the order of the text, definiteness."""
    lexicon = load_lexicon()
    label = [word.noun]
    attributes: list[str] = []
    for child in word.children:
        if child.relation in ("compound", "flat") and child.place < word.place:
            before = [*(c.text for c in child.dependents("compound")), child.text]
            if child.text in lexicon.attribute_rank:
                attributes.extend(before)
            else:
                label[-1:-1] = before
        elif child.relation in ("amod", "nummod") and child.place < word.place:
            if _is_thing(child):
                label[-1:-1] = [child.text]
            else:
                attributes.extend(qualities(child))
    attributes += [text for child in word.dependents("acl", "amod") if (text := _state(child))]
    attributes += [part.quality for part in (word, *word.dependents("compound")) if part.quality]
    determiner = word.child("det")
    definite = (determiner is not None and determiner.text in lexicon.definite) or any(
        child.upos == "PRON" for child in word.dependents("nmod:poss")
    )
    kept = (text for text in attributes if text not in _GIVEN)
    return NounPhrase(" ".join(label), tuple(dict.fromkeys(kept)), definite)


def _is_thing(word: Word) -> bool:
    """Whether a noun was read as an attribute: "fire engine hose"."""
    vocabulary = load_vocabulary()
    named = word.text in known_nouns() or word.text in vocabulary["modifier"]
    named = named or word.text in rare_nouns()
    described = {*load_lexicon().attribute_rank, *vocabulary["adjective"]}
    return named and word.upos == "ADJ" and word.text not in described


def qualities(word: Word) -> list[str]:
    """An adjective and those joined to it."""
    joined = [child for child in word.dependents("conj") if child.upos in ("ADJ", "VERB", "NOUN")]
    return [word.text, *(text for child in joined for text in qualities(child))]


def _state(word: Word) -> str:
    """A pose after the noun; "" if it is none, or where a place says it: "standing on …"."""
    placed = word.relation == "acl" and word.child("obl", "nmod") is not None
    return word.text if word.text in load_lexicon().attribute_rank and not placed else ""
