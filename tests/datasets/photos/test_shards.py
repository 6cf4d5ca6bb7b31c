import io
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DataCatalog, DatasetError
from PIL import Image

from spatial_dual.datasets.photos.catalog import PhotosDataset
from spatial_dual.datasets.photos.rle import decode_rle
from spatial_dual.datasets.quarantine import Quarantine, TooMuchLeftOutError

HEIGHT, WIDTH = 40, 80  # the central square is columns 20 … 59
OPTIONS = {"image_size": 20, "val_share": 0.0, "test_share": 0.0}


def encode(pixels, kind):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def encode_rle(mask):
    """Reference coder of COCO's text, from the description of the format."""
    flat = np.asarray(mask).T.reshape(-1)
    borders = np.flatnonzero(np.diff(np.concatenate([[False], flat, [not flat[-1]]])))
    runs = np.diff(np.concatenate([[0], borders])).tolist()
    text = ""
    for place, run in enumerate(runs):
        rest = run - runs[place - 2] if place > 2 else run
        more = True
        while more:
            symbol, rest = rest & 31, rest >> 5
            more = rest != (-1 if symbol & 16 else 0)
            text += chr((symbol | 32 if more else symbol) + 48)
    return {"size": list(mask.shape), "counts": text}


def make_row(name="a", **changed):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, 20:40, 0] = 255  # the left half of the crop is red
    image[:, 40:60, 1] = 255
    depth = np.ones((HEIGHT, WIDTH), np.uint8)
    depth[:, 40:60] = 255
    depth[20:] = 0
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[10:30, 40:50] = True
    instances = [
        {"label": "cup", "score": 1, "box": [0.5, 0.25, 0.625, 0.75], "mask_rle": encode_rle(mask)},
        {"label": "table", "score": 1, "box": [0.25, 0.0, 0.75, 1.0], "mask_rle": None},
        {"label": "lamp", "score": 1, "box": [0.0, 0.0, 0.26, 1.0], "mask_rle": None},
    ]
    row = {
        "id": name,
        "image": encode(image, "PNG"),
        "height": HEIGHT,
        "width": WIDTH,
        "depth": encode(depth, "PNG"),
        "depth_min_m": 0.5,
        "depth_max_m": 10.0,
        "instances": json.dumps(instances),
        "captions": ["A cup on a table ."],
    }
    return {**row, **changed}


def one_instance(label, box, mask=None):
    return {"instances": json.dumps([{"label": label, "box": box, "mask_rle": mask}])}


def write(folder, rows, name="part-0.parquet", drop=()):
    table = pa.Table.from_pylist(rows).drop_columns(list(drop))
    pq.write_table(table, folder / name)


def read(folder, split="train", share=0.0, **options):
    """Chunks, and the quarantine."""
    source = PhotosDataset(str(folder), **{**OPTIONS, **options}).load()
    quarantine = Quarantine(split, source.splits()[split], share)
    return list(quarantine.kept(source.chunks(split, 4))), quarantine


