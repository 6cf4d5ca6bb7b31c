"""Networks of damaged weights are stopped before anything is chosen by what they answer.

``argmax`` of NaN is some class, and NaN as a pixel is some grey: neither shows what went wrong.
"""

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

DAMAGED = "its weights are damaged, or what it was given is"


def check_numbers(values: Tensor, what: str) -> None:
    """Stop at NaN and at +inf, which no network answers; −inf is a class that is ruled out.

    Args:
        values: logits, features or pixels of any shape.
        what: the network, for the message.

    Raises:
        FloatingPointError: there is such a value.
    """
    if values.is_meta:  # has no values
        return
    bad = ~(values < torch.inf)
    if bool(bad.any()):
        raise FloatingPointError(
            f"{what} gave NaN or infinity in {int(bad.sum())} of {bad.numel()} places; {DAMAGED}"
        )


class NumbersAlone(LogitsProcessor):
    """Lets the scores of ``generate`` through as they are, or stops, see ``check_numbers``."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores (batch, words) of the next word."""
        check_numbers(scores, self._what)
        return scores

    @classmethod
    def only(cls, what: str) -> LogitsProcessorList:
        """As the argument ``logits_processor`` of ``generate``."""
        return LogitsProcessorList([cls(what)])
