"""Numbers of JSON of strangers, where a text, a boolean or 400 digits may stand for one."""

import math
from typing import Any


def finite_number(value: Any, name: str) -> float:
    """The number as a float.

    Args:
        value: as it stands in the file.
        name: what it is, for errors.

    Raises:
        ValueError: no number, or no finite one.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is no number: {str(value)[:40]!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} is not finite")
    return number


def four_numbers(values: Any, name: str) -> tuple[float, float, float, float]:
    """A list of four numbers as floats.

    Raises:
        ValueError: no such list, or a value in it that is no finite number.
    """
    shown = f"{name} {str(values)[:60]}"
    if not isinstance(values, list | tuple) or len(values) != 4:
        raise ValueError(f"{shown} is not four numbers")
    first, second, third, fourth = (finite_number(value, shown) for value in values)
    return first, second, third, fourth
