"""Bounds of likelihoods: sums over all noise levels, by hand and by enumeration."""

import copy
import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from spatial_dual.diffusion import (
    DiscreteKernel,
    Timesteps,
    diffusion_loss,
    log_likelihood_bound,
)
from spatial_dual.models.likelihood import (
    Example,
    graph_nats,
    image_nats,
    likelihood_bounds,
    text_nats,
)
from spatial_dual.models.spatial_dual import SpatialDual
from spatial_dual.models.text_tokenizer import BOS_ID, PAD_ID
from spatial_dual.models.token_diffuser import ReadCondition, TokenCondition
from spatial_dual.scene.graph import SceneGraph
from tests.models.whole import CAPTIONS, GRAPH, SIZE, make_whole

IMAGES = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), dtype=np.uint8)
GOLD = [GRAPH, GRAPH.model_copy(update={"relations": ()})]
NAMES = (
    *("graph_given_text", "graph_given_image"),
    *("image_given_text_graph", "text_given_image_graph"),
    *("image_given_text_predicted_graph", "text_given_image_predicted_graph"),
)


@pytest.fixture(scope="module")
def whole() -> SpatialDual:
    return make_whole()


def examples(model: SpatialDual, count: int = 2) -> list[Example]:
    told, seen = model.initial_from_texts(CAPTIONS), model.initial_from_images(IMAGES)
    return [Example(*row) for row in zip(IMAGES, CAPTIONS, GOLD, told, seen, strict=True)][:count]


def test_every_bound_is_there_and_positive_and_the_same_again(whole: SpatialDual) -> None:
    bounds = likelihood_bounds(whole, examples(whole))
    assert tuple(bounds) == NAMES
    for name, each in bounds.items():
        assert each.shape == (2,), name
        assert (each > 0).all(), name
    again = likelihood_bounds(whole, examples(whole))
    assert all(np.array_equal(bounds[name], again[name]) for name in NAMES)


def exact_nats(kernel: DiscreteKernel, logits: Callable[[int], torch.Tensor], clean: int) -> float:
    """The bound of one token, every state at every t visited; ``logits`` (states, K) by t."""
    states = torch.arange(kernel.states)
    total = kernel.prior_kl
    for t in range(1, kernel.steps + 1):
        times = Timesteps(torch.full((kernel.states,), t), torch.ones(kernel.states))
        x_0 = torch.full((kernel.states, 1), clean)
        q = kernel.forward_probabilities(x_0, times.t)[states, 0, states]
        term = diffusion_loss(kernel, logits(t)[:, None], states[:, None], x_0, times).term
        total += float((q * torch.where(q > 1e-20, term, 0)).sum())
    return total


def test_a_model_without_an_opinion_costs_what_enumeration_says(whole: SpatialDual) -> None:
    """All classes alike, whatever the state and the condition: tokens are independent."""
    chains, head = whole.chains, copy.deepcopy(whole.parts.dual.image.head)
    try:
        with torch.no_grad():
            for parameter in whole.parts.dual.image.head.parameters():
                parameter.zero_()
        found = image_nats(chains, IMAGES, CAPTIONS, GOLD)
        other = image_nats(chains, IMAGES, CAPTIONS[::-1], [SceneGraph()] * 2)
    finally:
        whole.parts.dual.image.head.load_state_dict(head.state_dict())
    assert torch.equal(found, other)  # the noise is common to both
    kernel = chains.kernel("image")
    assert isinstance(kernel, DiscreteKernel)
    expected = exact_nats(kernel, lambda t: torch.zeros(kernel.states, kernel.classes), 3)
    assert found.mean().item() == pytest.approx(expected, rel=0.15)


def test_noise_is_common_to_gold_and_predicted_graphs(whole: SpatialDual) -> None:
    """Where the model predicts the gold graph, nothing differs: not even noise."""
    chains = whole.chains
    assert torch.equal(
        image_nats(chains, IMAGES, CAPTIONS, GOLD), image_nats(chains, IMAGES, CAPTIONS, GOLD)
    )
    assert torch.equal(
        text_nats(chains, CAPTIONS, IMAGES, GOLD), text_nats(chains, CAPTIONS, IMAGES, GOLD)
    )
    changed = [GRAPH.model_copy(update={"objects": GRAPH.objects[::-1], "relations": ()})] * 2
    assert not torch.equal(
        image_nats(chains, IMAGES, CAPTIONS, GOLD), image_nats(chains, IMAGES, CAPTIONS, changed)
    )


def test_words_are_counted_and_padding_is_not(whole: SpatialDual) -> None:
    chains = whole.chains
    codes = chains.text_codes(CAPTIONS)
    words = ((codes != PAD_ID) & (codes != BOS_ID)).sum(dim=1)
    nats = text_nats(chains, CAPTIONS, IMAGES, GOLD) * words
    assert (words < codes.shape[1]).any()
    assert torch.isfinite(nats).all()


def test_the_mean_over_noise_is_the_enumerated_bound(whole: SpatialDual) -> None:
    """Of the real network, one token free and the others told."""
    chains, kernel = whole.chains, whole.chains.kernel("image")
    assert isinstance(kernel, DiscreteKernel)
    diffuser, codes = whole.parts.dual.image, chains.image_codes(IMAGES[:1])
    tags, feature = chains.given(GOLD[:1]).tags, chains.text_feature(CAPTIONS[:1])

    def read(count: int) -> ReadCondition:
        many = {name: tag.expand(count, *tag.shape[1:]) for name, tag in tags.items()}
        return diffuser.read(TokenCondition(many, feature.expand(count, -1)))

    def logits(t: int) -> torch.Tensor:
        x_t = codes.repeat(kernel.states, 1)
        x_t[:, 3] = torch.arange(kernel.states)
        times = torch.full((kernel.states,), t)
        return diffuser.logits(diffuser.hidden(x_t, times, read(kernel.states)))[:, 3]

    draws = 400
    free = torch.zeros(draws, codes.shape[1], dtype=torch.bool)
    free[:, 3] = True
    with torch.inference_mode():
        exact = exact_nats(kernel, logits, int(codes[0, 3]))
        given = read(draws)
        bound = log_likelihood_bound(
            kernel,
            lambda z, t: diffuser.logits(diffuser.hidden(z, t, given)),
            codes.expand(draws, -1),
            "all",
            torch.Generator().manual_seed(0),
            free,
        )
    error = 4 * float(bound.total.std()) / draws**0.5
    assert -float(bound.total.mean()) == pytest.approx(exact, abs=error)


def test_graph_bounds_read_texts_and_images(whole: SpatialDual) -> None:
    chains = whole.chains
    told = whole.initial_from_texts(CAPTIONS)
    by_text = graph_nats(chains, GOLD, told, CAPTIONS)
    by_image = graph_nats(chains, GOLD, told, IMAGES)
    assert by_text.shape == by_image.shape == (2,)
    assert not torch.equal(by_text, by_image)
    pairs = itertools.combinations((by_text, graph_nats(chains, GOLD, told, CAPTIONS[::-1])), 2)
    assert all(not torch.equal(*pair) for pair in pairs)