@pytest.mark.parametrize("seed", range(5))
def test_run_length_decoder_inverts_the_coder(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.random((rng.integers(1, 9), rng.integers(1, 9))) < 0.5
    mask = np.kron(coarse, np.ones((rng.integers(1, 40), rng.integers(1, 40)), bool))
    np.testing.assert_array_equal(decode_rle(encode_rle(mask), *mask.shape), mask)


def test_image_depth_masks_and_boxes_share_the_crop(tmp_path):
    write(tmp_path, [make_row()])
    [chunk], _ = read(tmp_path)
    image, depth, instances = chunk["image"][0], chunk["depth"][0], chunk["instances"][0]
    assert image.dtype == np.uint8
    assert (image[:, 3:6] == [255, 0, 0]).all()
    assert (image[:, 14:17] == [0, 255, 0]).all()
    assert depth.dtype == np.float16
    np.testing.assert_allclose(depth[:10, :10], 0.5, rtol=1e-3)
    np.testing.assert_allclose(depth[:10, 10:], 10.0, rtol=1e-3)
    assert (depth[10:] == 0).all()
    assert chunk["labels"] == [["table", "cup"]]  # the lamp is all but cut off; largest first
    expected = np.ones((20, 20), np.uint8)
    expected[5:15, 10:15] = 2
    np.testing.assert_array_equal(instances, expected)
    assert chunk["captions"] == [["A cup on a table."]]
    assert json.loads(chunk["camera"][0])["source"] == "assumed"


def test_small_things_stay_visible_and_the_largest_are_kept(tmp_path):
    boxes = [[0.4, 0.4, 0.401, 0.401], [0.3, 0.1, 0.7, 0.9], [0.35, 0.2, 0.6, 0.8]]
    labels = ["fly", "sofa", "cushion"]
    instances = [
        {"label": label, "box": box, "mask_rle": None}
        for label, box in zip(labels, boxes, strict=True)
    ]
    write(tmp_path, [make_row(instances=json.dumps(instances))])
    [chunk], _ = read(tmp_path)
    assert chunk["labels"] == [["sofa", "cushion", "fly"]]
    assert set(np.unique(chunk["instances"])) == {0, 1, 2, 3}
    [chunk], _ = read(tmp_path, max_objects=2)
    assert chunk["labels"] == [["sofa", "cushion"]]


def test_levels_with_a_unit_are_measured_depth(tmp_path):
    levels = np.tile(np.linspace(1000, 3000, WIDTH).astype(np.uint16), (HEIGHT, 1))
    write(tmp_path, [make_row() | {"depth": encode(levels, "PNG"), "depth_unit_m": 0.001}])
    ((chunk,), _) = read(tmp_path)
    np.testing.assert_allclose(chunk["depth"][0].min(), 1.5, atol=0.05)
    np.testing.assert_allclose(chunk["depth"][0].max(), 2.5, atol=0.05)
    codes = {"depth": encode(levels, "PNG"), "depth_unit_m": None}
    write(tmp_path, [make_row(), make_row("bad") | codes])
    _, quarantine = read(tmp_path, share=0.5)
    assert "state depth_unit_m" in quarantine.findings[0].reason


def test_constant_depth_is_a_reason(tmp_path):
    constant = {"depth": encode(np.full((HEIGHT, WIDTH), 9, np.uint8), "PNG")}
    write(tmp_path, [make_row(), make_row("bad") | constant])
    _, quarantine = read(tmp_path, share=0.5)
    assert "the same depth everywhere" in quarantine.findings[0].reason


def test_levels_that_no_unit_fits_are_a_reason(tmp_path):
    levels = np.linspace(1e-9, 3e-9, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
    bad = {"depth": encode(levels, "TIFF"), "depth_unit_m": 1.0}
    write(tmp_path, [make_row() | {"depth_unit_m": None}, make_row("bad") | bad])
    _, quarantine = read(tmp_path, share=0.5)
    assert "no usual unit makes it a distance" in quarantine.findings[0].reason


def test_depth_and_instances_may_be_absent(tmp_path):
    write(tmp_path, [make_row()], drop=("depth", "depth_min_m", "depth_max_m", "instances"))
    [chunk], quarantine = read(tmp_path)
    assert not chunk["depth"].any()
    assert not chunk["instances"].any()
    assert chunk["labels"] == [[]]
    assert not quarantine.findings


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"image": b""}, "image: zero bytes"),
        ({"image": b"not a picture"}, "image: not a readable picture"),
        ({"image": make_row()["image"][:100]}, "image: cannot be decoded"),
        ({"depth": encode(np.ones((5, 5), np.uint8), "PNG")}, "depth: depth is 5×5"),
        ({"depth_min_m": 0.0}, "depth: range"),
        ({"instances": "{"}, "instances: not JSON"),
        ({"instances": "{}"}, "instances: not a JSON list"),
        ({"instances": '["cup"]'}, "instances: instance 0: not an object"),
        (one_instance("cup", [0, 0, math.nan, 1]), "instances: instance 0: box"),
        (one_instance("cup", [0, 0, 1]), "instances: instance 0: box [0, 0, 1] is not four"),
        (one_instance("cup", [10, 5, 60, 30]), "instances: instance 0: box [10, 5, 60, 30] is not"),
        (one_instance("cup", [0.9, 0.9, 0.1, 0.1]), "instances: instance 0: box"),
        (
            one_instance("cup", [0, 0, 1, 1], {"size": [40, 80], "counts": [3200]}),
            "instances: mask",
        ),
        (one_instance(3, [0, 0, 1, 1]), "instances: instance 0: label 3 is no word"),
        (one_instance(" ", [0, 0, 1, 1]), "instances: instance 0: label ' ' is no word"),
        ({"captions": []}, "captions: none is usable: there are none"),
        ({"captions": ["", "🙂 \u0007", "word " * 10_000]}, "captions: none is usable: caption 0"),
        ({"id": ""}, "no id"),
        ({"id": None}, "no id"),
        ({"id": "good"}, "this id stands in an earlier row too"),
    ],
)
def test_bad_rows_are_left_out_with_a_reason(tmp_path, caplog, change, reason):
    write(tmp_path, [make_row("good"), make_row("bad") | change, make_row("fine")])
    chunks, quarantine = read(tmp_path, share=0.5)
    assert [name for chunk in chunks for name in chunk["id"]] == ["good", "fine"]
    [finding] = quarantine.findings
    assert finding.left_out == "record"
    assert finding.reason.startswith(reason)
    assert finding.file == str(tmp_path / "part-0.parquet")
    assert str(finding) in caplog.text


def test_a_bad_caption_beside_good_ones_is_left_out_alone(tmp_path):
    write(tmp_path, [make_row(captions=["A cup .", "🙂", "חתול על שולחן", None])])
    [chunk], quarantine = read(tmp_path)
    assert chunk["captions"] == [["A cup.", "חתול על שולחן"]]
    reasons = [(finding.left_out, finding.reason) for finding in quarantine.findings]
    assert reasons == [("caption", f"caption {n}: no word in it") for n in (1, 3)]


