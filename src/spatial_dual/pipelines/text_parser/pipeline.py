"""Treebank → five Stanza models → one package."""

from collections.abc import Callable

from kedro.pipeline import Node, Pipeline, node

from spatial_dual.pipelines.text_parser import nodes

MODELS = ("tokenizer", "splitter", "tagger", "lemmatizer", "parser")


def create_pipeline() -> Pipeline:
    """Every model trains on the same treebank and needs no other."""
    treebank = node(
        nodes.make_treebank,
        inputs=["params:text_parser.treebank", "params:seed"],
        outputs=["treebank_train", "treebank_dev"],
        name="make_treebank",
    )
    pack = node(
        nodes.pack,
        inputs=[f"text_parser_{model}" for model in MODELS],
        outputs="text_parser",
        name="pack_text_parser",
    )
    training: dict[str, Callable[..., bytes]] = {
        "tokenizer": nodes.train_tokenizer,
        "splitter": nodes.train_splitter,
        "tagger": nodes.train_tagger,
        "lemmatizer": nodes.train_lemmatizer,
        "parser": nodes.train_parser,
    }
    return Pipeline([treebank, pack, *(_train(model, training[model]) for model in MODELS)])


def _train(model: str, function: Callable[..., bytes]) -> Node:
    return node(
        function,
        inputs=["treebank_train", "treebank_dev", f"params:text_parser.{model}"],
        outputs=f"text_parser_{model}",
        name=f"train_stanza_{model}",
    )
