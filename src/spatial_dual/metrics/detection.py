"""Are the stated objects in the picture, with their attributes? The GLIP row of the paper's Fig. 5.

Asked of an open-vocabulary detector: it is given what a text states of each object as a noun phrase
("red ball"), and then the nouns alone, so that what is there in another colour can be told from
what is not there. An object counts as found wherever its phrase is: detectors answer with one thing
several times, so that things of equal phrases cannot be counted.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spatial_dual.metrics.shares import Share
from spatial_dual.perception.hub.instances import Found
from spatial_dual.progress import progress_bar
from spatial_dual.scene.graph import SceneGraph

Pictures = Callable[[list[int]], NDArray[np.uint8]]
"""Images (n, h, w, 3) of these rows."""
Phrases = Sequence[Sequence[str]]
"""Of each picture, one for each object."""


class PhraseDetector(Protocol):
    """Anything that looks for phrases in pictures, see ``OpenVocabularyDetector.ask``."""

    def ask(
        self, images: NDArray[np.uint8], phrases: Phrases, threshold: float
    ) -> list[list[Found]]:
        """What is found with at least this score, labelled by the answer to the phrases."""
        ...


def attributed_phrases(stated: SceneGraph) -> list[str]:
    """Attributes and noun of each object that has attributes."""
    return [" ".join((*item.attributes, item.label)) for item in stated.objects if item.attributes]


def bare_phrases(stated: SceneGraph) -> list[str]:
    """Noun of each object."""
    return [item.label for item in stated.objects]


def found_shares(
    detector: PhraseDetector,
    pictures: Pictures,
    phrases: Phrases,
    threshold: float,
    batch_size: int,
    name: str,
) -> list[Share]:
    """Phrases of each picture that the detector finds in it, of all of its phrases.

    Args:
        detector: is asked once for equal phrases of a picture.
        pictures: reads the images of rows.
        phrases: of each row; rows without any are not looked at.
        threshold: least score.
        batch_size: images at a time.
        name: of the progress bar.
    """
    asked = [list(dict.fromkeys(own)) for own in phrases]
    shares = [Share()] * len(phrases)
    with progress_bar(name, sum(map(bool, asked))) as bar:
        for rows in _batches(asked, batch_size):
            answers = detector.ask(pictures(rows), [asked[row] for row in rows], threshold)
            for row, things in zip(rows, answers, strict=True):
                right = sum(is_found(phrase, things) for phrase in phrases[row])
                shares[row] = Share(right, len(phrases[row]))
            bar.update(len(rows))
    return shares


def is_found(phrase: str, things: Sequence[Found]) -> bool:
    """Whether one answer holds all words of a phrase.

    Grounding DINO answers with the words that it is sure of: "ball" is no red ball.
    """
    return any(_words(phrase) <= _words(thing.label) for thing in things)


def _words(text: str) -> set[str]:
    # a tokeniser gives "t-shirt" back as "t - shirt"
    return set(re.findall(r"\w+", text.lower()))


def _batches(asked: Phrases, size: int) -> Iterator[list[int]]:
    """Rows with equal numbers of phrases, as detectors want them."""
    rows_by_count = defaultdict(list)
    for row, phrases in enumerate(asked):
        if phrases:
            rows_by_count[len(phrases)].append(row)
    for _, rows in sorted(rows_by_count.items()):
        yield from (rows[start : start + size] for start in range(0, len(rows), size))
