"""The whole model: both tasks run alone, reproducibly, also after saving and loading."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from spatial_dual.datasets.folders import MANIFEST, is_whole, write_folder
from spatial_dual.datasets.images import UnreadableImageError
from spatial_dual.models.parts import SETTINGS
from spatial_dual.models.spatial_dual import SpatialDual
from spatial_dual.perception.camera import Camera
from spatial_dual.perception.record_graphs import View
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.alignment import random_slots
from spatial_dual.scene.graph import SceneGraph, SceneObject
from tests.models.whole import CAPTIONS, SIZE, make_whole

IMAGES = np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def whole() -> SpatialDual:
    return make_whole()


def test_drawing_gives_an_image_and_both_graphs(whole: SpatialDual) -> None:
    drawings = whole.draw(CAPTIONS)
    assert len(drawings) == 2
    assert drawings[0].image.shape == (SIZE, SIZE, 3)
    assert drawings[0].image.dtype == np.uint8
    assert drawings[0].initial.triplets() == [("cup", "on", "table")]
    assert whole.image_size == SIZE


def test_describing_gives_text_and_both_graphs(whole: SpatialDual) -> None:
    descriptions = whole.describe(IMAGES)
    assert len(descriptions) == 3
    assert all(isinstance(d.text, str) for d in descriptions)


def test_a_photograph_is_described_alike_from_file_bytes_and_pixels(
    whole: SpatialDual, tmp_path: Path
) -> None:
    photo = Image.fromarray(np.kron(IMAGES[0], np.ones((2, 3, 1), np.uint8)))  # wide
    photo.save(tmp_path / "photo.png")
    pictures = [tmp_path / "photo.png", (tmp_path / "photo.png").read_bytes(), photo]
    found = [whole.describe(picture, seed=3)[0] for picture in (*pictures, np.asarray(photo))]
    assert len({(item.text, item.graph.to_json()) for item in found}) == 1
    assert whole.graph(photo, seed=3) == whole.graph(tmp_path / "photo.png", seed=3)
    (tmp_path / "photo.png").write_bytes(b"")
    with pytest.raises(UnreadableImageError, match=r"photo\.png: zero bytes"):
        whole.describe([photo, tmp_path / "photo.png"])


def test_a_text_is_drawn_alike_however_it_is_written(whole: SpatialDual) -> None:
    plain = whole.draw("a cup on a table.")
    messy = whole.draw("  a\u00a0cup\x07on \U0001f600 a table .")
    assert plain.initial == messy.initial
    assert np.array_equal(plain.image, messy.image)


def test_equal_seeds_draw_equal_images_and_other_seeds_others(whole: SpatialDual) -> None:
    first, same = whole.draw(CAPTIONS, seed=1), whole.draw(CAPTIONS, seed=1)
    other = whole.draw(CAPTIONS, seed=2)
    assert np.array_equal(first[0].image, same[0].image)
    assert first[0].graph == same[0].graph
    assert not np.array_equal(first[0].image, other[0].image)


def test_a_drawing_is_chosen_among_candidates_of_its_own_text(whole: SpatialDual) -> None:
    texts = ["a red cup on a blue table", "a cup to the left of a table"]
    drawings = whole.draw(texts, steps=2, candidates=3, seed=1)
    assert [d.initial for d in drawings] == whole.initial_from_texts(texts)
    assert whole.draw(texts[0], steps=2, candidates=1).image.shape == drawings[0].image.shape
    again = whole.draw(texts, steps=2, candidates=3, seed=1)
    assert all((a.image == b.image).all() for a, b in zip(drawings, again, strict=True))


def test_what_is_kept_is_one_of_the_candidates(whole: SpatialDual) -> None:
    drawn = whole.draw_candidates(CAPTIONS, steps=2, candidates=3, seed=1)
    kept = whole.draw(CAPTIONS, steps=2, candidates=3, seed=1)
    assert [len(each.outputs) for each in drawn] == [3, 3]
    for each, drawing in zip(drawn, kept, strict=True):
        assert np.array_equal(each.outputs[each.chosen].image, drawing.image)
        assert each.single is each.outputs[0]
    described = whole.describe_candidates(IMAGES, seed=1)
    assert [each.best for each in described] == whole.describe(IMAGES, seed=1)


def test_a_result_depends_on_its_own_source_and_seed_alone(whole: SpatialDual) -> None:
    alone = whole.draw_candidates([CAPTIONS[1]], steps=2, candidates=2, seed=1)[0]
    among = whole.draw_candidates(
        [CAPTIONS[0], "a cup", CAPTIONS[1]], steps=2, candidates=2, seed=1
    )
    for first, same in zip(alone.outputs, among[2].outputs, strict=True):
        assert np.array_equal(first.image, same.image)
        assert first.graph == same.graph
    assert whole.describe(IMAGES[2], seed=1)[0] == whole.describe(IMAGES, seed=1)[2]
    assert whole.describe(IMAGES[:2], seed=1) == whole.describe(IMAGES[1::-1], seed=1)[::-1]
    texts = [CAPTIONS[1], CAPTIONS[0]]
    graphs = whole.complete(whole.initial_from_texts(texts), texts=texts, seed=1)
    assert graphs[1] == whole.graph(CAPTIONS[0], seed=1)


def test_a_text_given_again_is_drawn_anew_and_more_drawings_begin_with_fewer(
    whole: SpatialDual,
) -> None:
    three = whole.draw([CAPTIONS[0]] * 3, steps=2, candidates=2, seed=4)
    one = whole.draw(CAPTIONS[0], steps=2, candidates=2, seed=4)
    assert np.array_equal(three[0].image, one.image)
    assert len({drawing.image.tobytes() for drawing in three}) == 3


def test_damaged_weights_stop_a_drawing(tmp_path: Path) -> None:
    damaged = make_whole()
    with torch.no_grad():
        next(damaged.parts.dual.image.trunk.parameters()).fill_(torch.nan)
    with pytest.raises(FloatingPointError, match="NaN"):
        damaged.draw(CAPTIONS[0], steps=2)


def test_a_saved_model_loads_to_the_same_model(whole: SpatialDual, tmp_path: Path) -> None:
    assert not is_whole(tmp_path)
    whole.save_pretrained(tmp_path)
    assert is_whole(tmp_path)
    loaded = SpatialDual.from_pretrained(tmp_path)
    ours, theirs = whole.draw(CAPTIONS), loaded.draw(CAPTIONS)
    assert np.array_equal(ours[1].image, theirs[1].image)
    assert [d.text for d in whole.describe(IMAGES)] == [d.text for d in loaded.describe(IMAGES)]
    weights = next(tmp_path.glob("clip/*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1])
    assert not is_whole(tmp_path)


def test_completion_takes_texts_or_images_never_both(whole: SpatialDual) -> None:
    initial = whole.initial_from_texts(CAPTIONS)
    completed = whole.complete(initial, texts=CAPTIONS)
    assert len(completed) == 2
    with pytest.raises(ValueError, match="not both"):
        whole.complete(initial, texts=CAPTIONS, images=IMAGES)


def test_a_graph_of_one_source_is_the_one_of_a_batch(whole: SpatialDual) -> None:
    text, image = CAPTIONS[0], IMAGES[0]
    told, seen = whole.initial_from_texts([text]), whole.initial_from_images(image[None])
    assert whole.graph(text, completed=False) == told[0]
    assert whole.graph(image, completed=False) == seen[0]
    assert whole.graph(text, seed=3) == whole.complete(told, texts=[text], seed=3)[0]
    assert whole.graph(image, seed=3) == whole.complete(seen, images=image[None], seed=3)[0]


def test_the_path_of_a_picture_is_no_text(whole: SpatialDual, tmp_path: Path) -> None:
    Image.fromarray(IMAGES[0]).save(path := tmp_path / "photo.png")
    for ask in (whole.graph, whole.trace):
        with pytest.raises(ValueError, match=r"photo\.png: a str is a text here; .* pathlib\.Path"):
            ask(str(path))
    assert whole.graph(path, completed=False) == whole.graph(IMAGES[0], completed=False)


@pytest.mark.parametrize("guidance", [np.nan, np.inf, -1.0])
def test_guidance_that_is_none_is_refused(whole: SpatialDual, guidance: float) -> None:
    with pytest.raises(ValueError, match="guidance must be a number of at least 0"):
        whole.draw(CAPTIONS[0], guidance=guidance)


def test_graphs_that_are_given_take_slots_at_random_as_in_training(whole: SpatialDual) -> None:
    """In their own order, which may say which is nearest, a prefix of G_T would read it."""
    graphs = [
        SceneGraph(objects=(SceneObject(label="cup", distance=1 + n / 10),)) for n in range(20)
    ]
    labels = whole.chains.given(graphs).tags["labels"]
    assert (labels > 0).sum(dim=1).tolist() == [1] * 20
    slots = (labels > 0).int().argmax(dim=1).tolist()
    assert slots == [random_slots(graph, 4).index(0) for graph in graphs]
    assert len(set(slots)) == 4


@pytest.mark.parametrize("source", [CAPTIONS[0], IMAGES[0]], ids=["text", "image"])
def test_a_trace_goes_from_nothing_to_the_graph(
    whole: SpatialDual, source: str | np.ndarray
) -> None:
    traced = whole.trace(source, steps=4, seed=1)
    times = [time for time, _ in traced]
    assert times == sorted(times, reverse=True)
    assert (len(times), times[-1]) == (5, 0)
    assert traced[0][1] == SceneGraph()  # all nodes are masked
    assert traced[-1][1] == whole.graph(source, steps=4, seed=1)


def test_a_trace_is_computed_at_the_precision_of_the_graph(
    whole: SpatialDual, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where bfloat16 is native: c_Y is the same, to the bit."""
    monkeypatch.setattr("spatial_dual.devices.has_native_bfloat16", lambda device: True)
    features: list[torch.Tensor] = []
    read = whole.chains.text_feature

    def recorded(texts: Sequence[str]) -> torch.Tensor:
        features.append(read(texts))
        return features[-1]

    monkeypatch.setattr(whole.chains, "text_feature", recorded)
    traced = whole.trace(CAPTIONS[0], steps=2)
    assert traced[-1][1] == whole.graph(CAPTIONS[0], steps=2)
    assert torch.equal(*features)


