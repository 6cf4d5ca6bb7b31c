"""Node of the ``parsing_report`` pipeline."""

from typing import Any

Figures = dict[str, Any]


def report_parsing(captions: dict[str, Any], parsing: dict[str, Any]) -> Figures:
    """Figures and classes of errors on each set, and the models that were used."""
    from spatial_dual.metrics.caption_sets import figures_of
    from spatial_dual.parsing.default import parser_of

    parser = parser_of("stanza", parsing)
    sets = {
        name: figures_of(given, parser.parse(given.captions)) for name, given in captions.items()
    }
    return {"models": parsing["folder"] or "shipped", **sets}
