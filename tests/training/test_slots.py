"""A graph diffuser learns nothing from the numbers of slots."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from spatial_dual.diffusion import (
    Kernel,
    KernelConfig,
    LossWeights,
    build_kernel,
    log_likelihood_bound,
)
from spatial_dual.models.dgae import Dgae, DgaeConfig
from spatial_dual.models.graph_diffuser import GraphDiffuser, GraphDiffuserConfig
from spatial_dual.models.graph_nodes import NodeShape, Tags, open_nodes, presence
from spatial_dual.scene.graph import Relation, SceneGraph, SceneObject
from spatial_dual.scene.tensors import GraphCodec
from spatial_dual.scene.views import aligned_views
from spatial_dual.scene.vocabulary import Vocabulary
from spatial_dual.training.graph_codes import view_tags
from spatial_dual.training.objectives.graph_diffusion import GraphDiffusionLoss, graph_condition
from tests.models.graphs import renumbered

TRAINED, HELD_OUT, SLOTS = 400, 200, 5


def example(draw: np.random.Generator) -> tuple[SceneGraph, SceneGraph]:
    """Gold things in a row, and detections of some of them among false ones."""
    names = [f"thing {n}" for n in draw.permutation(6)]
    count = int(draw.integers(2, 5))
    gold = [SceneObject(label=name, distance=1.0 + n) for n, name in enumerate(names[:count])]
    row = [Relation(subject=n, predicate="behind", object=n - 1) for n in range(1, count)]
    kept = [item for item in gold if draw.random() < 0.6]
    seen = [*kept, *(SceneObject(label=name) for name in names[4 : 4 + draw.integers(0, 2)])]
    initial = SceneGraph(objects=tuple(seen[n] for n in draw.permutation(len(seen))))
    return initial, SceneGraph(objects=tuple(gold), relations=tuple(row))


def found_first(tags: Mapping[str, Tags]) -> Tensor:
    """Slots in the order that tells most: found in gold, not found, the others, the empty ones."""
    stated, there = tags["initial"]["labels"], tags["gold"]["labels"]
    found = (stated > 0) & (stated == there)
    rank = torch.where(stated > 0, 1, torch.where(there > 0, 2, 3))
    return torch.where(found, 0, rank).argsort(dim=1, stable=True)


def encoded(dgae: Dgae, tags: Mapping[str, Tags]) -> dict[str, Tensor]:
    """What step 3 trains on, the same graphs as VSGs and as TSGs."""
    columns = {f"{prefix}_codes": dgae.encode(tags[prefix]) for prefix in ("gold", "initial")}
    columns["stated"] = presence(tags["initial"], dgae.config.shape)
    columns["present"] = open_nodes(tags["gold"], dgae.config.shape)
    batch = {f"{kind}_{n}": v for kind in ("image", "text") for n, v in columns.items()}
    features = torch.zeros(len(columns["stated"]), 1)
    return batch | {"clip_image": features, "clip_text": features}


@torch.no_grad()
def test_other_numbers_change_likelihoods_by_nothing_but_noise() -> None:
    """Neither numbers at random nor such as would say which detections are true."""
    draw = np.random.default_rng(0)
    initial, gold = zip(*(example(draw) for _ in range(TRAINED + HELD_OUT)), strict=True)
    codec = GraphCodec(Vocabulary.from_graphs(gold), SLOTS)
    views = aligned_views(gold, initial, [[]] * len(gold), codec, captions=0)
    tags = {prefix: view_tags(views, prefix) for prefix in ("gold", "initial")}
    shape = NodeShape.of(codec)
    torch.manual_seed(0)
    dgae = Dgae(DgaeConfig(shape, dim=16, levels=(5, 5, 3), rounds=1, heads=2)).eval()
    model = GraphDiffuser(GraphDiffuserConfig(shape, dgae.codes, {"image": 1, "text": 1}, 32, 1, 2))
    kernel = build_kernel(KernelConfig("absorbing", dgae.codes, 10))
    train(model, {n: v[:TRAINED] for n, v in encoded(dgae, tags).items()}, kernel)
    shuffled = torch.rand(len(gold), SLOTS).argsort(dim=1)
    own = held_out(model, kernel, encoded(dgae, tags))
    for order in (shuffled, found_first(tags)):
        other = {prefix: renumbered(values, order, shape) for prefix, values in tags.items()}
        difference = held_out(model, kernel, encoded(dgae, other)) - own
        error = float(difference.std()) / len(difference) ** 0.5
        assert abs(float(difference.mean())) < 3 * error
        assert error < 0.04 * float(own.mean())


@torch.enable_grad()
def train(model: GraphDiffuser, batch: Mapping[str, Tensor], kernel: Kernel) -> None:
    noise = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    loss = GraphDiffusionLoss(kernel, LossWeights())
    for _ in range(150):
        rows = torch.randint(TRAINED, (32,), generator=noise)
        optimizer.zero_grad()
        loss(model, {n: v[rows] for n, v in batch.items()}, noise)["loss"].backward()
        optimizer.step()


def held_out(model: GraphDiffuser, kernel: Kernel, batch: Mapping[str, Tensor]) -> Tensor:
    """−VLB of each held-out graph in nats, the sum of its terms at all times."""
    noise = torch.Generator().manual_seed(1)
    batch = {name: values[TRAINED:] for name, values in batch.items()}
    condition = graph_condition(batch, "image")
    bound = log_likelihood_bound(
        kernel, lambda z, t: model(z, t, condition), batch["image_gold_codes"], "all", noise
    )
    return -bound.total
