"""Nodes of the ``graph_diffusion`` stage: paper step 3. Torch is imported when they run."""

from typing import Any

from spatial_dual.pipelines.types import (
    CheckpointStore,
    ClipEncoder,
    Dgae,
    GraphDiffuser,
    Records,
)

Parameters = dict[str, Any]


def train_graph_diffuser(
    tokens: Records,
    graph_codes: Records,
    dgae: Dgae,
    clip: ClipEncoder,
    progress: CheckpointStore,
    parameters: Parameters,
    train: Parameters,
    seed: int,
) -> tuple[GraphDiffuser, Parameters]:
    """Train VSG → 3DSG and TSG → 3DSG under c_I and c_Y; gives model and log.

    ``parameters["condition"]`` says what these are, see ``models.conditions``.
    The widths of the dual halves' hidden states are fixed here, so that step 4 can go on with the
    same network.
    """
    from spatial_dual.diffusion import KernelConfig, LossWeights, build_kernel
    from spatial_dual.models.graph_diffuser import GraphDiffuser
    from spatial_dual.seeding import seeded_torch
    from spatial_dual.training.config import FitConfig
    from spatial_dual.training.fit import fit
    from spatial_dual.training.objectives.graph_diffusion import GraphDiffusionLoss
    from spatial_dual.training.sources import graph_pairs

    condition = parameters["condition"]
    conditions = {**clip.condition_dims(condition), **parameters["hidden_dims"]}
    kernel = build_kernel(KernelConfig(classes=dgae.codes, **parameters["kernel"]))
    shape = GraphDiffuser.Config(
        dgae.config.shape,
        dgae.codes,
        conditions,
        state_dim=kernel.state_dim,
        **parameters["model"],
    )
    with seeded_torch(seed, "graph_diffuser", "start"):
        model = GraphDiffuser(shape)
    config = FitConfig(**parameters["fit"], **train, seed=seed)
    source = graph_pairs(tokens, graph_codes, condition)
    reader = clip if condition == "tokens" else None
    loss = GraphDiffusionLoss(kernel, LossWeights(**parameters["loss"]), reader)
    log = fit("graph_diffuser", model, loss, source, config, progress)
    return model, log.to_dict()
