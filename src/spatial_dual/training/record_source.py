"""Training examples gathered from record shards, one caption of each record at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from spatial_dual.datasets.records import Records

Columns = Mapping[str, tuple[Records, str]]
"""Batch name → (records, column)."""


@dataclass(frozen=True)
class RecordSource:
    """A ``BatchSource`` over shards that describe the same records in the same order.

    Each example draws one of the ``captions`` of its record.

    Attributes:
        captions: captions kept of each record, C.
        whole: columns taken as they are, (records, …).
        by_caption: columns (records, C, …), read at the drawn caption.
        text_view: columns (records, 1 + C, …), read at the view of the drawn caption.
        image_view: columns (records, 1 + C, …), read at view 0, that of the VSG.

    Raises:
        ValueError: the shards differ in length.
    """

    captions: int
    whole: Columns = field(default_factory=dict)
    by_caption: Columns = field(default_factory=dict)
    text_view: Columns = field(default_factory=dict)
    image_view: Columns = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes = {repr(records): len(records) for records, _ in self._all()}
        if len(set(sizes.values())) != 1:
            raise ValueError(f"shards of the same records differ in length: {sizes}")

    def __len__(self) -> int:
        return len(self._all()[0][0])

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, Tensor]:
        """Tensors by name; pictures (batch, 3, H, W) uint8, other integers long.

        "caption" (batch,) says which caption of each record was drawn.
        """
        drawn = torch.randint(self.captions, (len(indices),), generator=generator).numpy()
        rows = np.arange(len(indices))
        arrays = {name: r.array(c, indices) for name, (r, c) in self.whole.items()}
        for columns, index in (
            (self.by_caption, drawn),
            (self.text_view, 1 + drawn),
            (self.image_view, np.zeros_like(drawn)),
        ):
            for name, (records, column) in columns.items():
                arrays[name] = records.array(column, indices)[rows, index]
        return {name: to_tensor(values) for name, values in (arrays | {"caption": drawn}).items()}

    def _all(self) -> list[tuple[Records, str]]:
        groups = (self.whole, self.by_caption, self.text_view, self.image_view)
        return [entry for group in groups for entry in group.values()]


def to_tensor(values: np.ndarray) -> Tensor:
    """Pictures (n, H, W, 3) to (n, 3, H, W) uint8, other integers to long, floats to float32."""
    if values.dtype == np.uint8 and values.ndim == 4:
        return torch.from_numpy(np.ascontiguousarray(values.transpose(0, 3, 1, 2)))
    if np.issubdtype(values.dtype, np.integer):
        return torch.from_numpy(values.astype(np.int64))
    return torch.from_numpy(values.astype(np.float32))


def prefixed(
    records: Records, prefix: str, names: tuple[str, ...], to: str
) -> dict[str, tuple[Records, str]]:
    """Columns ``<prefix>_<name>`` of records under the batch names ``<to>_<name>``."""
    return {f"{to}_{name}": (records, f"{prefix}_{name}") for name in names}
