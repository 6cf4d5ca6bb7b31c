"""FACTUAL's graphs and ours in the same words, so that only what is said differently differs.

FACTUAL writes numbers as figures, says a part of its whole ("bear has ear"), dresses people by
"wear" where a caption says "in", and leaves out what goes without saying (who rides is on).
"""

from collections.abc import Iterable
from dataclasses import replace

from spatial_dual.datasets.graphs.caption_sets import CaptionSet
from spatial_dual.parsing.factual import our_predicate
from spatial_dual.parsing.lexicon import load_lexicon, singular
from spatial_dual.parsing.rules import IMPLIED
from spatial_dual.parsing.treebank.words import load_vocabulary
from spatial_dual.scene.graph import Triplet

_FIGURES = {
    **{"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7"},
    **{"eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12"},
}


def alike(captions: CaptionSet) -> CaptionSet:
    """The facts of both sides in the same words; each stays one fact or is implied by another."""
    return replace(
        captions,
        triplets=[list(_relations(triplets)) for triplets in captions.triplets],
        attributes=[
            [(noun, _FIGURES.get(word, word)) for noun, word in described if word != "one"]
            for described in captions.attributes
        ],
    )


def _relations(triplets: Iterable[Triplet]) -> Iterable[Triplet]:
    found = dict.fromkeys(_same_words(*triplet) for triplet in triplets)
    return (fact for fact in found if not _goes_without_saying(fact, found))


def _same_words(subject: str, predicate: str, target: str) -> Triplet:
    predicate = our_predicate(predicate)
    if predicate == "part of":
        return target, "has", subject
    dressed = predicate == "in" and singular(target) in load_lexicon().clothing
    if dressed and singular(subject) in load_vocabulary()["people"]:
        return subject, "wears", target
    return subject, predicate, target


def _goes_without_saying(fact: Triplet, found: Iterable[Triplet]) -> bool:
    """Whether another relation of the same ends implies it, as the parsers have it."""
    subject, predicate, target = fact
    for first, verb, second in found:
        spatial, turned = IMPLIED.get(verb, ("on", True) if verb == "has" else ("", False))
        ends = (second, first) if turned else (first, second)
        if predicate == spatial and ends == (subject, target):
            return True
    return False
