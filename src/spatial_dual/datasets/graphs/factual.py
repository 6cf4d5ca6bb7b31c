"""FACTUAL (Li et al., ACL Findings 2023): captions of Visual Genome regions with gold graphs.

CSV with the columns ``image_id``, ``region_id``, ``caption`` and ``scene_graph``, which reads
``( man , hold , umbrella ) , ( umbrella , is , red ) , ( dog )``.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from spatial_dual.datasets.graphs.source import GraphRow, read_text
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.text import clean_caption

COLUMNS = ("image_id", "region_id", "caption", "scene_graph")
_FACT = re.compile(r"\(([^()]*)\)")


def read_pairs(path: Path) -> Iterator[GraphRow | Finding]:
    """A record for each caption, and what was left out.

    Equal nouns are one object. "is" states an attribute; every other predicate stays as annotated,
    with the source "text", for FACTUAL's are not closed.

    Raises:
        ValueError: a column is missing.
        OSError: the file cannot be read.
    """
    rows = csv.DictReader(io.StringIO(read_text(path), newline=""))
    missing = set(COLUMNS) - set(rows.fieldnames or ())
    if missing:
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    for row in rows:
        name = f"{row['image_id']}-{row['region_id']}"
        try:
            caption = clean_caption(row["caption"] or "")
            graph, problems = _graph(row["scene_graph"] or "")
        except ValueError as reason:
            yield Finding(str(path), name, str(reason))
            continue
        if not (caption and graph.objects):
            yield Finding(str(path), name, "no caption" if not caption else "no graph")
            continue
        for problem in problems:
            yield Finding(str(path), name, problem, "relation")
        yield GraphRow(name, graph, (caption,))


def _graph(text: str) -> tuple[SceneGraph, list[str]]:
    attributes: dict[str, list[str]] = {}
    stated: list[tuple[str, str, str]] = []
    for written in _FACT.findall(text):
        subject, *rest = (part.strip() for part in written.split(","))
        if not subject or len(rest) not in (0, 2) or not all(rest):
            raise ValueError(f"( {written.strip()} ) is no fact")
        attributes.setdefault(subject, [])
        if rest and rest[0] == "is":
            attributes[subject].append(rest[1])
        elif rest:
            attributes.setdefault(rest[1], [])
            stated.append((subject, *rest))
    place = {noun: index for index, noun in enumerate(attributes)}
    relations: dict[Relation, None] = {}
    problems = []
    for subject, predicate, target in stated:
        first, second = place[subject], place[target]
        try:
            fact = Relation(subject=first, predicate=predicate, object=second, source="text")
            relations[fact] = None
        except ValidationError as error:
            problems.append(f"( {subject} , {predicate} , {target} ): {error.errors()[0]['msg']}")
    objects = (
        SceneObject(label=noun, attributes=tuple(dict.fromkeys(words)))
        for noun, words in attributes.items()
    )
    return SceneGraph(objects=tuple(objects), relations=tuple(relations)), problems
