"""The captioner: exact likelihoods, a generator that agrees with them, conditions that matter."""

import math

import pytest
import torch
from torch import Tensor

from spatial_dual.models.captioner import Captioner, CaptionerConfig
from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID
from spatial_dual.models.token_diffuser import TokenCondition
from tests.models.graphs import SHAPE, random_tags, renumbered, said_in

WORDS, LENGTH = 6, 5


@pytest.fixture
def captioner() -> Captioner:
    torch.manual_seed(0)
    return Captioner(
        CaptionerConfig(SHAPE, said_in(WORDS), WORDS, LENGTH, 5, dim=16, depth=1, heads=2)
    ).eval()


def condition(batch: int, seed: int = 0) -> TokenCondition:
    generator = torch.Generator().manual_seed(seed)
    return TokenCondition(random_tags(batch, seed), torch.randn(batch, 5, generator=generator))


def captions(*words: list[int]) -> Tensor:
    rows = [[BOS_ID, *row] + [PAD_ID] * (LENGTH - 1 - len(row)) for row in words]
    return torch.tensor(rows)


@torch.no_grad()
def test_likelihoods_are_probabilities_of_a_prefix_code(captioner: Captioner) -> None:
    """A word's p falls when eos must follow it; all words but padding leave less than 1."""
    everything = torch.cat([captions([w, EOS_ID]) for w in range(1, WORDS)])
    given = condition(1)
    repeated = TokenCondition(
        {n: v.repeat(len(everything), *[1] * (v.ndim - 1)) for n, v in given.tags.items()},
        given.feature.repeat(len(everything), 1),
    )
    joint = captioner(everything, repeated).nats.neg().exp()
    first = captioner(captions(*[[w] for w in range(1, WORDS)]), repeated).nats.neg().exp()
    assert (joint < first).all()
    assert 0 < float(first.sum()) < 1


def test_padding_counts_neither_words_nor_nats(captioner: Captioner) -> None:
    said = captioner(captions([4, EOS_ID], [4, 5, 4, EOS_ID]), condition(2))
    assert said.tokens.tolist() == [2, 4]
    assert said.hidden.shape == (2, LENGTH, 16)
    assert math.isfinite(said.nats.sum().item())


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_generation_stops_at_logits_that_are_no_numbers(captioner: Captioner, value: float) -> None:
    captioner.bart.final_logits_bias[0, 3] = value
    with pytest.raises(FloatingPointError, match="captioner gave NaN or infinity"):
        captioner.generate(condition(2))


def test_greedy_generation_takes_the_likeliest_word(captioner: Captioner) -> None:
    given = condition(3)
    written = captioner.generate(given)
    assert written.shape[1] <= LENGTH
    assert (written[:, 0] == BOS_ID).all()
    firsts = torch.stack(
        [captioner(captions(*[[w]] * 3), given).nats for w in range(WORDS) if w != PAD_ID]
    )
    assert torch.equal(written[:, 1], 1 + firsts.argmin(dim=0))


def test_graph_and_feature_both_matter_and_absent_nodes_do_not(captioner: Captioner) -> None:
    text, given = captions([4, 5, EOS_ID]), condition(1)
    nats = captioner(text, given).nats
    other_image = TokenCondition(given.tags, given.feature + 1)
    other_graph = TokenCondition(condition(1, 1).tags, given.feature)
    assert not torch.equal(nats, captioner(text, other_image).nats)
    assert not torch.equal(nats, captioner(text, other_graph).nats)
    tags = dict(given.tags)
    tags["attributes"] = tags["attributes"].clone()
    tags["attributes"][:, -1] = 1  # of the empty slot
    assert torch.allclose(nats, captioner(text, TokenCondition(tags, given.feature)).nats)


def test_the_numbers_of_slots_do_not_matter(captioner: Captioner) -> None:
    text, given = captions([4, 5, EOS_ID], [5, EOS_ID]), condition(2)
    turned = TokenCondition(renumbered(given.tags, torch.tensor([[2, 0, 3, 1]] * 2)), given.feature)
    assert torch.allclose(captioner(text, given).nats, captioner(text, turned).nats, atol=1e-5)


def test_it_learns_to_name_what_the_graph_holds() -> None:
    """Word = place of the graph: only reachable through c_G."""
    torch.manual_seed(1)
    model = Captioner(
        CaptionerConfig(SHAPE, said_in(WORDS + 2), WORDS + 2, LENGTH, 5, dim=16, depth=1, heads=2)
    )
    given = condition(24)
    text = captions(*[[4 + int(place), EOS_ID] for place in given.tags["places"]])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        model(text, given).nats.mean().backward()
        optimizer.step()
    written = model.eval().generate(given)
    assert (written[:, 1] == text[:, 1]).float().mean() > 0.9
