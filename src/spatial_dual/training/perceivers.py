"""Training of a pixel network that perceives, for the model and for its judge."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spatial_dual.datasets.records import Records
from spatial_dual.perception.batches import PerceptionBatches, names_in_records
from spatial_dual.perception.losses import perception_loss
from spatial_dual.perception.network import PerceiverConfig
from spatial_dual.perception.pixel_perceiver import PixelPerceiver
from spatial_dual.seeding import seeded_torch
from spatial_dual.training.checkpoint import CheckpointStore
from spatial_dual.training.config import FitConfig
from spatial_dual.training.fit import TrainingLog, fit


def train_pixel_perceiver(
    name: str,
    scenes: Records,
    kinds: Mapping[str, Sequence[str]],
    sizes: Mapping[str, Any],
    batches: Callable[[Records, PerceiverConfig], PerceptionBatches],
    config: FitConfig,
    store: CheckpointStore | None,
) -> tuple[PixelPerceiver, TrainingLog]:
    """Train on images, depth and instances; labels and attribute words are those of the scenes.

    Args:
        name: of the training; with the seed it names starting weights and random streams.
        scenes: training records.
        kinds: words of each attribute kind.
        sizes: of the network.
        batches: makes the training examples.
        config: budget, optimiser and seed.
        store: keeps progress.

    Raises:
        ValueError: no record has an instance to learn from.
    """
    labels, attributes = names_in_records(scenes, kinds)
    if not labels:
        raise ValueError(
            f"{scenes.folder}: no record has an instance, so there is nothing that the {name} "
            "could learn; give the photographs instances and depth, or name published checkpoints "
            "in perception.hub and, others, in evaluate.judge.hub (see conf/vsd)"
        )
    shape = PixelPerceiver.Config(labels=labels, attributes=attributes, **sizes)
    with seeded_torch(config.seed, name, "start"):
        model = PixelPerceiver(shape)
    return model, fit(name, model, perception_loss, batches(scenes, shape), config, store)