def test_no_candidate_is_refused(whole: SpatialDual) -> None:
    with pytest.raises(ValueError, match="drawings must be at least 1, got 0"):
        whole.draw(CAPTIONS, candidates=0)


def test_a_missing_model_says_how_to_train_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make train"):
        SpatialDual.from_pretrained(tmp_path)


def test_perception_uses_the_camera_of_the_model(
    whole: SpatialDual, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EXIF and given cameras of a photograph override it; a saved folder keeps it."""
    whole = SpatialDual(replace(whole.parts, fov_deg=37.0))
    used: list[Camera] = []
    lifted = View.depth_graph

    def recorded(view: View, prior: SizePrior, place: str | None = None) -> SceneGraph:
        used.append(view.camera)
        return lifted(view, prior, place)

    monkeypatch.setattr(View, "depth_graph", recorded)
    several = replace(whole.parts.sampling, candidates=2)
    whole = SpatialDual(replace(whole.parts, sampling=several))
    whole.draw(CAPTIONS[0], steps=2, candidates=2)
    whole.describe(IMAGES[0], steps=2)
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm.value] = 50
    Image.fromarray(IMAGES[0]).save(tmp_path / "photo.jpg", exif=exif)
    whole.describe([tmp_path / "photo.jpg"], steps=2)
    given = Camera(80.0, source="given")
    whole.describe(tmp_path / "photo.jpg", cameras=[given], steps=2)
    # a film of 36 × 24 mm, whose diagonal is that of the square
    by_exif = np.degrees(2 * np.arctan(np.hypot(36, 24) / np.sqrt(2) / 2 / 50))
    assert [camera.source for camera in used] == ["assumed"] * 3 + ["exif", "given"]
    assert [camera.fov_deg for camera in used] == pytest.approx([37.0] * 3 + [by_exif, 80.0])
    with pytest.raises(ValueError, match="1 pictures, but 2 cameras"):
        whole.describe(IMAGES[0], cameras=[given] * 2)
    whole.save_pretrained(tmp_path / "model")
    assert SpatialDual.from_pretrained(tmp_path / "model").parts.fov_deg == 37.0


def test_a_folder_without_a_field_of_view_loads_as_before(
    whole: SpatialDual, tmp_path: Path
) -> None:
    def without(target: Path) -> None:
        whole.save_pretrained(tmp_path / "new")
        shutil.copytree(tmp_path / "new", target, dirs_exist_ok=True)
        (target / MANIFEST).unlink()
        settings = json.loads((target / SETTINGS).read_text())
        del settings["fov_deg"]
        (target / SETTINGS).write_text(json.dumps(settings))

    write_folder(tmp_path / "old", without)
    assert SpatialDual.from_pretrained(tmp_path / "old").parts.fov_deg == 55.0
