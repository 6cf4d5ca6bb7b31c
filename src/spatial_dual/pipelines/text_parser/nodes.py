"""Nodes of the ``text_parser`` stage."""

from typing import Any

Parameters = dict[str, Any]


def make_treebank(treebank: Parameters, seed: int) -> tuple[str, str]:
    """CoNLL-U text of the training and of the development part."""
    from spatial_dual.parsing.treebank.generate import generate_treebank

    sizes, shares = (
        treebank["sentences"],
        {k: treebank[k] for k in ("capitalised", "invented", "rare")},
    )
    return (
        generate_treebank(sizes["train"], (seed, 0), **shares),
        generate_treebank(sizes["dev"], (seed, 1), **shares),
    )


def train_tokenizer(train: str, dev: str, options: Parameters) -> bytes:
    """Model of words and sentences."""
    from spatial_dual.parsing import stanza_training

    return stanza_training.train_tokenizer(train, dev, options)


def train_splitter(train: str, dev: str, options: Parameters) -> bytes:
    """Model of words that are two."""
    from spatial_dual.parsing import stanza_training

    return stanza_training.train_splitter(train, dev, options)


def train_tagger(train: str, dev: str, options: Parameters) -> bytes:
    """Model of parts of speech."""
    from spatial_dual.parsing import stanza_training

    return stanza_training.train_tagger(train, dev, options)


def train_lemmatizer(train: str, dev: str, options: Parameters) -> bytes:
    """Model of dictionary forms."""
    from spatial_dual.parsing import stanza_training

    return stanza_training.train_lemmatizer(train, dev, options)


def train_parser(train: str, dev: str, options: Parameters) -> bytes:
    """Model of dependency trees."""
    from spatial_dual.parsing import stanza_training

    return stanza_training.train_parser(train, dev, options)


def pack(
    tokenizer: bytes, splitter: bytes, tagger: bytes, lemmatizer: bytes, parser: bytes
) -> dict[str, bytes]:
    """Files of the package in Stanza's layout."""
    from spatial_dual.parsing.stanza_training import PROCESSORS, package_files

    models = (tokenizer, splitter, tagger, lemmatizer, parser)
    return package_files(dict(zip(PROCESSORS, models, strict=True)))
