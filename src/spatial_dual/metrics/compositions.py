"""Figures of seen and of new compositions side by side.

A test scene of odd number holds a combination (class, colour, relation) that no training scene
does, see ``render.splits``; the others hold none.
"""

from collections.abc import Callable, Sequence
from typing import Any

from spatial_dual.render.splits import held_out_facts
from spatial_dual.scene.graph import SceneGraph

Figures = dict[str, Any]
NOT_RENDERED = "only rendered scenes keep combinations out of training"
NO_SCENE = "no scene of this split is one"


def new_compositions(gold: Sequence[SceneGraph]) -> list[bool]:
    """Which gold graphs of rendered scenes hold a combination that training never shows."""
    return [bool(held_out_facts(graph)) for graph in gold]


def by_composition(
    figures: Callable[[Sequence[int]], Figures], count: int, new: Sequence[bool] | None
) -> Figures:
    """Figures of all rows, and of ``seen`` and ``new`` compositions, each with its ``n``.

    Args:
        figures: figures of the rows it is given, at least one.
        count: rows.
        new: whether each row is a new composition; more entries than rows are left out. None where
            there is no such distinction, which refuses both.
    """
    if not count:
        return {"n": 0}
    result = {**figures(range(count)), "n": count}
    if new is None:
        return result | {"seen": NOT_RENDERED, "new": NOT_RENDERED}
    for name, wanted in (("seen", False), ("new", True)):
        rows = [row for row in range(count) if new[row] is wanted]
        result[name] = {**figures(rows), "n": len(rows)} if rows else NO_SCENE
    return result
