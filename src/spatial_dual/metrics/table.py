"""Figures of a run as one nested mapping, and as a table for people."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from spatial_dual.printing import markdown_cell

Figures = Mapping[str, Any]
"""Nested by the dots of the keys; a leaf is a number or, as a string, the reason why there is
none."""

NOTHING = "nothing to count in these data"
INFINITE = "infinite for these data"


def flatten(figures: Figures, prefix: str = "") -> Iterator[tuple[str, float | str]]:
    """(dotted key, leaf) of all leaves, in order."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def separate_refused(figures: Figures) -> tuple[dict[str, Any], dict[str, str]]:
    """The numbers, nested as before, and the reasons of those that are none, by dotted key."""
    numbers: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for key, value in flatten(figures):
        if isinstance(value, str):
            refused[key] = value
        elif not math.isfinite(value):
            refused[key] = NOTHING if math.isnan(value) else INFINITE
        else:
            *sections, name = key.split(".")
            place = numbers
            for section in sections:
                place = place.setdefault(section, {})
            place[name] = round(value, 4)
    return numbers, refused


def as_text(metrics: Figures) -> str:
    """All figures with what was refused, and the protocol, one line each."""
    figures = {k: v for k, v in metrics.items() if k not in ("protocol", "refused")}
    rows = list(flatten(figures))
    width = max((len(key) for key, _ in rows), default=0)
    lines = [f"{key:<{width}}  {value:.4g}" for key, value in rows]
    lines += [f"{key:<{width}}  -  ({reason})" for key, reason in metrics["refused"].items()]
    lines += ["protocol"]
    lines += [f"  {key}: {value}" for key, value in flatten(metrics["protocol"])]
    return "\n".join(lines)


def as_markdown(metrics: Figures) -> str:
    """The same in Markdown."""
    lines = ["# All figures", "", "| figure | value |", "|---|---|"]
    figures = {k: v for k, v in metrics.items() if k not in ("protocol", "refused")}
    lines += [f"| `{key}` | {value:.4g} |" for key, value in flatten(figures)]
    refused = metrics["refused"].items()
    lines += [f"| `{key}` | – ({markdown_cell(reason)}) |" for key, reason in refused]
    lines += ["", "Protocol:", ""]
    lines += [f"- {key}: {markdown_cell(str(v))}" for key, v in flatten(metrics["protocol"])]
    return "\n".join([*lines, ""])
