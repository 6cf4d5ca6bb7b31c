"""Views of graphs as codes: each as if encoded alone, and counted once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spatial_dual.datasets.records import write_records
from spatial_dual.models.dgae import Dgae, DgaeConfig
from spatial_dual.models.graph_nodes import open_nodes, presence
from spatial_dual.pipelines.evaluate.part_nodes import evaluate_dgae
from spatial_dual.training import graph_codes
from spatial_dual.training.graph_codes import count_evidence, encode_views, with_shuffled_labels
from tests.models.graphs import SHAPE, random_tags

ROWS, VIEWS = 5, 3


@pytest.fixture
def dgae(monkeypatch: pytest.MonkeyPatch) -> Dgae:
    # in one precision a graph has the same codes alone and in a batch
    monkeypatch.setattr("spatial_dual.devices.has_native_bfloat16", lambda device: False)
    torch.manual_seed(0)
    return Dgae(DgaeConfig(SHAPE, dim=16, levels=(5, 3), rounds=1, heads=2)).eval()


@pytest.fixture
def chunk() -> dict[str, Any]:
    columns: dict[str, Any] = {"id": [f"record {row}" for row in range(ROWS)]}
    for seed, prefix in enumerate(("gold", "initial")):
        for name, values in random_tags(ROWS * VIEWS, seed).items():
            columns[f"{prefix}_{name}"] = (
                values.unflatten(0, (ROWS, VIEWS)).numpy().astype(np.uint8)
            )
    return columns


def one_view(chunk: dict[str, Any], prefix: str, row: int, view: int) -> dict[str, torch.Tensor]:
    tags = {
        name: torch.as_tensor(chunk[f"{prefix}_{name}"][row, view])[None].long()
        for name in ("labels", "attributes", "geometry", "relations", "places")
    }
    return tags | {"relations": tags["relations"].bool()}


def test_every_view_is_encoded_as_if_alone(dgae: Dgae, chunk: dict[str, Any]) -> None:
    encoded = encode_views(dgae, chunk)
    assert encoded["id"] == chunk["id"]
    for name in ("gold_codes", "initial_codes", "stated", "present"):
        assert encoded[name].shape == (ROWS, VIEWS, SHAPE.nodes)
    assert (encoded["gold_codes"].dtype, encoded["stated"].dtype) == (np.uint16, np.uint8)
    for row, view in [(0, 0), (1, 2), (4, 1)]:
        gold, initial = (one_view(chunk, prefix, row, view) for prefix in ("gold", "initial"))
        assert encoded["gold_codes"][row, view].tolist() == dgae.encode(gold)[0].tolist()
        assert encoded["initial_codes"][row, view].tolist() == dgae.encode(initial)[0].tolist()
        assert encoded["stated"][row, view].tolist() == presence(initial, SHAPE)[0].tolist()
        assert encoded["present"][row, view].tolist() == open_nodes(gold, SHAPE)[0].tolist()


def test_evidence_counts_one_view_of_each_gold_graph_all_views_in_turn(
    dgae: Dgae, chunk: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: table.clone() for name, table in dgae.evidence.state_dict().items()}
    monkeypatch.setattr(graph_codes, "CHUNK", 2)
    count_evidence(dgae, write_records(tmp_path, [chunk]))
    counted = {n: t - before[n] for n, t in dgae.evidence.state_dict().items()}
    views = [one_view(chunk, "gold", row, row % VIEWS) for row in range(ROWS)]
    gold = {name: torch.cat([view[name] for view in views]) for name in views[0]}
    labels = gold["labels"].flatten().bincount(minlength=SHAPE.labels)
    assert counted["labels"].sum(dim=0).round().tolist() == labels.tolist()
    assert counted["labels"].sum() == pytest.approx(ROWS * SHAPE.slots, rel=1e-4)
    # pairs of the three objects that are there, and the predicates that hold between them
    assert counted["relations"][:, -1].sum() == pytest.approx(ROWS * 3, rel=1e-4)
    pairs = [0, 1, 3]  # (0, 1), (0, 2), (1, 2) of four slots
    bits = gold["relations"][:, pairs].sum(dim=(0, 1))
    assert counted["relations"][:, :-1].sum(dim=0).round().tolist() == bits.tolist()


def test_reconstruction_has_figures_of_each_composition(
    dgae: Dgae, chunk: dict[str, Any], tmp_path: Path
) -> None:
    new = {"new": {name: row % 2 == 1 for row, name in enumerate(chunk["id"])}}
    found = evaluate_dgae(write_records(tmp_path, [chunk]), dgae, new)
    assert [found[part]["n"] for part in ("seen", "new")] == [3, 2]
    for part, rows in ((found, range(ROWS)), (found["seen"], (0, 2, 4)), (found["new"], (1, 3))):
        views = [one_view(chunk, "gold", row, view) for row in rows for view in range(VIEWS)]
        right = total = 0
        for tags in views:
            there = tags["labels"] > 0
            right += int((dgae.decode(dgae.encode(tags))["labels"] == tags["labels"])[there].sum())
            total += int(there.sum())
        assert part["label_accuracy"] == pytest.approx(right / total)
    assert "codes_used" in found


def test_labels_are_shuffled_among_objects_and_nothing_else(dgae: Dgae) -> None:
    tags = random_tags(40, seed=5)
    codes = dgae.encode(tags)
    mixed = with_shuffled_labels(codes, tags, dgae)
    before, after = SHAPE.split(codes)[0], SHAPE.split(mixed)[0]
    there = tags["labels"] > 0
    assert torch.equal(mixed[:, SHAPE.slots :], codes[:, SHAPE.slots :])
    assert torch.equal(after[~there], before[~there])
    assert torch.equal(after[there].sort().values, before[there].sort().values)
    assert (after[there] != before[there]).any()


def test_relations_hear_of_labels_through_open_gates_alone(dgae: Dgae) -> None:
    tags = random_tags(40, seed=6)
    codes = dgae.encode(tags)
    mixed = with_shuffled_labels(codes, tags, dgae)

    def change() -> float:
        first, second = (dgae.logits(dgae.features(each))["relations"] for each in (codes, mixed))
        return float((first - second).abs().max().detach())

    assert change() == 0
    with torch.no_grad():
        for name, gate in dgae.named_parameters():
            if name.rsplit(".", 1)[-1] == "gate":
                gate.fill_(10.0)
    assert change() > 0
