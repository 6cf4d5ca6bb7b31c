"""Decoders: attention of image tokens over graph vectors (4, 5) and [z^Y ; z^G] → words (6)."""

import math

import pytest
import torch
from torch import Tensor

from spatial_dual.models.decoders import (
    TextDecoder,
    TextDecoderConfig,
    VisualDecoder,
    VisualDecoderConfig,
    join_attended,
    next_token_loss,
)
from spatial_dual.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from spatial_dual.models.prior import TokenPrior, TokenPriorConfig
from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID
from tests.models.graphs import SHAPE, random_tags, said_in


def test_attended_vectors_by_hand() -> None:
    """(4), (5): one image token, two graph vectors of scores ln 3 and 0: weights 3/4 and 1/4."""
    latents = torch.tensor([[[1.0, 0.0]]])
    nodes = torch.tensor([[[math.log(3), 2.0], [0.0, -2.0], [50.0, 9.0]]])
    valid = torch.tensor([[True, True, False]])
    joined = join_attended(latents, nodes, valid)
    expected = torch.tensor([[[1.0, 0.0, 0.75 * math.log(3), 0.75 * 2 - 0.25 * 2]]])
    assert torch.allclose(joined, expected, atol=1e-5)


def test_a_graph_without_nodes_adds_nothing() -> None:
    latents, nodes = torch.randn(1, 3, 2), torch.randn(1, 4, 2)
    joined = join_attended(latents, nodes, torch.zeros(1, 4, dtype=torch.bool))
    assert torch.equal(joined, torch.cat([latents, torch.zeros(1, 3, 2)], dim=-1))


def test_a_new_visual_decoder_draws_what_the_tokenizer_draws() -> None:
    config = ImageTokenizerConfig(codes=8, code_dim=4, channels=8, coarse_blocks=1, unshuffle=2)
    tokenizer = ImageTokenizer(config).eval()
    decoder = VisualDecoder(VisualDecoderConfig(SHAPE, config.patches)).eval()
    decoder.start_from(tokenizer)
    codes = torch.randint(0, 8, (2, 16))
    images = decoder(tokenizer.features(codes), random_tags(2)).clamp(-1, 1)
    assert torch.allclose(images, tokenizer.decode(codes), atol=1e-5)


def make_text_decoder(cross_attention: bool) -> TextDecoder:
    torch.manual_seed(0)
    config = TextDecoderConfig(
        SHAPE, said_in(12), 12, 6, 16, depth=2, heads=2, cross_attention=cross_attention
    )
    decoder = TextDecoder(config).eval()
    with torch.no_grad():
        for parameter in decoder.parameters():  # far from what it starts as
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return decoder


@pytest.fixture(params=[True, False], ids=["cross", "prefix"])
def text_decoder(request: pytest.FixtureRequest) -> TextDecoder:
    return make_text_decoder(request.param)


MASKED = 12


def read_by_hand(decoder: TextDecoder, codes: Tensor, tags: dict[str, Tensor]) -> list[Tensor]:
    """Vectors of [z^Y ; z^G] of one sample, before the decoder looks at them."""
    table = decoder.gpt.transformer.wte.weight
    nodes, there = decoder.graph(tags, table)
    rows = [decoder.masked if code == MASKED else table[code] for code in codes[0]]
    return rows + [
        node if real else decoder.no_node for node, real in zip(nodes[0], there[0], strict=True)
    ]


def test_prefix_decoder_reads_text_codes_then_graph_nodes_then_words() -> None:
    """(6): GPT-2 over the sequence [z^Y ; z^G ; words], put together here by hand."""
    decoder = make_text_decoder(cross_attention=False)
    codes, tags = torch.tensor([[1, 5, MASKED, 7, 8, 3]]), random_tags(1)
    text = torch.tensor([[BOS_ID, 5, 6, 7, EOS_ID, PAD_ID]])
    rows = read_by_hand(decoder, codes, tags)
    rows += [decoder.gpt.transformer.wte.weight[word] for word in text[0]]
    whole = decoder.gpt(inputs_embeds=torch.stack(rows)[None]).logits
    assert torch.allclose(decoder(codes, tags, text), whole[:, -6:], atol=1e-5)


