"""How well captions are read: by hand-annotated ones, real ones and those of the renderer.

The bars are a little below what was measured; ``kedro run --pipelines=parsing_report`` gives the
figures themselves.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatial_dual.datasets.graphs.caption_sets import CaptionSet, read_captions
from spatial_dual.metrics.caption_sets import figures_of
from spatial_dual.parsing.default import default_parser
from spatial_dual.parsing.stanza_parser import StanzaParser
from spatial_dual.render.captions import write_captions
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SceneGraph

OWN = Path(__file__).parents[1] / "data" / "captions.json"
"""200 captions, written and annotated for this by hand."""


def figures(parser: StanzaParser, captions: CaptionSet) -> dict[str, Any]:
    return figures_of(captions, parser.parse(captions.captions))


def ewt(shared_data: Path) -> StanzaParser:
    folder = shared_data / "stanza-ewt-small"
    if not folder.is_dir():
        pytest.skip(f"needs the Stanza package {folder}")
    return default_parser(str(folder))


def of_pictures(shared_data: Path, part: str, step: int) -> CaptionSet:
    file = shared_data / "vsd" / f"{part}_val.json"
    if not file.is_file():
        pytest.skip(f"needs the captions {file}")
    full = read_captions(file)
    sample = {name: getattr(full, name)[::step] for name in ("captions", "triplets")}
    empty: list[list[Any]] = [[] for _ in sample["captions"]]
    return replace(full, **sample, attributes=empty, labels=empty)


def test_hand_annotated_captions() -> None:
    assert len(json.loads(OWN.read_text("utf-8"))) == 200
    found = figures(default_parser(), read_captions(OWN))
    for part, precision, recall in (
        ("objects", 0.96, 0.96),
        ("attributes", 0.95, 0.92),
        ("relations", 0.9, 0.91),
    ):
        assert found[part]["precision"] >= precision, part
        assert found[part]["recall"] >= recall, part


@pytest.mark.parametrize(("part", "step", "bar"), [("v1", 8, 0.82), ("v2", 3, 0.4)])
def test_shipped_package_on_real_captions(
    shared_data: Path, part: str, step: int, bar: float
) -> None:
    found = figures(default_parser(), of_pictures(shared_data, part, step))
    assert found["strict_recall"] >= bar
    assert found["recall_with_inverses_and_synonyms"] >= found["strict_recall"]


@pytest.mark.parametrize(("part", "step", "bar"), [("v1", 8, 0.83), ("v2", 3, 0.4)])
def test_treebank_package_on_real_captions(
    shared_data: Path, part: str, step: int, bar: float
) -> None:
    found = figures(ewt(shared_data), of_pictures(shared_data, part, step))
    assert found["strict_recall"] >= bar


def test_rendered_captions_are_read_as_they_were_meant() -> None:
    captions = [
        caption
        for index in range(40)
        for caption in write_captions(
            SceneGraph.from_json(render_scene(0, "test", index, 32)["graph"]),
            np.random.default_rng(index),
        )
    ]
    graphs = default_parser().parse([caption.text for caption in captions])
    right = [
        sorted(graph.triplets()) == sorted(caption.graph.triplets())
        for graph, caption in zip(graphs, captions, strict=True)
    ]
    assert np.mean(right) >= 0.98
