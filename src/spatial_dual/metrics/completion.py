"""2DSG → 3DSG: what graph diffusion keeps of the initial graph, and what it finds."""

from collections.abc import Iterable, Sequence

from spatial_dual.metrics.shares import Share
from spatial_dual.metrics.spatial import label_counts, match_objects, object_counts, total
from spatial_dual.scene.alignment import match_objects as align_objects
from spatial_dual.scene.graph import SceneGraph

Pairs = Iterable[tuple[SceneGraph, SceneGraph]]


def nodes_kept(initial: SceneGraph, completed: SceneGraph) -> Share:
    """Object, attribute and place nodes of the initial graph that the completed one has.

    Objects correspond by ``scene.alignment``; an object is kept with its label, an attribute with
    its object.
    """
    partners = align_objects(initial, completed)
    right = total_nodes = 0
    for item, partner in zip(initial.objects, partners, strict=True):
        total_nodes += 1 + len(item.attributes)
        if partner >= 0 and completed.objects[partner].label == item.label:
            right += 1 + len(set(item.attributes) & set(completed.objects[partner].attributes))
    if initial.place:
        total_nodes += 1
        right += initial.place == completed.place
    return Share(right, total_nodes)


def triplets_kept(initial: SceneGraph, completed: SceneGraph) -> Share:
    """Relations of the initial graph that hold between the corresponding completed objects."""
    partners = align_objects(initial, completed)
    held = {(r.subject, r.predicate, r.object) for r in completed.relations}
    right = sum(
        (partners[r.subject], r.predicate, partners[r.object]) in held for r in initial.relations
    )
    return Share(right, len(initial.relations))


def text_figures(pairs: Pairs) -> dict[str, float]:
    """Kept nodes and triplets over (TSG, completed graph) pairs."""
    pairs = list(pairs)
    return {
        "nodes_kept": sum((nodes_kept(a, b) for a, b in pairs), Share()).value,
        "triplets_kept": sum((triplets_kept(a, b) for a, b in pairs), Share()).value,
    }


def image_figures(
    initial: Sequence[SceneGraph], completed: Sequence[SceneGraph], gold: Sequence[SceneGraph]
) -> dict[str, float]:
    """Triplets of VSGs and of their completions against the whole gold 3DSGs, hidden things too.

    Triplets are compared by labels as multisets, as TriRec of the paper;
    ``object_triplet_recall`` asks for the very objects, matched by label and place.
    """
    found = total(label_counts(c, g) for c, g in zip(completed, gold, strict=True))
    before = total(label_counts(i, g) for i, g in zip(initial, gold, strict=True))
    exact = total(
        object_counts(c, g, match_objects(c, g)) for c, g in zip(completed, gold, strict=True)
    )
    return {
        "triplet_recall": found.recall,
        "initial_triplet_recall": before.recall,
        "triplet_precision": found.precision,
        "f1": found.f1,
        "initial_f1": before.f1,
        "object_triplet_recall": exact.recall,
    }
