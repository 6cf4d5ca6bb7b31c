"""Depth models: real classes with random weights, and the real ONNX network."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForDepthEstimation

from spatial_dual.perception.hub.depth import load_depth_model, resize_depth, without_padding

CPU = torch.device("cpu")
CASES = {
    "depth_anything": {},
    "dpt": {"depth_estimation_type": "metric"},
    "zoedepth": {},
}


@pytest.mark.parametrize("name", CASES)
def test_batches_give_what_single_images_give(checkpoint, images, name):
    model = load_depth_model(checkpoint(name, **CASES[name]), CPU, batch_size=2)
    depth = model.estimate(images)
    assert depth.shape == images.shape[:3]
    assert depth.dtype == np.float32
    assert np.isfinite(depth).all()
    assert (depth > 0).mean() > 0.3
    single = np.concatenate([model.estimate(image[None]) for image in images])
    np.testing.assert_allclose(depth, single, rtol=0.02, atol=0.02)
    assert model.estimate(images[:0]).shape == (0, 48, 64)


def test_depth_is_what_the_library_makes_of_it(checkpoint, images):
    folder = checkpoint("depth_anything")
    ours = load_depth_model(folder, CPU).estimate(images)
    model = AutoModelForDepthEstimation.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.inference_mode():
        outputs = model(**processor(images=list(images), return_tensors="pt"))
    theirs = processor.post_process_depth_estimation(outputs, target_sizes=[(48, 64)] * 3)
    for mine, other in zip(ours, theirs, strict=True):
        other = other["predicted_depth"].numpy()
        assert np.corrcoef(mine.ravel(), other.ravel())[0, 1] > 0.95


def test_relative_depth_is_refused_unless_calibrated(checkpoint, images):
    for folder in (checkpoint("depth_anything", "relative"), checkpoint("dpt")):
        with pytest.raises(ValueError, match="gives relative depth, no metres"):
            load_depth_model(folder, CPU)
    raw = load_depth_model(checkpoint("dpt", depth_estimation_type="metric"), CPU)
    # the same weights, seen as nearness: 1 / (0.5 x + 1)
    folder = checkpoint("dpt")
    near = load_depth_model(folder, CPU, inverse=(0.0, 0.25)).estimate(images)
    np.testing.assert_allclose(near, 4.0, rtol=1e-5)
    assert not np.allclose(raw.estimate(images), 4.0)


def test_missing_checkpoint_says_what_to_do(tmp_path):
    with pytest.raises(
        ValueError, match=r"nowhere.*cannot be loaded: there is no such folder; .*save_pretrained"
    ):
        load_depth_model(str(tmp_path / "nowhere"), CPU)


def test_resizing_keeps_constants_and_leaves_out_the_unknown():
    depth = torch.full((1, 8, 8), 3.0)
    depth[0, :, :4] = 0
    depth[0, 0, 7] = torch.nan
    depth[0, 7, 7] = torch.inf
    larger = resize_depth(depth, (32, 32))
    assert set(np.unique(larger.numpy().round(4))) == {0.0, 3.0}
    assert (larger[0, 8:24, 20:28] == larger[0, 10, 24]).all()
    assert (larger[0, :, :14] == 0).all()
    assert torch.equal(resize_depth(depth, (32, 32))[0, :, :14], torch.zeros(32, 14))


def test_padding_is_cut_off_where_it_was_added():
    height, width = 48, 64
    pads = [int(3 * math.sqrt(length / 2)) for length in (height, width)]
    column = torch.arange(-pads[1], width + pads[1]) + 100.0
    whole = column.expand(height + 2 * pads[0], -1)
    small = F.interpolate(whole[None, None], scale_factor=0.5, mode="bilinear")[:, 0]
    cut = without_padding(small, (height, width))[0]
    assert cut.shape == (height, width)
    np.testing.assert_allclose(cut[10], np.arange(width) + 100.0, atol=0.1)


def test_onnx_network_on_a_photo(shared_data):
    pytest.importorskip("onnxruntime")
    model = load_depth_model(str(shared_data / "weights" / "fastdepth.onnx"), CPU)
    with Image.open(shared_data / "rgbd" / "redwood" / "00000.jpg") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    with Image.open(shared_data / "rgbd" / "redwood" / "00000.png") as measured:
        metres = np.asarray(measured, dtype=np.float64) / 1000
    depth = model.estimate(np.stack([pixels, pixels[:, ::-1]]))
    known = (metres > 0) & (depth[0] > 0)
    assert known.mean() > 0.5
    assert np.median(np.abs(np.log(depth[0][known] / metres[known]))) < 0.4
    assert np.corrcoef(np.log(depth[0][known]), np.log(metres[known]))[0, 1] > 0.6
    np.testing.assert_array_equal(model.estimate(pixels[None])[0], depth[0])


def test_onnx_of_nonsense_is_refused(tmp_path):
    pytest.importorskip("onnxruntime")
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(ValueError, match=r"broken\.onnx: not a depth network in ONNX"):
        load_depth_model(str(path), CPU)
