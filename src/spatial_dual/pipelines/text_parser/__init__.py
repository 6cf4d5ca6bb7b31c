"""Stage ``text_parser``: the Stanza package that parses captions, from a treebank of our own."""

from spatial_dual.pipelines.text_parser.pipeline import create_pipeline

__all__ = ["create_pipeline"]
