"""Small files of every format that would unpack to much: refused, or read in little memory."""

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from spatial_dual.datasets.depth_maps import BadDepthError, read_depth
from spatial_dual.datasets.images import Crop, UnreadableImageError, open_picture, square_rgb
from spatial_dual.datasets.record_columns import RecordsError
from spatial_dual.datasets.records import Records, write_records
from spatial_dual.models.vqgan_checkpoints import load_vqgan
from spatial_dual.training.checkpoint import CheckpointStore
from tests.faults.catalog_types import TYPES
from tests.faults.child import outcomes
from tests.faults.test_model_folders import agree
from tests.faults.test_shards import SHARD, stated

MEBIBYTE = 1 << 20
SPARE = 300 * MEBIBYTE
HUGE = 60_000


def encoded(form: str, mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (16, 12), 7).save(stream, form, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*more: bytes, side: int = 8, mode: int = 2) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, mode, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes((1 + 3 * 8) * 8)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + data + chunk(b"IEND", b"")


def sized(data: bytes, before: bytes, after: bytes) -> bytes:
    """Another size in a picture's header."""
    assert data.count(before) >= 1
    return data.replace(before, after, 1)


def frames() -> bytes:
    """A GIF of which every frame is large."""
    stream = io.BytesIO()
    pictures = [Image.new("P", (3000, 3000), k) for k in range(8)]
    pictures[0].save(stream, "GIF", save_all=True, append_images=pictures[1:])
    return stream.getvalue()


ZEROS = zlib.compress(bytes(200 * MEBIBYTE))
LARGE = struct.pack("<HH", HUGE, HUGE)
PICTURES: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: png(side=HUGE),
    "PNG profile": lambda: png(chunk(b"iCCP", b"x\0\0" + ZEROS)),
    "PNG text": lambda: png(*[chunk(b"zTXt", b"x\0\0" + ZEROS)] * 9),
    "PNG data": lambda: png(chunk(b"IDAT", ZEROS)),
    "JPEG": lambda: sized(
        encoded("JPEG"), struct.pack(">HH", 12, 16), struct.pack(">HH", *[HUGE] * 2)
    ),
    "GIF": lambda: sized(encoded("GIF", "P"), struct.pack("<HH", 16, 12), LARGE),
    "GIF frames": frames,
    "BMP": lambda: sized(
        encoded("BMP"), struct.pack("<ii", 16, 12), struct.pack("<ii", HUGE, HUGE)
    ),
    "TIFF": lambda: sized(
        encoded("TIFF"), struct.pack("<HHII", 256, 4, 1, 16), struct.pack("<HHII", 256, 4, 1, 2**31)
    ),
    "WebP": lambda: sized(
        encoded("WEBP"), struct.pack("<HH", 16, 12), struct.pack("<HH", 16000, 16000)
    ),
    "PPM": lambda: sized(encoded("PPM"), b"16 12", b"60000 60000"),
    "PPM digits": lambda: b"P6\n" + b"9" * 5000 + b" 1\n255\n",
}


def read_picture(data: bytes) -> str:
    try:
        square_rgb(open_picture(data), 8)
    except UnreadableImageError:
        return "refused"
    return "read"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str) -> None:
    data = PICTURES[name]()
    assert len(data) < 3 * MEBIBYTE
    assert outcomes(read_picture, [data], SPARE)[0] in ("refused", "read")


def read_depth_map(path: Path) -> str:
    try:
        read_depth(path, 0.001, Crop(12, 16, 8))
    except BadDepthError:
        return "refused"
    return "read"


@pytest.mark.parametrize("name", PICTURES)
def test_depth_maps(tmp_path: Path, name: str) -> None:
    (tmp_path / "d.png").write_bytes(PICTURES[name]())
    assert outcomes(read_depth_map, [tmp_path / "d.png"], SPARE) == ["refused"]


def read_records(folder: Path) -> str:
    try:
        return f"read {sum(map(len, Records(folder).values('id')))}"
    except RecordsError:
        return "refused"


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_packed_shards(tmp_path: Path, codec: str) -> None:
    """Arrow unpacks buffers as it reads; ours are mapped, never packed."""
    folder = write_records(tmp_path / "r", [{"id": ["a"]}]).folder
    table = pa.table({"id": pa.array(["a" * (400 * MEBIBYTE)])})
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with (
        pa.OSFile(str(folder / SHARD), "wb") as stream,
        pa.ipc.new_file(stream, table.schema, options=options) as writer,
    ):
        writer.write_table(table)
    assert (folder / SHARD).stat().st_size < 3 * MEBIBYTE
    stated(folder)
    assert outcomes(read_records, [folder], SPARE) == ["refused"]


def header(**tensors: dict[str, object]) -> bytes:
    """A safetensors file of a header alone."""
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


WEIGHTS = {
    "length": struct.pack("<Q", 1 << 40) + b"{}",
    "shape": header(a={"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}),
    "product": header(a={"dtype": "F32", "shape": [1 << 32, 1 << 32], "data_offsets": [0, 0]}),
    "nested": struct.pack("<Q", 100_000) + b"[" * 100_000,
    "empty axes": header(a={"dtype": "F32", "shape": [0, 1 << 60], "data_offsets": [0, 0]}),
}


def load_weights(path: Path) -> str:
    try:
        CheckpointStore(path).load("x")
    except ValueError as error:
        return str(error)
    return "read"


@pytest.mark.parametrize("name", WEIGHTS)
def test_checkpoints(tmp_path: Path, name: str) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(WEIGHTS[name])
    (said,) = outcomes(load_weights, [tmp_path], SPARE)
    assert "checkpoint.safetensors: damaged" in said


def load_model(place: Path) -> str:
    try:
        TYPES["perceiver"].dataset(place).load()
    except Exception as error:
        return str(error)
    return "read"


@pytest.mark.parametrize("name", WEIGHTS)
def test_models(tmp_path: Path, name: str) -> None:
    TYPES["perceiver"].dataset(tmp_path).save(TYPES["perceiver"].value(1))
    (tmp_path / "p" / "model.safetensors").write_bytes(WEIGHTS[name])
    agree(tmp_path / "p")
    (said,) = outcomes(load_model, [tmp_path], SPARE)
    assert "p/" in said


def load_tokenizer(path: Path) -> str:
    try:
        load_vqgan(str(path))
    except (ValueError, OSError) as error:
        return str(error)
    return "read"


@pytest.mark.parametrize("name", WEIGHTS)
def test_published_tokenizers(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.safetensors").write_bytes(WEIGHTS[name])
    (said,) = outcomes(load_tokenizer, [tmp_path / "a.safetensors"], SPARE)
    assert "a.safetensors" in said
