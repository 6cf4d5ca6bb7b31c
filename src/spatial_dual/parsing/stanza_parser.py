"""Captions → textual scene graphs with a Stanza pipeline and rules over its dependency trees."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from spatial_dual.parsing.mentions import GraphBuilder
from spatial_dual.parsing.rules import SentenceReader
from spatial_dual.parsing.sentence import build_sentence
from spatial_dual.parsing.spelling import correct_spelling
from spatial_dual.parsing.stanza_speed import speed_up_stanza, without_compiler
from spatial_dual.parsing.tokens import Token, tokenise
from spatial_dual.scene.graph import SceneGraph

Sentence = tuple[Token, ...]
BATCH = 1000
"""Sentences that go through the models together; more costs memory and gains nothing."""


class StanzaParser:
    """``TextGraphParser`` of tokens, tags, lemmas and trees by Stanza, loaded when first needed.

    Args:
        folder: Stanza resources: ``resources.json`` and ``en/<processor>/<package>.pt``.
        package: name of the models in the folder.
        spelling: whether misspelt words are corrected; each is noted in the graph.

    Raises:
        FileNotFoundError: there is no such package in the folder.
    """

    def __init__(self, folder: Path | str, package: str, spelling: bool = True) -> None:
        if not (Path(folder) / "resources.json").is_file():
            raise FileNotFoundError(
                f"no Stanza models in {folder}: resources.json is missing; "
                "fetch the official ones with stanza.download('en')"
            )
        self._folder, self._package, self._spelling = Path(folder), package, spelling

    @cached_property
    def _models(self) -> Any:
        """The pipeline; loaded with the first text, in a second or two."""
        import stanza

        speed_up_stanza()
        try:
            with without_compiler():
                return stanza.Pipeline(
                    "en",
                    dir=str(self._folder),
                    package=self._package,
                    processors="tokenize,pos,lemma,depparse",
                    download_method=None,
                    tokenize_pretokenized=True,
                    use_gpu=False,
                    verbose=False,
                )
        except Exception as error:  # Stanza and torch raise almost any type on broken folders
            raise FileNotFoundError(
                f"no usable English models {self._package!r} in {self._folder}: {error}; "
                "fetch the official ones with stanza.download('en')"
            ) from error

    def parse(self, texts: Sequence[str]) -> list[SceneGraph]:
        """One graph a caption (see ``interface.TextGraphParser``).

        Raises:
            FileNotFoundError: the models of the folder cannot be loaded.
        """
        spelt = [correct_spelling(text) if self._spelling else (text, ()) for text in texts]
        captions = [tokenise(text) for text, _ in spelt]
        words = self._parse_sentences({tuple(s) for caption in captions for s in caption})
        return [
            _graph([(words[tuple(s)], s) for s in caption], notes)
            for caption, (_, notes) in zip(captions, spelt, strict=True)
        ]

    def _parse_sentences(self, sentences: set[Sentence]) -> dict[Sentence, list[Any]]:
        """Stanza words of each sentence; like lengths go together, which saves padding."""
        import torch

        ordered = sorted(sentences, key=lambda sentence: (len(sentence), sentence))
        parsed: dict[Sentence, list[Any]] = {}
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            # a caller's half precision is not for these models
            with torch.autocast("cpu", enabled=False):
                document = self._models([[token.read for token in sentence] for sentence in batch])
            parsed |= {s: p.words for s, p in zip(batch, document.sentences, strict=True)}
        return parsed


def _graph(
    sentences: Sequence[tuple[list[Any], list[Token]]], notes: tuple[str, ...]
) -> SceneGraph:
    builder = GraphBuilder()
    reader = SentenceReader(builder)
    for words, tokens in sentences:
        reader.read(build_sentence(words, tokens))
    return builder.build(notes)
