"""Splits by composition: what is kept out of training and validation, and asked in the test.

A combination is (class, colour, relation): an object of that class and colour as the subject of
that relation. Training and validation scenes hold none of ``HELD_OUT``; nor do the test scenes of
even number, while each of odd number holds at least one between visible objects.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from spatial_dual.render.catalogue import COLOURS
from spatial_dual.render.salience import SHOWN, Fact
from spatial_dual.render.world import Thing
from spatial_dual.scene.graph import Relation, SceneGraph

SPLITS = ("train", "val", "test")

HELD_OUT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ball": ("blue", ("in", "under", "to the right of")),
    "basket": ("orange", ("next to", "behind")),
    "bed": ("purple", ("to the right of", "in front of")),
    "book": ("green", ("on", "behind")),
    "bottle": ("red", ("in", "to the right of")),
    "cabinet": ("white", ("behind", "next to")),
    "car": ("yellow", ("under", "to the left of")),
    "cat": ("white", ("on", "in front of")),
    "chair": ("blue", ("to the right of", "behind")),
    "crate": ("black", ("to the right of", "in front of")),
    "cup": ("purple", ("on", "to the left of")),
    "cushion": ("yellow", ("to the left of",)),
    "drawer": ("green", ("to the right of",)),
    "lamp": ("black", ("to the right of", "in front of")),
    "lantern": ("red", ("above", "to the left of")),
    "plant": ("white", ("next to", "to the left of")),
    "shelf": ("orange", ("to the left of", "behind")),
    "sofa": ("green", ("to the left of", "behind")),
    "stool": ("yellow", ("next to", "in front of")),
    "table": ("red", ("under", "to the left of")),
    "television": ("blue", ("on", "behind")),
}
"""Class -> (colour, relations) that never meet in training."""


def is_novel(split: str, index: int) -> bool:
    """Whether scene ``index`` of ``split`` must hold a combination that training never shows."""
    return split == "test" and index % 2 == 1


def held_out_facts(graph: SceneGraph) -> list[Fact]:
    """The relations of a gold graph between visible objects that are ``HELD_OUT`` combinations."""
    visible = [(item.visibility or 0) >= SHOWN for item in graph.objects]
    return [
        (relation.subject, relation.predicate, relation.object)
        for relation in graph.relations
        if visible[relation.subject]
        and visible[relation.object]
        and _colour_held_out(graph.objects[relation.subject].label, relation.predicate)
        in graph.objects[relation.subject].attributes
    ]


def without_held_out(
    things: Sequence[Thing], relations: Sequence[Relation], generator: np.random.Generator
) -> tuple[Thing, ...]:
    """Repaint each subject of a held-out combination in another colour."""
    painted = list(things)
    for relation in relations:
        thing = painted[relation.subject]
        if thing.colour == _colour_held_out(thing.kind.name, relation.predicate):
            others = [colour for colour in COLOURS if colour != thing.colour]
            colour = others[int(len(others) * generator.random())]
            painted[relation.subject] = thing.painted(colour)
    return tuple(painted)


def with_held_out(
    things: Sequence[Thing],
    relations: Sequence[Relation],
    visibility: Sequence[float],
    generator: np.random.Generator,
) -> tuple[Thing, ...] | None:
    """Repaint one visible object so that a held-out combination arises; None if none can."""
    chances = [
        relation.subject
        for relation in relations
        if min(visibility[relation.subject], visibility[relation.object]) >= SHOWN
        and _colour_held_out(things[relation.subject].kind.name, relation.predicate)
    ]
    if not chances:
        return None
    chosen = chances[int(len(chances) * generator.random())]
    painted = list(things)
    painted[chosen] = painted[chosen].painted(HELD_OUT[painted[chosen].kind.name][0])
    return tuple(painted)


def _colour_held_out(label: str, predicate: str) -> str | None:
    colour, predicates = HELD_OUT.get(label, ("", ()))
    return colour if predicate in predicates else None
