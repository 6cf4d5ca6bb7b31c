"""Monocular metric depth by published models: transformers checkpoints and ONNX files."""

import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from spatial_dual.perception.hub.checkpoints import (
    half_precision,
    image_processor,
    pretrained_model,
)

FARTHEST = 200.0
"""Metres; what a model puts beyond is sky or a mistake, and becomes unknown."""
ZOEDEPTH_PADDING = 3.0
"""ZoeDepth's processor pads each side by this times √(length / 2) pixels."""


class DepthModel(Protocol):
    """Anything that estimates metric depth from pictures."""

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Metres along the optical axis (n, h, w), 0 = unknown, of RGB images (n, h, w, 3)."""
        ...


def load_depth_model(
    name: str,
    device: torch.device,
    inverse: tuple[float, float] | None = None,
    batch_size: int = 8,
) -> DepthModel:
    """An ONNX file by its suffix, or a transformers checkpoint; errors as in their classes."""
    if Path(name).suffix.lower() == ".onnx":
        return OnnxDepth(name)
    return TransformersDepth(name, device, inverse, batch_size)


class TransformersDepth:
    """Any ``AutoModelForDepthEstimation`` with metric output, or with a calibration of its inverse.

    Args:
        name: hub name or local folder.
        device: where it runs.
        inverse: (scale, shift) with 1 / metres = scale · output + shift, for relative models.
        batch_size: images at a time.

    Raises:
        ValueError: it cannot be loaded, or its output is relative and ``inverse`` is not given.
    """

    def __init__(
        self,
        name: str,
        device: torch.device,
        inverse: tuple[float, float] | None = None,
        batch_size: int = 8,
    ) -> None:
        from transformers import AutoModelForDepthEstimation

        what = "the depth model"
        self.model = pretrained_model(AutoModelForDepthEstimation, name, what)
        self.processor = image_processor(name, what)
        self.model.to(device).eval()
        self._device, self._inverse, self._batch_size = device, inverse, batch_size
        self._padded = self.model.config.model_type == "zoedepth" and self.processor.do_pad
        if inverse is None and not _is_metric(self.model.config):
            raise ValueError(
                f"the depth model {name!r} gives relative depth, no metres; name a metric "
                "checkpoint, or state perception.hub.inverse_depth: [scale, shift]"
            )

    @torch.inference_mode()
    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As ``DepthModel.estimate``."""
        size = (images.shape[1], images.shape[2])
        parts = [np.zeros((0, *size), np.float32)]
        for start in range(0, len(images), self._batch_size):
            batch = list(images[start : start + self._batch_size])
            inputs = self.processor(images=batch, return_tensors="pt").to(self._device)
            with half_precision(self._device):
                output = self.model(**inputs).predicted_depth
            depth = self._metres(output.float().reshape(len(batch), *output.shape[-2:]))
            if self._padded:
                depth = without_padding(depth, size)
            parts.append(resize_depth(depth, size).cpu().numpy())
        return np.concatenate(parts)

    def _metres(self, output: Tensor) -> Tensor:
        if self._inverse is None:
            return output
        scale, shift = self._inverse
        nearness = scale * output + shift
        return torch.where(nearness > 0, 1 / nearness, 0.0)


class OnnxDepth:
    """A depth network in an ONNX file: RGB in 0..1, (batch, 3, height, width) → metres.

    Args:
        path: the file.

    Raises:
        ValueError: no such file, not a network from one picture to one map, or onnxruntime is
            not installed.
    """

    def __init__(self, path: str) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise ValueError(
                f"the depth model {path} needs onnxruntime: pip install 'spatial-dual[onnx]'"
            ) from error
        onnxruntime.set_default_logger_severity(3)  # exporters leave unused weights in the file
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=onnxruntime.get_available_providers()
            )
        except Exception as error:  # onnxruntime's own errors have no common base class
            raise ValueError(f"{path}: not a depth network in ONNX: {error}") from error
        pictures = self._session.get_inputs()
        shape = pictures[0].shape
        if len(pictures) != 1 or len(shape) != 4 or shape[1] != 3:
            found = {each.name: each.shape for each in pictures}
            raise ValueError(
                f"{path}: expected one input (batch, 3, height, width), it has {found}"
            )
        self._name, self._fixed = pictures[0].name, shape

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As ``DepthModel.estimate``; pictures are stretched to the network's own size."""
        size = (images.shape[1], images.shape[2])
        wanted = tuple(
            own if isinstance(own, int) else given
            for own, given in zip(self._fixed[2:], size, strict=True)
        )
        pixels = torch.tensor(images).permute(0, 3, 1, 2).float() / 255
        pixels = F.interpolate(pixels, wanted, mode="bilinear", antialias=True)
        step = self._fixed[0] if isinstance(self._fixed[0], int) else len(images)
        parts = [np.zeros((0, *size), np.float32)]
        for batch in pixels.split(max(step, 1)):
            missing = max(step - len(batch), 0)
            full = F.pad(batch, (0, 0, 0, 0, 0, 0, 0, missing)).numpy()
            (output,) = self._session.run(None, {self._name: full})[:1]
            depth = torch.from_numpy(output).reshape(-1, *output.shape[-2:])[: len(batch)]
            parts.append(resize_depth(depth, size).numpy())
        return np.concatenate(parts)


def resize_depth(depth: Tensor, size: tuple[int, int]) -> Tensor:
    """Depth (n, h, w) at another size: means of log-depth that leave out what is unknown.

    Where less than half of what a pixel is made of is known, it is unknown: 0.
    """
    known = torch.isfinite(depth) & (depth > 0) & (depth < FARTHEST)
    logs = torch.where(known, depth, 1.0).log()
    stacked = torch.stack([logs * known, known.float()], dim=1)
    mean, share = F.interpolate(stacked, size, mode="bilinear", antialias=True).unbind(1)
    return torch.where(share >= 0.5, (mean / share.clamp(min=1e-6)).exp(), 0.0)


def without_padding(depth: Tensor, size: tuple[int, int]) -> Tensor:
    """The part of ZoeDepth's maps (n, h, w) that shows the picture of this size.

    Its processor mirrors the picture by p = ⌊3 √(length / 2)⌋ pixels on each side; transformers
    cuts that off again with torchvision only.
    """
    pads = [int(math.sqrt(length / 2) * ZOEDEPTH_PADDING) for length in size]
    whole = [length + 2 * pad for length, pad in zip(size, pads, strict=True)]
    padded = resize_depth(depth, (whole[0], whole[1]))
    return padded[:, pads[0] : pads[0] + size[0], pads[1] : pads[1] + size[1]]


def _is_metric(config: Any) -> bool:
    """Whether a configuration promises metres.

    DPT's says nothing: those on DINOv2 are trained on NYUv2 and KITTI in metres, all others are
    MiDaS, relative. A checkpoint of one's own can say ``depth_estimation_type: metric``.
    """
    stated = getattr(config, "depth_estimation_type", None)
    if stated is None and config.model_type == "dpt":
        return getattr(config.backbone_config, "model_type", None) == "dinov2"
    return stated in (None, "metric")
