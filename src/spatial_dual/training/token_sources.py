"""Batches for the tokenizers and CLIP, gathered from memory-mapped records."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from spatial_dual.models.text_tokenizer import TextTokenizer


class RecordColumns(Protocol):
    """The part of ``datasets.records.Records`` that batches read."""

    def __len__(self) -> int: ...

    def array(self, name: str, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Rows of a numeric column."""
        ...

    def values(self, name: str, indices: Sequence[int] | np.ndarray | None = None) -> list[Any]:
        """Rows of any column."""
        ...


class ImageCrops:
    """Square crops, most of them centred on a pixel of an object, half of them mirrored.

    Batches hold ``images (n, 3, size, size)`` uint8. The tokenizer is convolutional, so it learns
    from crops what it needs for whole images, at a fraction of the cost; objects carry the detail.

    Args:
        size: side of a crop; images of that size or less are taken whole.
        object_share: share of crops centred on an object, where the image has one.
    """

    def __init__(self, records: RecordColumns, size: int, object_share: float = 0.8) -> None:
        if size < 1:
            raise ValueError(f"crop size must be at least 1, got {size}")
        if not 0 <= object_share <= 1:
            raise ValueError(f"object_share must be in 0..1, got {object_share}")
        self.records, self.size, self.object_share = records, size, object_share

    def __len__(self) -> int:
        return len(self.records)

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, Tensor]:
        """Crops of the records at ``indices``."""
        images = self.records.array("image", indices)
        size = min(self.size, *images.shape[1:3])
        rows, columns = self._corners(self.records.array("instances", indices), size, generator)
        windows = sliding_window_view(images, (size, size), axis=(1, 2))
        crops = torch.from_numpy(windows[np.arange(len(images)), rows, columns])
        mirrored = torch.rand(len(crops), generator=generator) < 0.5
        return {"images": torch.where(mirrored[:, None, None, None], crops.flip(-1), crops)}

    def _corners(
        self, instances: np.ndarray, size: int, generator: torch.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        # every pixel draws a number and objects get a bonus: the largest is a fair choice
        objects = torch.rand(len(instances), generator=generator).numpy() < self.object_share
        scores = torch.rand(instances.shape, generator=generator).numpy()
        scores += (instances > 0) & objects[:, None, None]
        best = scores.reshape(len(scores), -1).argmax(axis=1)
        rows, columns = np.unravel_index(best, instances.shape[1:])
        height, width = instances.shape[1:]
        return (
            np.clip(rows - size // 2, 0, height - size),
            np.clip(columns - size // 2, 0, width - size),
        )


class CaptionedImages:
    """Whole images with one of their captions each, drawn anew every epoch.

    Captions are drawn in proportion to their length: short ones fit too many images to teach which
    one is meant. A record without captions has the empty one.

    Batches hold ``images (n, 3, H, W)`` uint8 and ``ids (n, longest)``: no wider than the longest
    caption at hand, which changes no feature (the text tower is causal and pools at eos).
    """

    def __init__(self, records: RecordColumns, tokenizer: TextTokenizer, length: int) -> None:
        self.records, self.tokenizer, self.length = records, tokenizer, length

    def __len__(self) -> int:
        return len(self.records)

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, Tensor]:
        """Images and captions of the records at ``indices``."""
        images = self.records.array("image", indices)
        draws = torch.rand(len(indices), generator=generator).tolist()
        captions = self.records.values("captions", indices)
        chosen = [_draw_caption(texts, u) for texts, u in zip(captions, draws, strict=True)]
        ids = self.tokenizer.encode_batch(chosen, self.length)
        longest = int((ids != 0).sum(axis=1).max())
        return {
            "images": torch.from_numpy(images).permute(0, 3, 1, 2),
            "ids": torch.from_numpy(ids[:, :longest].astype(np.int64)),
        }


def _draw_caption(texts: Sequence[str], share: float) -> str:
    """The caption at ``share`` (0..1) of all characters."""
    ends = np.cumsum([len(text) for text in texts])
    return texts[int(np.searchsorted(ends, share * ends[-1], side="right"))] if len(texts) else ""
