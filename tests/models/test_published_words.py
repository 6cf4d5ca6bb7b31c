"""GPT-2's words that captions use, and the text decoder that starts from GPT-2."""

from pathlib import Path

import pytest
import torch
import transformers as tf

from spatial_dual.datasets.weights import load_model, save_model
from spatial_dual.models.decoders import TextDecoder, TextDecoderConfig
from spatial_dual.models.published_gpt import start_from_gpt2
from spatial_dual.models.text_tokenizer import (
    BOS_ID,
    EOS_ID,
    PAD_ID,
    SPECIAL_TOKENS,
    UNK_ID,
    TextTokenizer,
)
from tests.models.graphs import SHAPE, random_tags, said_in
from tests.models.published_folders import TEXTS, gpt2

USED = TEXTS[:2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gpt2(tmp_path_factory.mktemp("checkpoints") / "gpt2")


@pytest.fixture(scope="module")
def words(folder: Path) -> TextTokenizer:
    return TextTokenizer.from_published(str(folder), USED, 1000)


def tokens_of(words: TextTokenizer, text: str) -> list[str]:
    ids = words.encode_batch([text], 60)[0].tolist()
    return [words.words[i] for i in ids[1 : ids.index(EOS_ID)]]


@pytest.mark.parametrize("text", USED)
def test_training_captions_are_cut_as_gpt2_cuts_them(folder, words, text) -> None:
    theirs = tf.AutoTokenizer.from_pretrained(folder)
    assert tokens_of(words, text) == theirs.tokenize(f" {text}")
    assert len(tokens_of(words, text)) < len(text) / 2


def test_only_what_captions_use_is_kept(folder, words) -> None:
    whole = tf.AutoTokenizer.from_pretrained(folder).get_vocab()
    assert words.words[:4] == list(SPECIAL_TOKENS)
    assert set(words.words[4:]) < set(whole)
    assert "Ġtable" in words.words
    assert "Ġtablecloth" in whole
    assert "Ġtablecloth" not in words.words


@pytest.mark.parametrize("text", ["a tablecloth", "Ärger über 3 µm", "日本 🙂"])
def test_no_text_is_unknown(words, text) -> None:
    ids = words.encode_batch([text], 60)
    assert UNK_ID not in ids
    assert words.decode_batch(ids) == [text]


def test_a_limit_keeps_the_most_frequent(folder) -> None:
    captions = ["a red cup"] * 9 + ["the lamp"]
    smaller = TextTokenizer.from_published(str(folder), captions, 4 + 256 + 5)
    assert smaller.vocabulary_size <= 265
    assert tokens_of(smaller, "a red cup")[0] == "Ġa"
    assert "Ġlamp" not in smaller.words
    assert smaller.decode_batch(smaller.encode_batch(["the lamp"], 20)) == ["the lamp"]
    with pytest.raises(ValueError, match="256 single bytes"):
        TextTokenizer.from_published(str(folder), captions, 200)


def test_json_gives_the_same_tokenizer(words) -> None:
    again = TextTokenizer.from_dict(words.to_dict())
    assert again.words == words.words
    assert (again.encode_batch(USED, 40) == words.encode_batch(USED, 40)).all()


def decoder_for(words: TextTokenizer, dim: int = 16, cross_attention: bool = False) -> TextDecoder:
    said = said_in(words.vocabulary_size)
    size = words.vocabulary_size
    config = TextDecoderConfig(
        SHAPE, said, size, 20, dim, depth=2, heads=2, cross_attention=cross_attention
    )
    return TextDecoder(config).eval()


@torch.no_grad()
def test_started_decoder_computes_what_gpt2_computes(folder, words) -> None:
    """Same hidden inputs, same logits: of GPT-2 over the prefix and a caption's own word ids."""
    decoder = decoder_for(words)
    start_from_gpt2(decoder, str(folder), words)
    theirs = tf.GPT2LMHeadModel.from_pretrained(folder).eval()
    numbers = tf.AutoTokenizer.from_pretrained(folder).get_vocab()
    end = numbers["<|endoftext|>"]
    rows = torch.tensor([numbers.get(word, end) for word in words.words])
    text = torch.from_numpy(words.encode_batch(USED[:1], 20).astype("int64"))
    codes, tags = text.roll(1, dims=1), random_tags(1)
    nodes, there = decoder.graph(tags, theirs.transformer.wte.weight[rows])
    table = theirs.transformer.wte
    prefix = [table(rows[codes]), torch.where(there[..., None], nodes, decoder.no_node)]
    inputs = torch.cat([*prefix, table(rows[text])], dim=1)
    logits = theirs(inputs_embeds=inputs).logits[:, -20:, rows]
    torch.testing.assert_close(decoder(codes, tags, text), logits, atol=1e-4, rtol=1e-4)
    assert torch.allclose(decoder.masked, table.weight[rows].mean(dim=0), atol=1e-6)


def test_started_decoder_is_saved_whole(folder, words, tmp_path: Path) -> None:
    decoder = decoder_for(words)
    start_from_gpt2(decoder, str(folder), words)
    save_model(tmp_path / "decoder", decoder)
    loaded = load_model(tmp_path / "decoder", TextDecoder)
    for name, value in decoder.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)


def test_what_does_not_fit_is_named(folder, words, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="n_embd 16, the text decoder 32"):
        start_from_gpt2(decoder_for(words, dim=32), str(folder), words)
    with pytest.raises(ValueError, match=r"cross_attention to false"):
        start_from_gpt2(decoder_for(words, cross_attention=True), str(folder), words)
    short = gpt2(tmp_path / "short", positions=24)
    with pytest.raises(ValueError, match="24 positions"):
        start_from_gpt2(decoder_for(words), str(short), words)
    own = TextTokenizer.train(["wolves"], 80)
    with pytest.raises(ValueError, match=r"tokens\.text\.pretrained must name the same"):
        start_from_gpt2(decoder_for(own), str(folder), own)
    with pytest.raises(ValueError, match=r"text_decoder\.pretrained .* cannot be loaded"):
        start_from_gpt2(decoder_for(words), str(tmp_path / "absent"), words)
    with pytest.raises(ValueError, match=r"tokens\.text\.pretrained .* cannot be loaded"):
        TextTokenizer.from_published(str(tmp_path / "absent"), USED, 500)


def test_special_tokens_start_as_the_end_of_text(folder, words) -> None:
    decoder = decoder_for(words)
    start_from_gpt2(decoder, str(folder), words)
    table = decoder.gpt.transformer.wte.weight
    assert torch.equal(table[BOS_ID], table[EOS_ID])
    assert torch.equal(table[PAD_ID], table[EOS_ID])
