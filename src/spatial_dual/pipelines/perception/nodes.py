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

    from spatial_dual.perception.batches import PerceptionBatches
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.perceivers import train_pixel_perceiver

    model, log = train_pixel_perceiver(
        "perceiver",
        scenes,
        parameters["attribute_kinds"],
        parameters["model"],
        PerceptionBatches,
        FitConfig(**parameters["fit"], **train, seed=seed),
        progress,
    )
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
