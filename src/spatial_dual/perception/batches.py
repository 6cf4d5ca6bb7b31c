"""Records -> augmented training batches, and the names that the records speak of."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spatial_dual.datasets.records import Records
from spatial_dual.perception.network import OUTPUT_STRIDE, PerceiverConfig
from spatial_dual.perception.pixel_perceiver import to_unit_range
from spatial_dual.perception.targets import index_table, pixel_targets

GAIN = 0.08
CHANNEL_GAIN = 0.03
BLURRED_SHARE = 0.3
CHUNK = 256


def names_in_records(
    records: Records, attribute_kinds: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Sorted labels of all instances, and the words of each attribute kind that occur.

    Kinds of which no word occurs (photographs without attributes) are left out.
    """
    labels: set[str] = set()
    words: set[str] = set()
    for chunk in records.chunks(CHUNK, ("labels", "graph")):
        labels.update(label for record in chunk["labels"] for label in record)
        for graph in _attributes(chunk["graph"]):
            words.update(word for instance in graph for word in instance)
    present = {
        kind: tuple(word for word in known if word in words)
        for kind, known in attribute_kinds.items()
    }
    return tuple(sorted(labels)), {kind: known for kind, known in present.items() if known}


class PerceptionBatches:
    """Training examples of the pixel network (a ``BatchSource`` for ``training.fit``).

    Augmentation: mirror images, brightness and colour gain, and for some a 3×3 blur, so that
    pictures that went through a codec are perceived as well.
    """

    def __init__(self, records: Records, config: PerceiverConfig) -> None:
        self.records, self.config = records, config

    def __len__(self) -> int:
        return len(self.records)

    def load(self, indices: np.ndarray, generator: torch.Generator) -> dict[str, Tensor]:
        """Batch of "image" ``(batch, 3, height, width)`` in 0..1 and ``pixel_targets``."""
        columns = {
            name: torch.from_numpy(self.records.array(name, indices))
            for name in ("image", "instances", "depth")
        }
        mirrored = torch.rand(len(indices), generator=generator) < 0.5
        for column in columns.values():
            column[mirrored] = column[mirrored].flip(2)
        tables = self._tables(indices, mirrored)
        targets = pixel_targets(columns["instances"], columns["depth"], tables, OUTPUT_STRIDE)
        return {"image": self.disturb(to_unit_range(columns["image"]), generator), **targets}

    def disturb(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Images (batch, 3, height, width) in 0..1 as the network is shown them; may overwrite."""
        gain = random_gain(len(images), GAIN, CHANNEL_GAIN, generator)
        blurred = torch.rand(len(images), generator=generator) < BLURRED_SHARE
        images[blurred] = _box_blur(images[blurred])
        return (images * gain).clamp(0, 1)

    def _tables(self, indices: np.ndarray, mirrored: Tensor) -> dict[str, Tensor]:
        labels = self.records.values("labels", indices)
        tables = {"class": index_table(labels, self.config.labels)}
        if self.config.attributes:
            graphs = list(_attributes(self.records.values("graph", indices)))
            for row in mirrored.nonzero().flatten().tolist():
                graphs[row] = [[_swap_sides(word) for word in words] for words in graphs[row]]
            for kind, known in self.config.attributes.items():
                words = [[_first(known, instance) for instance in graph] for graph in graphs]
                tables[kind] = index_table(words, known)
        return {head: torch.from_numpy(table) for head, table in tables.items()}


def _attributes(graphs: Iterable[str]) -> Iterator[list[list[str]]]:
    """Attribute words of each object, per graph JSON; none for "" (unknown graph)."""
    for graph in graphs:
        objects = json.loads(graph)["objects"] if graph else []
        yield [node.get("attributes", []) for node in objects]


def _swap_sides(word: str) -> str:
    """Seen in a mirror, "facing left" is "facing right"."""
    return " ".join({"left": "right", "right": "left"}.get(part, part) for part in word.split())


def _first(known: Sequence[str], words: Sequence[str]) -> str | None:
    return next((word for word in words if word in known), None)


def random_gain(count: int, brightness: float, colour: float, generator: torch.Generator) -> Tensor:
    """Factors (count, 3, 1, 1) about 1, of these deviations for the image and each channel."""
    gain = 1 + brightness * torch.randn(count, 1, 1, 1, generator=generator)
    return gain * (1 + colour * torch.randn(count, 3, 1, 1, generator=generator))


def _box_blur(images: Tensor) -> Tensor:
    """Mean of 3×3 pixels; sums of shifted pictures, for pooling is seven times slower on a CPU."""
    x = F.pad(images, (1, 1, 1, 1), mode="replicate")
    x = x[..., :-2, :] + x[..., 1:-1, :] + x[..., 2:, :]
    return (x[..., :-2] + x[..., 1:-1] + x[..., 2:]) / 9
