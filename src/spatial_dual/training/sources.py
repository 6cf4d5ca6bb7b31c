"""Which columns the trainings of steps 3 and 4 read."""

from spatial_dual.datasets.records import Records
from spatial_dual.models.graph_nodes import TAG_NAMES
from spatial_dual.training.record_source import RecordSource, prefixed

GRAPH_COLUMNS = ("gold_codes", "initial_codes", "stated", "present")


def graph_pairs(tokens: Records, graph_codes: Records, condition: str) -> RecordSource:
    """Initial and gold codes of an image view and a text view, with what c_I and c_Y are made of.

    ``condition`` is one of ``models.conditions.CONDITIONS``.
    """
    return RecordSource(_captions(tokens), **_graph_columns(tokens, graph_codes, condition))


def dual_examples(
    tokens: Records, graph_codes: Records, aligned: Records, priors: Records, condition: str
) -> RecordSource:
    """All that step 4 reads of a record: tokens, features, graphs, log-priors."""
    columns = _graph_columns(tokens, graph_codes, condition)
    columns["whole"] |= {
        "image_codes": (tokens, "image_codes"),
        "text_codes": (tokens, "text_codes"),  # all captions
        "log_prior_image": (priors, "image"),
    }
    columns["by_caption"] |= {"log_prior_text": (priors, "text")}
    columns["text_view"] |= prefixed(aligned, "gold", TAG_NAMES, "gold")
    return RecordSource(captions=_captions(tokens), **columns)


def _graph_columns(
    tokens: Records, graph_codes: Records, condition: str
) -> dict[str, dict[str, tuple[Records, str]]]:
    by_token = condition == "tokens"
    text = "clip_ids" if by_token else "clip_text"
    return {
        "whole": {"clip_image": (tokens, "clip_image_tokens" if by_token else "clip_image")},
        "by_caption": {text: (tokens, text)},
        "text_view": {f"text_{name}": (graph_codes, name) for name in GRAPH_COLUMNS},
        "image_view": {f"image_{name}": (graph_codes, name) for name in GRAPH_COLUMNS},
    }


def _captions(tokens: Records) -> int:
    return int(tokens.array("text_codes", [0]).shape[1])
