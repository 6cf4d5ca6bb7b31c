"""A checkpoint that is not what was written is named, and trains nothing on."""

import json
import random
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from spatial_dual.training.checkpoint import CheckpointStore, Progress
from tests.faults.profile import inputs


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    store = CheckpointStore(tmp_path)
    tensors = {"model.weight": torch.arange(60.0).view(6, 10), "optimizer.step": torch.ones(())}
    tensors["model.empty"] = torch.zeros(0, dtype=torch.int64)
    tensors["model.half"] = torch.ones(7, dtype=torch.bfloat16)
    store.save(Progress(12, "this training", tensors, [{"step": 6, "loss": 0.5}], 1, 0))
    return store


def test_flipped_bits_are_named(store: CheckpointStore) -> None:
    """All of them in the long profile."""
    whole = store.path.read_bytes()
    count = inputs(400, 8 * len(whole))
    for bit in random.Random(0).sample(range(8 * len(whole)), count):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        store.path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"checkpoint\.safetensors: damaged.*delete it"):
            store.load("this training")


def test_every_cut_is_named(store: CheckpointStore) -> None:
    whole = store.path.read_bytes()
    for length in range(0, len(whole), 7):
        store.path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"checkpoint\.safetensors: damaged.*delete it"):
            store.load("this training")


def test_what_was_written_is_read(store: CheckpointStore) -> None:
    progress = store.load("this training")
    assert progress is not None
    assert (progress.step, progress.skipped, progress.log) == (12, 1, [{"step": 6, "loss": 0.5}])
    assert torch.equal(progress.tensors["model.weight"], torch.arange(60.0).view(6, 10))
    assert progress.tensors["model.half"].dtype == torch.bfloat16


def test_one_of_before_has_no_digest_and_is_named(store: CheckpointStore) -> None:
    header = {"step": 1, "fingerprint": "this training", "log": [], "metered": 0}
    for metadata in ({"progress": json.dumps(header)}, {"sha256": "0" * 64}, None):
        save_file({"model.weight": torch.ones(2)}, store.path, metadata=metadata)
        with pytest.raises(ValueError, match="damaged checkpoint"):
            store.load("this training")


def test_a_stranger_who_states_other_fields_is_named(store: CheckpointStore) -> None:
    from spatial_dual.training.checkpoint import _digest

    with safe_open(store.path, framework="pt") as stored:
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    for header in ('"text"', "[]", "{}", '{"step": 1, "fingerprint": "x", "other": 2}', "{"):
        metadata = {"progress": header, "sha256": _digest(header, tensors)}
        save_file(tensors, store.path, metadata=metadata)
        with pytest.raises(ValueError, match="damaged checkpoint"):
            store.load("this training")
