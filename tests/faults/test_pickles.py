"""Pickles that would leave a trace: no reader of files of strangers runs them."""

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from spatial_dual.datasets.depth_maps import read_depth
from spatial_dual.datasets.images import Crop
from spatial_dual.datasets.photos.catalog import PhotosDataset
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.metrics.clip_score import PretrainedClip
from spatial_dual.models.published_clip import load_clip
from spatial_dual.models.spatial_dual import SpatialDual
from spatial_dual.models.vqgan_checkpoints import load_vqgan
from spatial_dual.parsing.default import SHIPPED
from spatial_dual.parsing.stanza_parser import StanzaParser
from spatial_dual.perception.hub.depth import TransformersDepth
from spatial_dual.perception.hub.instances import load_instance_model
from spatial_dual.perception.stored import load_perceiver
from spatial_dual.training.checkpoint import CheckpointStore
from tests.faults.catalog_types import TYPES
from tests.faults.records import PICTURE
from tests.faults.test_model_folders import agree
from tests.faults.test_shards import stated
from tests.models import published_folders
from tests.perception.hub.checkpoints import depth_anything, mask2former


class Trace:
    """Makes a folder when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.mkdir, (str(self._place),)


def saved(value: object, **options: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


FORMS: dict[str, Callable[[Trace], bytes]] = {
    "pickle": pickle.dumps,
    "torch": lambda trace: saved({"state_dict": {"a": torch.ones(1)}, "model": trace}),
    "old torch": lambda trace: saved(trace, _use_new_zipfile_serialization=False),
    "numpy": lambda trace: npy(trace),
}


def npy(trace: Trace) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([trace], object), allow_pickle=True)
    return stream.getvalue()


def checkpoint(place: Path, data: bytes) -> None:
    store = CheckpointStore(place)
    store.path.write_bytes(data)
    store.load("this training")


def whole_model(place: Path, data: bytes) -> None:
    TYPES["whole model"].dataset(place).save(TYPES["whole model"].value(1))
    (folder,) = place.iterdir()
    for weights in folder.rglob("*.safetensors"):
        weights.write_bytes(data)
    agree(folder)
    SpatialDual.from_pretrained(folder)


def perceiver(place: Path, data: bytes) -> None:
    TYPES["perceiver"].dataset(place).save(TYPES["perceiver"].value(1))
    (folder,) = place.iterdir()
    (folder / "model.safetensors").write_bytes(data)
    agree(folder)
    load_perceiver(folder)


def published(make: Callable[[Path], Path], read: Callable[[str], object]) -> Callable:
    """The weights of a published checkpoint, under the names of pickles and of safetensors."""

    def load(place: Path, data: bytes) -> None:
        folder = make(place / "made")
        for weights in folder.glob("*.safetensors"):
            weights.unlink()
        for name in ("pytorch_model.bin", "pytorch_model.pt", "model.safetensors"):
            (folder / name).write_bytes(data)
            with pytest.raises((ValueError, OSError, RuntimeError), match=r"."):
                read(str(folder))
        raise ValueError("refused each time")

    return load


def stanza(place: Path, data: bytes) -> None:
    (place / "resources.json").write_text((SHIPPED / "resources.json").read_text())
    for model in SHIPPED.rglob("*.pt"):
        path = place / model.relative_to(SHIPPED)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    StanzaParser(place, "caption").parse(["a cup on a table"])


def shards(place: Path, data: bytes) -> None:
    folder = write_records(place / "r", [{"id": ["a"], "n": np.ones(1)}]).folder
    (folder / "shard-00000.arrow").write_bytes(data)
    stated(folder)
    Records(folder).values("id")


def parquet(place: Path, data: bytes) -> None:
    (place / "a.parquet").write_bytes(data)
    list(PhotosDataset(str(place)).load().chunks("train", 4))


def vqgan(place: Path, data: bytes) -> None:
    (place / "a.ckpt").write_bytes(data)
    load_vqgan(str(place / "a.ckpt"))


def depth(place: Path, data: bytes) -> None:
    (place / "d.npy").write_bytes(data)
    read_depth(place / "d.npy", 0.001, Crop(8, 8, 8))


CPU = torch.device("cpu")
DOORS: dict[str, Callable[[Path, bytes], None]] = {
    "checkpoint": checkpoint,
    "whole model": whole_model,
    "perceiver": perceiver,
    "Stanza folder": stanza,
    "shards": shards,
    "Parquet": parquet,
    "VQGAN": vqgan,
    "depth": depth,
    "depth model": published(depth_anything, lambda name: TransformersDepth(name, CPU)),
    "instance model": published(mask2former, lambda name: load_instance_model(name, CPU)),
    "CLIP": published(published_folders.clip, lambda name: load_clip(name, "the CLIP")),
    "CLIPScore": published(published_folders.clip, PretrainedClip),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", DOORS)
def test_no_pickle_is_run(tmp_path: Path, door: str, form: str) -> None:
    trace, place = tmp_path / "trace", tmp_path / "place"
    place.mkdir()
    data = FORMS[form](Trace(trace))
    with pytest.raises(Exception, match=r"."):
        DOORS[door](place, data)
    assert not trace.exists()


def test_the_trace_is_left_where_a_pickle_is_run(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Trace(tmp_path / "trace")))
    assert (tmp_path / "trace").exists()
    torch.load(io.BytesIO(FORMS["torch"](Trace(tmp_path / "other"))), weights_only=False)
    assert (tmp_path / "other").exists()


def test_types_of_columns_that_name_a_pickle_are_not_unpickled(tmp_path: Path) -> None:
    """Arrow once unpickled the type of a column of any file."""
    kind = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(Trace(tmp_path / "trace")),
    }
    fields = [
        pa.field("id", pa.string(), metadata=kind),
        pa.field("image", pa.binary()),
        pa.field("captions", pa.list_(pa.string())),
    ]
    table = pa.table([["a"], [PICTURE], [["a cup"]]], schema=pa.schema(fields))
    pq.write_table(table, tmp_path / "a.parquet")
    source = PhotosDataset(str(tmp_path), image_size=8, val_share=0, test_share=0).load()
    list(source.chunks("train", 4))
    folder = write_records(tmp_path / "r", [{"id": ["a"]}]).folder
    with pa.OSFile(str(folder / "shard-00000.arrow"), "wb") as stream:
        table = table.select(["id"])
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)
    stated(folder)
    assert Records(folder).values("id") == ["a"]
    assert not (tmp_path / "trace").exists()


def test_code_beside_a_drawer_is_not_run(tmp_path: Path) -> None:
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    from spatial_dual.models.pretrained_drawer import PretrainedDrawer

    code = f"open({str(tmp_path / 'trace')!r}, 'w').close()\nclass Theirs:\n    pass\n"
    for name in ("pipeline.py", "theirs.py", "unet/theirs.py"):
        (tmp_path / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / name).write_text(code)
    for kind in (["theirs", "Theirs"], "StableDiffusionPipeline"):
        index = {"_class_name": kind, "unet": ["theirs", "Theirs"], "vae": ["pipeline", "Theirs"]}
        (tmp_path / "model" / "model_index.json").write_text(json.dumps(index))
        with pytest.raises(Exception, match=r"."):
            PretrainedDrawer(str(tmp_path / "model"))
    assert not (tmp_path / "trace").exists()
