"""Strategies: valid JSON values and files with some part replaced by what nobody expects there."""

import copy
from typing import Any

from hypothesis import strategies as st

ODD_NUMBERS = st.sampled_from(
    [0, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, -0.0, float("nan"), float("inf")]
)
ODD_TEXTS = st.sampled_from(
    ["", " ", "\0", "\ud800", "\u2028", "../x", "/dev/zero", "-1", "NaN", "a" * 3000, "㌖" * 400]
)
LEAVES = (
    st.none()
    | st.booleans()
    | ODD_NUMBERS
    | ODD_TEXTS
    | st.integers()
    | st.floats()
    | st.text(st.characters())
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXTS | st.text(), inner),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: Any = ()
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(place for key, child in inner for place in _places(child, (*path, key)))]


@st.composite
def strange_json(draw: Any, valid: Any) -> Any:
    """A valid value with up to three parts replaced or left out."""
    body = copy.deepcopy(valid)
    for _ in range(draw(st.integers(0, 3))):
        *path, last = draw(st.sampled_from(_places(body)[1:] or [(None,)]))
        if last is None:
            return draw(VALUES)
        holder = body
        for key in path:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = draw(VALUES)
        elif isinstance(holder, list) or last in holder:
            del holder[last]
    return body


@st.composite
def strange_bytes(draw: Any, valid: bytes) -> bytes:
    """A valid file cut, changed in some bytes, or with others put in; or any bytes at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["change", "cut", "put in", "take out"]))
        if kind == "change" and data:
            data[place] ^= draw(st.integers(1, 255))
        elif kind == "cut":
            del data[place:]
        elif kind == "put in":
            data[place:place] = draw(st.binary(max_size=8))
        else:
            del data[place : place + draw(st.integers(1, 8))]
    return bytes(data)
