"""Counting with a detector whose answers are known."""

import numpy as np
import pytest

from spatial_dual.metrics.detection import attributed_phrases, bare_phrases, found_shares, is_found
from spatial_dual.metrics.shares import Share, total_share
from spatial_dual.perception.hub.instances import Found
from spatial_dual.scene.graph import SceneGraph, SceneObject

BOX = (0.0, 0.0, 1.0, 1.0)


def graph(*things):
    return SceneGraph(
        objects=tuple(SceneObject(label=label, attributes=words) for label, *words in things)
    )


STATED = [
    graph(("ball", "red"), ("cube", "small", "blue"), ("table",)),
    graph(("ball", "red"), ("ball", "red")),
    graph(("lamp",)),
    graph(),
]


class Known:
    """Sees a red ball and a green cube in picture 0, a blue ball in 1, a faint lamp in 2."""

    seen = ({"red ball": 0.9, "green cube": 0.8}, {"blue ball": 0.9}, {"lamp": 0.3})

    def __init__(self):
        self.asked = []

    def ask(self, images, phrases, threshold):
        rows = images[:, 0, 0, 0].tolist()
        self.asked.append(list(zip(rows, phrases, strict=True)))
        return [
            [
                Found(phrase, score, BOX)
                for phrase in own
                for thing, score in self.seen[row].items()
                if set(phrase.split()) <= set(thing.split()) and score >= threshold
            ]
            for row, own in self.asked[-1]
        ]


def pictures(rows):
    return np.array(rows, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)


def share(phrases_of, threshold=0.5, detector=None, batch_size=2):
    phrases = [phrases_of(stated) for stated in STATED]
    detector = detector or Known()
    return total_share(found_shares(detector, pictures, phrases, threshold, batch_size, "detect"))


def test_attributes_must_be_seen_on_their_object():
    assert attributed_phrases(STATED[0]) == ["red ball", "small blue cube"]
    assert share(attributed_phrases) == Share(1, 4)


def test_objects_alone_are_found_in_any_colour():
    assert bare_phrases(STATED[0]) == ["ball", "cube", "table"]
    assert share(bare_phrases) == Share(4, 6)
    assert share(bare_phrases, threshold=0.2) == Share(5, 6)
    assert share(bare_phrases, threshold=0.95) == Share(0, 6)


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_pictures_are_asked_once_in_batches_of_equally_many_phrases(batch_size):
    detector = Known()
    assert share(bare_phrases, detector=detector, batch_size=batch_size) == Share(4, 6)
    for batch in detector.asked:
        assert len(batch) <= batch_size
        assert len({len(phrases) for _, phrases in batch}) == 1
    rows = [row for batch in detector.asked for row, _ in batch]
    assert sorted(rows) == [0, 1, 2]
    assert ([1, 2] if batch_size > 1 else [1]) in [[r for r, _ in b] for b in detector.asked]


@pytest.mark.parametrize(
    ("phrase", "answer", "found"),
    [
        ("red ball", "red ball", True),
        ("red ball", "Red ball.", True),
        ("red ball", "ball", False),
        ("red ball", "blue ball", False),
        ("ball", "red ball", True),
        ("white t-shirt", "white t - shirt", True),
        ("cup", "cupboard", False),
    ],
)
def test_an_answer_must_hold_all_words(phrase, answer, found):
    assert is_found(phrase, [Found("wall", 0.9, BOX), Found(answer, 0.9, BOX)]) is found


def test_nothing_asked_is_no_share():
    shares = found_shares(Known(), pictures, [[], []], 0.5, 2, "detect")
    assert shares == [Share(), Share()]
    assert np.isnan(total_share(shares).value)


def test_each_picture_has_a_share_of_its_own():
    """Rows of few phrases are asked first, and their shares stand in the order of the rows."""
    phrases = [bare_phrases(stated) for stated in STATED]
    shares = found_shares(Known(), pictures, phrases, 0.5, 1, "detect")
    assert shares == [Share(2, 3), Share(2, 2), Share(0, 1), Share()]