def test_cross_attention_looks_at_text_codes_in_their_order_and_at_nodes_that_exist() -> None:
    """(6) with [z^Y ; z^G] as the memory of every layer: left-out nodes may hold anything."""
    decoder = make_text_decoder(cross_attention=True)
    codes, tags = torch.tensor([[1, 5, MASKED, 7, 8, 3]]), random_tags(1)
    text = torch.tensor([[BOS_ID, 5, 6, 7, EOS_ID, PAD_ID]])
    rows = torch.stack(read_by_hand(decoder, codes, tags))
    rows[:6] += decoder.gpt.transformer.wpe.weight[:6]
    _, exist = decoder.graph(tags, decoder.gpt.transformer.wte.weight)
    there = torch.cat([torch.ones(1, 6, dtype=torch.bool), exist], dim=1)
    assert not there.all()
    memory = decoder.norm(rows)[None, there[0]]
    expected = decoder.gpt(input_ids=text, encoder_hidden_states=memory).logits
    assert torch.allclose(decoder(codes, tags, text), expected, atol=1e-5)


def test_a_word_is_predicted_from_codes_graph_and_the_words_before_it(
    text_decoder: TextDecoder,
) -> None:
    codes, tags = torch.randint(0, 12, (1, 6)), random_tags(1)
    text = torch.tensor([[BOS_ID, 5, 6, 7, EOS_ID, PAD_ID]])
    logits = text_decoder(codes, tags, text)
    later = text.clone()
    later[0, 3] = 9
    changed = text_decoder(codes, tags, later)
    assert torch.allclose(changed[0, :3], logits[0, :3], atol=1e-5)
    assert not torch.allclose(changed[0, 3:], logits[0, 3:], atol=1e-4)
    assert not torch.allclose(text_decoder((codes + 1) % 12, tags, text), logits, atol=1e-4)
    assert not torch.allclose(text_decoder(codes, random_tags(1, 9), text), logits, atol=1e-4)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_greedy_decoding_stops_at_logits_that_are_no_numbers(
    text_decoder: TextDecoder, value: float
) -> None:
    """Before: argmax of NaN, a word like any other."""
    codes, tags = torch.randint(0, 12, (2, 6)), random_tags(2)
    with torch.no_grad():
        text_decoder.gpt.transformer.ln_f.bias.fill_(value)
    with pytest.raises(FloatingPointError, match="text decoder gave NaN or infinity"):
        text_decoder.generate(codes, tags)


def test_greedy_decoding_follows_the_most_likely_next_word(text_decoder: TextDecoder) -> None:
    codes, tags = torch.randint(0, 12, (2, 6)), random_tags(2)
    written = text_decoder.generate(codes, tags)
    ids = written.ids
    if text_decoder.config.cross_attention:  # it is given bos, and gives it back
        assert ids[:, 0].tolist() == [BOS_ID, BOS_ID]
        ids = ids[:, 1:]
    for row in range(2):
        text = torch.full((1, 6), PAD_ID)
        text[0, 0] = BOS_ID
        sureness = []
        one = {name: values[row : row + 1] for name, values in tags.items()}
        for position in range(5):
            step = text_decoder(codes[row : row + 1], one, text)[0, position]
            text[0, position + 1] = step.argmax()
            if int(step.argmax()) != PAD_ID:  # which says nothing
                sureness.append(step.log_softmax(dim=-1).max().item())
            assert int(ids[row, position]) == int(text[0, position + 1])
            if int(text[0, position + 1]) == EOS_ID:
                break
        assert float(written.least_sure[row]) == pytest.approx(min(sureness), abs=1e-4)


def test_next_token_loss_skips_padding() -> None:
    logits = torch.randn(1, 4, 12)
    text = torch.tensor([[BOS_ID, 5, EOS_ID, PAD_ID]])
    log_p = logits.log_softmax(-1)[0]
    expected = -(log_p[0, 5] + log_p[1, EOS_ID]) / 2
    assert torch.allclose(next_token_loss(logits, text), expected)


def test_prior_is_a_distribution_over_sequences() -> None:
    """All 3² sequences of two tokens add up to one, by enumeration."""
    torch.manual_seed(0)
    prior = TokenPrior(TokenPriorConfig(codes=3, tokens=2, dim=8, depth=1, heads=2)).eval()
    sequences = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    with torch.no_grad():
        total = prior.log_likelihood(sequences).exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-5)
