"""COCO's masks against a decoder in Python's integers, which never wrap."""

import json
import random
import re

import numpy as np
import pytest

from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.photos.instances import BadInstancesError, paint, read_instances
from spatial_dual.datasets.photos.rle import decode_rle
from tests.faults.child import fuzz
from tests.faults.strange import strange_text

EDGES = [
    sign * 2**power + step for sign in (-1, 1) for power in (31, 32, 62, 63) for step in (-1, 0, 1)
]


def near_64_bits(rng: random.Random) -> list[int]:
    """Small numbers, those at the ends of 32 and 64 bits, and any of 64."""
    kinds = (lambda: rng.randint(-70, 70), lambda: rng.choice(EDGES), lambda: rng.randbytes(8))
    drawn = [rng.choice(kinds)() for _ in range(rng.randrange(9))]
    return [n if isinstance(n, int) else int.from_bytes(n, "big", signed=True) for n in drawn]


def encoded(numbers: list[int]) -> str:
    """Numbers of any size in COCO's characters."""
    text = ""
    for number in numbers:
        more = True
        while more:
            bits, number = number & 31, number >> 5
            more = number != (-1 if bits & 16 else 0)
            text += chr(48 + bits + 32 * more)
    return text


def slow_runs(counts: str) -> list[int]:
    runs: list[int] = []
    place = value = 0
    for character in counts:
        code = ord(character) - 48
        value += (code & 31) << (5 * place)
        place += 1
        if not code & 32:
            if code & 16:
                value -= 1 << (5 * place)
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            place = value = 0
    return runs


def slow_mask(counts: str, height: int, width: int) -> np.ndarray | None:
    """The mask, or None if the text is no code of one of this size."""
    if not re.fullmatch("[0-o]*[0-O]", counts):
        return None
    runs = slow_runs(counts)
    if any(run < 0 for run in runs) or sum(runs) != height * width:
        return None
    flat = [number % 2 == 1 for number, run in enumerate(runs) for _ in range(run)]
    return np.array(flat, bool).reshape(width, height).T


def check(counts: str, height: int, width: int) -> None:
    expected = slow_mask(counts, height, width)
    try:
        mask = decode_rle({"size": [height, width], "counts": counts}, height, width)
    except ValueError:
        # zeros in front of a number make it longer than any that COCO writes; those are refused
        assert expected is None or re.search("[P-o]{12}", counts)
    else:
        assert expected is not None
        np.testing.assert_array_equal(mask, expected)


def test_runs_near_64_bits() -> None:
    fuzz(near_64_bits, lambda numbers: check(encoded(numbers), 8, 8), 600, 60_000)


def any_text(rng: random.Random) -> str:
    if rng.randrange(4) == 0:
        return strange_text(rng)
    return "".join(chr(rng.randrange(40, 120)) for _ in range(rng.randrange(60)))


def test_any_text() -> None:
    fuzz(any_text, lambda counts: check(counts, 4, 4), 600, 60_000)


def pixels(rng: random.Random) -> list[bool]:
    return [rng.random() < 0.5 for _ in range(rng.randrange(1, 65))]


def come_back(pixels: list[bool]) -> None:
    flat = np.array(pixels)
    borders = [0, *(np.flatnonzero(np.diff(flat)) + 1), len(flat)]
    runs = [0] * bool(flat[0]) + np.diff(borders).tolist()
    numbers = [run - runs[k - 2] if k > 2 else run for k, run in enumerate(runs)]
    code = {"size": [len(flat), 1], "counts": encoded(numbers)}
    np.testing.assert_array_equal(decode_rle(code, len(flat), 1)[:, 0], flat)


def test_masks_come_back() -> None:
    fuzz(pixels, come_back, 200, 20_000)


@pytest.mark.parametrize(
    "mask",
    [
        # three runs of 2^60, whose sum wraps to 64: the heap was overwritten
        {"size": [8, 8], "counts": "PPPPPPPPPPPP4PPPPPPPPPPPP4PPPPPPPPPPPP4P2"},
        {"size": [200000, 200000], "counts": "P`Th`U1"},  # asked for 37 GiB
        {"size": [4, 16], "counts": "P2"},
        {"size": [8, 8], "counts": "P2P"},
        {"size": [8, 8], "counts": "0\ud800"},
        {"size": "88", "counts": "P2"},
        {"size": None, "counts": "P2"},
        {"size": [8, 8], "counts": [64]},
        {"size": [8, 8]},
        [64],
        "P2",
    ],
)
def test_masks_of_no_picture_are_refused(mask: object) -> None:
    whole = [{"label": "cup", "box": [0, 0, 1, 1], "mask_rle": mask}]
    with pytest.raises(BadInstancesError, match="mask of 'cup'"):
        paint(read_instances(json.dumps(whole)), Crop(8, 8, 8), max_objects=4)
