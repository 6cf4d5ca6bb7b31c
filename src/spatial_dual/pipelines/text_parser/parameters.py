"""Parameters of the ``text_parser`` stage."""

from spatial_dual.pipelines.parameters import Count, Section, Share

StanzaOptions = dict[str, bool | int | float | str]
"""Options of one of Stanza's training programs, see ``parsing.stanza_training.wrong_options``."""


class TreebankSizes(Section):
    """Sentences of each part."""

    train: Count
    dev: Count


class TreebankParameters(Section):
    """How the treebank is drawn."""

    sentences: TreebankSizes
    capitalised: Share
    invented: Share
    rare: Share


class TextParserParameters(Section):
    """``parameters_text_parser.yml``; what each key means is said there."""

    treebank: TreebankParameters
    tokenizer: StanzaOptions
    splitter: StanzaOptions
    tagger: StanzaOptions
    lemmatizer: StanzaOptions
    parser: StanzaOptions

    def programs(self) -> dict[str, StanzaOptions]:
        """Options by the model that they train."""
        return {name: value for name, value in self if isinstance(value, dict)}
