"""Nodes of the ``perception`` stage. Torch is imported when they run, not when they are listed."""

from typing import Any

from spatial_dual.chunks import ChunkSeries
from spatial_dual.pipelines.types import CheckpointStore, Records, StoredPerceiver

Parameters = dict[str, Any]
Chunk = dict[str, Any]
CHUNK = 256


def train_perceiver(
    scenes: Records,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[StoredPerceiver, Parameters]:
    """Train the pixel network on images, depth and instances; gives model and log.

    Its labels and attribute words are those of the training scenes. Where ``parameters`` name
    published checkpoints under ``hub``, these are the perceiver, and nothing is trained.

    Raises:
        ValueError: no record has an instance to learn from.
    """
    if parameters["hub"]:
        from spatial_dual.perception.hub.config import HubConfig
        from spatial_dual.perception.hub.perceiver import HubPerceiver

        hub = HubConfig.from_dict(parameters["hub"])
        return HubPerceiver(hub), {"rows": [], "hub": hub.to_dict()}

    from spatial_dual.perception.batches import PerceptionBatches, names_in_records
    from spatial_dual.perception.losses import perception_loss
    from spatial_dual.perception.pixel_perceiver import PixelPerceiver
    from spatial_dual.seeding import seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit

    labels, attributes = names_in_records(scenes, parameters["attribute_kinds"])
    if not labels:
        raise ValueError(
            f"{scenes.folder}: no record has an instance, so there is nothing to learn perception "
            "from; name published checkpoints in perception.hub (see conf/vsd), or give the "
            "photographs instances and depth"
        )
    shape = PixelPerceiver.Config(labels=labels, attributes=attributes, **parameters["model"])
    with seeded_torch(seed, "perceiver", "start"):
        model = PixelPerceiver(shape)
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    batches = PerceptionBatches(scenes, shape)
    log = fit("perceiver", model, perception_loss, batches, config, progress)
    return model, log.to_dict()


def perceive(scenes: Records, perceiver: StoredPerceiver, train: Parameters) -> ChunkSeries:
    """What is seen in each image, and nothing else of its record, in chunks."""
    from spatial_dual.devices import choose_device

    perceiver.to(choose_device(train["device"]))

    def perceived(rows: range) -> Chunk:
        seen = perceiver.perceive(scenes.array("image", rows))
        return {
            "id": scenes.values("id", rows),
            "depth": seen.depth.astype("float16"),
            "instances": seen.instances,
            "labels": seen.labels,
            "attributes": [[list(words) for words in image] for image in seen.attributes],
            "scores": seen.scores,
        }

    return ChunkSeries(len(scenes), CHUNK, perceived, "perceive")
