"""FACTUAL's notation, its words in ours, and its parser on a tiny checkpoint of random weights."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from spatial_dual.parsing import factual
from spatial_dual.parsing.default import parser_of
from spatial_dual.parsing.factual import FactualParser, our_predicate, read_facts

WORDS = ["<pad>", "</s>", "<unk>", "(", ")", ",", "is", "on", "cup", "table", "red", "a"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("factual") / "tiny"
    words = Tokenizer(models.WordLevel({w: n for n, w in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(WORDS),
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


def test_a_random_checkpoint_gives_a_graph_for_each_text(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factual, "LONGEST", 12)
    parser = parser_of("factual", {"factual": str(checkpoint)})
    texts = ["a red cup on a table", "", "word " * 10_000, "a cup"]
    graphs = parser.parse(texts)
    assert len(graphs) == len(texts)
    assert graphs[1].objects == graphs[2].objects == ()
    assert parser.parse(texts) == graphs


def test_a_checkpoint_of_damaged_weights_stops(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factual, "LONGEST", 4)
    parser = FactualParser(str(checkpoint))
    with torch.no_grad():
        parser._models[1].decoder.final_layer_norm.weight.fill_(torch.nan)
    with pytest.raises(FloatingPointError, match=r"parsing\.factual gave NaN"):
        parser.parse(["a cup"])


def test_what_the_checkpoint_writes_is_put_in_our_words(monkeypatch: pytest.MonkeyPatch) -> None:
    written = (
        "( Cups , sit on , tables ) , ( cups , is , red ) , ( man , hold , cups ) , ( , , ) , ("
    )
    monkeypatch.setattr(FactualParser, "_write", lambda self, texts: [written for _ in texts])
    (graph,) = FactualParser("unused").parse(["any text"])
    assert graph.triplets() == [("cup", "on", "table"), ("man", "holds", "cup")]
    assert graph.objects[0].attributes == ("red",)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("hold", "holds"),
        ("sit on", "on"),
        ("on top of", "on"),
        ("by", "next to"),
        ("stand by", "next to"),
        ("on side of", "on"),
        ("in corner of", "in"),
        ("inside", "in"),
        ("in between", "between"),
        ("look at", "looks at"),
        ("to the left of", "to the left of"),
    ],
)
def test_predicates_are_ours(theirs: str, ours: str) -> None:
    assert our_predicate(theirs) == ours


def test_no_fact_is_an_error_that_shows_it() -> None:
    with pytest.raises(ValueError, match=r"\( a , b \) is no fact"):
        read_facts("( a , b )")


def test_a_checkpoint_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"parsing\.factual .* cannot be loaded"):
        FactualParser(str(tmp_path / "none")).parse(["a cup"])
