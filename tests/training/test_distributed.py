"""Two Gloo workers on the CPU train as one process with twice the batch does."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spatial_dual.datasets.records import write_records
from spatial_dual.seeding import seeded_torch
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import Batch, TrainingLog, fit
from spatial_dual.training.record_source import RecordSource

STEPS, TOLERANCE = 24, 2e-5
"""Loss and weights differ only by the order of sums: relative tolerance in float32."""


class Parabola(nn.Module):
    """y = f(x), with a part that no loss uses and an output that tells whose examples came."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 1))
        self.unused = nn.Linear(2, 2)
        self.register_buffer("seen", torch.zeros(()))


def squared_error(model: nn.Module, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
    x = batch["x"]
    error = (model.body(x)[:, 0] - x.square().sum(dim=1)).square().mean()
    return {"loss": error, "mean_x": x.mean(), "noise": torch.rand((), generator=generator)}


def make_model() -> Parabola:
    with seeded_torch(0, "parabola"):
        return Parabola()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> RecordSource:
    points = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    rows = {"id": [str(n) for n in range(len(points))], "x": points}
    records = write_records(tmp_path_factory.mktemp("points"), [rows])
    records.array("x", [0])  # opened: workers must open the shards themselves
    return RecordSource(captions=1, whole={"x": (records, "x")})


def train(
    source: RecordSource, store: CheckpointStore | None = None, **changes: int
) -> tuple[Parabola, TrainingLog]:
    model = make_model()
    settings = {"steps": STEPS, "batch_size": 8, "learning_rate": 1e-2, "checkpoint_every": 10}
    config = FitConfig(**{**settings, **changes}, precision="float32", device="cpu")
    return model, fit("parabola", model, squared_error, source, config, store)


def column(log: TrainingLog, name: str) -> np.ndarray:
    return np.array([row[name] for row in log.rows])


def test_two_workers_follow_the_curve_of_one_with_twice_the_batch(
    source: RecordSource, tmp_path: Path
) -> None:
    alone, expected = train(source, batch_size=8)
    store = CheckpointStore(tmp_path)
    together, log = train(source, store, batch_size=4, processes=2)
    assert len(log.rows) == STEPS
    for part in ("loss", "mean_x"):
        np.testing.assert_allclose(
            column(log, part), column(expected, part), rtol=TOLERANCE, atol=1e-6
        )
    assert column(log, "loss")[-1] < 0.5 * column(log, "loss")[0]
    for name, weight in alone.state_dict().items():
        assert torch.allclose(together.state_dict()[name], weight, rtol=TOLERANCE, atol=1e-5), name
    assert not together.training
    # each worker draws noise of its own: the mean of two is none of the first's draws
    assert not np.isclose(column(log, "noise"), column(expected, "noise")).any()
    # rank 0 wrote the last checkpoint, and a further run of the same training takes it up
    again, resumed = train(source, store, batch_size=4, processes=2)
    assert resumed == log
    assert torch.equal(again.body[0].weight, together.body[0].weight)


def test_more_workers_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model()
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    config = FitConfig(steps=2, batch_size=2, learning_rate=1e-2, device="cuda", processes=2)
    with pytest.raises(ValueError, match=r"processes is 2, but there are 1 GPUs"):
        fit("parabola", model, squared_error, [0, 1], config)


def error_beside_kedro(
    model: nn.Module, batch: Batch, generator: torch.Generator
) -> dict[str, Tensor]:
    in_kedro = torch.tensor(float("kedro.runner" in sys.modules))
    return squared_error(model, batch, generator) | {"in_kedro": in_kedro}


def test_a_node_trains_with_workers_that_know_nothing_of_kedro(source: RecordSource) -> None:
    from kedro.io import DataCatalog, MemoryDataset
    from kedro.pipeline import Pipeline, node
    from kedro.runner import SequentialRunner

    calls: list[int] = []

    def train_parabola(records: RecordSource) -> dict[str, Any]:
        calls.append(os.getpid())
        model, config = make_model(), {"steps": 2, "batch_size": 4, "learning_rate": 1e-2}
        budget = FitConfig(**config, precision="float32", device="cpu", processes=2)
        return fit("parabola", model, error_beside_kedro, records, budget).to_dict()

    catalog = DataCatalog({"records": MemoryDataset(source, copy_mode="assign")})
    pipeline = Pipeline([node(train_parabola, "records", "log")])
    log = SequentialRunner().run(pipeline, catalog)["log"].load()
    assert calls == [os.getpid()]
    assert log["steps"] == 2
    assert [row["in_kedro"] for row in log["rows"]] == [0, 0]
    assert "kedro.runner" in sys.modules
