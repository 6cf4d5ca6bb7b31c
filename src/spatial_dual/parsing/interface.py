"""What every caption parser offers."""

from collections.abc import Sequence
from typing import Protocol

from spatial_dual.scene.graph import SceneGraph


class TextGraphParser(Protocol):
    """Parses captions to textual scene graphs, a batch at a time."""

    def parse(self, texts: Sequence[str]) -> list[SceneGraph]:
        """One graph a caption, in order; relations have source "text".

        Objects are the nouns the text names (singular, compounds kept: "water bottle"), in order
        of first mention; later definite mentions ("the red cup") are the same object. Predicates
        are the nine spatial ones, "part of", or a verb in the third person with its preposition
        ("holds", "looks at"). A text without an object gives an empty graph, never an error.
        """
        ...