def test_too_many_bad_rows_fail_with_the_list(tmp_path):
    rows = [make_row("good"), make_row("bad", image=b""), make_row("worse", image=b"x")]
    write(tmp_path, rows)
    listed = r"2 of the 3 records(.|\n)*bad: image: zero bytes(.|\n)*worse: image: not a readable"
    with pytest.raises(TooMuchLeftOutError, match=listed):
        read(tmp_path, share=0.4)
    assert len(read(tmp_path, share=0.7)[1].findings) == 2


def test_images_as_structs_numbers_as_ids_and_single_captions_are_read(tmp_path):
    row = make_row(7, captions="a cup")
    write(tmp_path, [row | {"image": {"bytes": row["image"], "path": "7.png"}}])
    [chunk], _ = read(tmp_path)
    assert chunk["id"] == ["7"]
    assert chunk["captions"] == [["a cup"]]


def test_splits_depend_on_the_id_alone_and_cover_every_row(tmp_path):
    rows = [make_row(f"photo-{number}") for number in range(60)]
    shares = {"val_share": 0.2, "test_share": 0.3}
    found = []
    for name, shuffled in (("a", rows), ("b", rows[::-1])):
        (tmp_path / name).mkdir()
        write(tmp_path / name, shuffled[:25], "part-0.parquet")
        write(tmp_path / name, shuffled[25:], "part-1.parquet")
        ids = {}
        for split in ("train", "val", "test"):
            chunks, _ = read(tmp_path / name, split, **shares)
            ids[split] = {name for chunk in chunks for name in chunk["id"]}
            assert [len(chunk["id"]) for chunk in chunks[:-1]] == [4] * (len(chunks) - 1)
        counts = PhotosDataset(str(tmp_path / name), **{**OPTIONS, **shares}).load().splits()
        assert {split: len(names) for split, names in ids.items()} == counts
        found.append(ids)
    assert found[0] == found[1]
    assert set.union(*found[0].values()) == {row["id"] for row in rows}
    assert all(count >= 5 for count in counts.values())


def test_missing_paths_and_columns_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"--params=photos\.path=FOLDER"):
        PhotosDataset(None).load()
    with pytest.raises(DatasetError, match=r"no \*.parquet file and no picture there"):
        PhotosDataset(str(tmp_path)).load()
    write(tmp_path, [make_row()], drop=("captions",))
    with pytest.raises(DatasetError, match=r"part-0.parquet: no column captions"):
        PhotosDataset(str(tmp_path)).load()
    write(tmp_path, [make_row() | {"image": "picture.png"}])
    with pytest.raises(DatasetError, match=r"part-0.parquet: column image is string, not encoded"):
        PhotosDataset(str(tmp_path)).load()
    write(tmp_path, [make_row() | {"depth_min_m": "near"}])
    with pytest.raises(DatasetError, match=r"column depth_min_m is string, not numbers"):
        PhotosDataset(str(tmp_path)).load()
    (tmp_path / "part-0.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(DatasetError, match=r"part-0.parquet: not a Parquet file"):
        PhotosDataset(str(tmp_path)).load()


def test_a_file_whose_rows_are_damaged_is_named(tmp_path):
    write(tmp_path, [make_row(f"photo-{number}") for number in range(50)])
    file = tmp_path / "part-0.parquet"
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)  # the pages of the ids; the footer stays
    file.write_bytes(content)
    source = PhotosDataset(str(tmp_path)).load()
    with pytest.raises(DatasetError, match=r"part-0.parquet: cannot be read to its end"):
        source.splits()


def test_environment_photos_takes_the_path_from_the_command_line(tmp_path):
    from kedro.config import OmegaConfigLoader

    conf = Path(__file__).parents[3] / "conf"
    write(tmp_path, [make_row()])
    for given in ({}, {"photos": {"path": str(tmp_path)}}):
        loader = OmegaConfigLoader(
            str(conf), base_env="base", default_run_env="photos", runtime_params=given
        )
        entry = loader["catalog"]["scene_source"]
        catalog = DataCatalog.from_config({"scene_source": entry})
        if given:
            assert sum(catalog.load("scene_source").splits().values()) == 1
        else:
            with pytest.raises(DatasetError, match=r"photos\.path=FOLDER"):
                catalog.load("scene_source")


@pytest.mark.parametrize("name", ["coco_rgbd", "flickr8k_rgbd"])
def test_real_photographs(shared_data, name):
    source = PhotosDataset(str(shared_data / name)).load()
    chunk = next(source.chunks("test", 16))
    assert chunk["image"].shape == (16, 128, 128, 3)
    counts = chunk["instances"].reshape(16, -1).max(axis=1)
    assert (counts <= [len(labels) for labels in chunk["labels"]]).all()
    known = chunk["depth"][chunk["depth"] > 0]
    assert known.size > 0.9 * chunk["depth"].size
    assert 0.49 <= known.min() <= known.max() <= 10.01
