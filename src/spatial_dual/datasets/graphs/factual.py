"""FACTUAL (Li et al., ACL Findings 2023): captions of Visual Genome regions with gold graphs.

CSV with the columns ``image_id``, ``region_id``, ``caption`` and ``scene_graph``, which reads
``( man , hold , umbrella ) , ( umbrella , is , red ) , ( dog )``.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from spatial_dual.datasets.graphs.source import GraphRow, read_text
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.parsing.factual import read_facts
from spatial_dual.scene.text import clean_caption

COLUMNS = ("image_id", "region_id", "caption", "scene_graph")


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
            graph, problems = read_facts(row["scene_graph"] or "")
        except ValueError as reason:
            yield Finding(str(path), name, str(reason))
            continue
        if not (caption and graph.objects):
            yield Finding(str(path), name, "no caption" if not caption else "no graph")
            continue
        for problem in problems:
            yield Finding(str(path), name, problem, "relation")
        yield GraphRow(name, graph, (caption,))
