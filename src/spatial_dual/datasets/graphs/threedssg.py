"""Gold graphs of 3DSSG (Wald et al., CVPR 2020) and of the sub-scenes that VL-SAT cuts from them.

``{"scans": [{"scan": id, "split": number, "objects": {number: noun},
"relationships": [[subject, object, predicate number, predicate], …]}, …]}``
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spatial_dual.datasets.graphs.source import GraphRow, read_text
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.reading import parse_json
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.text import clean_noun

PREDICATES: Mapping[str, str] = {
    "left": "to the left of",
    "right": "to the right of",
    "front": "in front of",
    "behind": "behind",
    "higher than": "above",
    "lower than": "under",
    "close by": "next to",
    "connected to": "next to",
    "leaning against": "next to",
    "supported by": "on",
    "standing on": "on",
    "lying on": "on",
    "hanging on": "on",
    "attached to": "on",
    "cover": "on",
    "inside": "in",
    "standing in": "in",
    "lying in": "in",
    "hanging in": "in",
    "build in": "in",
    "part of": "part of",
    "belonging to": "part of",
}
"""3DSSG's predicate → ours."""
NOT_OF_PLACE = frozenset(
    ["none", "bigger than", "smaller than", "same as", "same symmetry as"],
)
"""Predicates that compare two things and do not say where they are: left out, and counted."""


def read_scans(path: Path, max_objects: int) -> Iterator[GraphRow | Finding]:
    """The graphs of a file, and what was left out of them.

    Of a graph with more than ``max_objects`` objects those with the most relations are kept, at
    equal numbers the ones numbered lower.

    Raises:
        ValueError: the file is not such JSON.
        OSError: it cannot be read.
    """
    body = parse_json(read_text(path), str(path))
    if not isinstance(body, dict) or not isinstance(body.get("scans"), list):
        raise ValueError('expected an object with a list "scans"')
    compared: Counter[str] = Counter()
    for number, scan in enumerate(body["scans"]):
        name = f"scan {number}"
        try:
            name = f"{scan.get('scan', '')}-{scan.get('split', number)}"
            graph, problems = _graph(scan, max_objects, compared)
        except (ValueError, KeyError, TypeError, AttributeError) as reason:
            yield Finding(str(path), name, f"not a scan: {reason!r}")
            continue
        for part, problem in problems:
            yield Finding(str(path), name, problem, part)
        yield GraphRow(name, graph)
    if compared:
        listed = ", ".join(f"{predicate} {count}" for predicate, count in compared.most_common())
        why = f"{compared.total()} relations compare and say nothing of place: {listed}"
        yield Finding(str(path), "all graphs", why, "relation")


def _graph(
    scan: Mapping[str, Any], max_objects: int, compared: Counter[str]
) -> tuple[SceneGraph, list[tuple[Any, str]]]:
    labels = {int(number): clean_noun(noun) for number, noun in scan["objects"].items()}
    relations: dict[tuple[int, str, int], None] = {}
    problems: list[tuple[Any, str]] = []
    for subject, target, _, predicate in scan["relationships"]:
        if predicate in NOT_OF_PLACE:
            compared[predicate] += 1
        elif predicate not in PREDICATES:
            problems.append(("relation", f"predicate {predicate!r} is none of 3DSSG's"))
        elif subject == target or not {subject, target} <= labels.keys():
            problems.append(("relation", f"{subject} {predicate} {target}: no two objects"))
        else:
            relations[subject, PREDICATES[predicate], target] = None
    kept = _most_related(labels, relations, max_objects)
    if len(kept) < len(labels):
        problems.append(("object", f"{len(labels)} objects, the {len(kept)} most related kept"))
    slot = {number: index for index, number in enumerate(kept)}
    graph = SceneGraph(
        objects=tuple(SceneObject(label=labels[number]) for number in kept),
        relations=tuple(
            Relation(subject=slot[s], predicate=p, object=slot[o])
            for s, p, o in relations
            if s in slot and o in slot
        ),
    )
    return graph, problems


def _most_related(
    labels: Mapping[int, str], relations: Mapping[tuple[int, str, int], None], count: int
) -> list[int]:
    """Numbers of the ``count`` objects with the most relations, in rising order."""
    degree = Counter(end for s, _, o in relations for end in (s, o))
    return sorted(sorted(labels, key=lambda number: (-degree[number], number))[:count])
