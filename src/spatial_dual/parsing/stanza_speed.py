"""What Stanza spends most of its time on and need not; what it finds stays the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray


@contextmanager
def without_compiler() -> Iterator[None]:
    """Spare a second of loading: torch imports its compiler for the first optimiser.

    Stanza makes optimisers even of models that are not to be trained.
    """
    import torch

    add: Any = torch.optim.Optimizer.add_param_group
    plain, mark = add.__wrapped__, "__dynamo_disable"  # what torch calls once the compiler is there
    known = hasattr(plain, mark)
    if not known:
        setattr(plain, mark, plain)
    try:
        yield
    finally:
        if not known:
            delattr(plain, mark)


def speed_up_stanza() -> None:
    """Let Stanza's parsers search for a tree only where the best heads make none.

    Its search for the best tree of one root is exact, and in plain Python: it contracts cycle
    after cycle of every sentence, which takes as long as all the networks together.
    """
    from stanza.models.depparse import model

    search = model.chuliu_edmonds_one_root
    if search.__module__ == __name__:
        return

    def best_tree(scores: NDArray[np.floating]) -> NDArray[np.intp]:
        heads = best_heads(scores)
        return heads if is_tree(heads) else search(scores)

    model.chuliu_edmonds_one_root = best_tree


def best_heads(scores: NDArray[np.floating]) -> NDArray[np.intp]:
    """Each word's head of highest score, that of the root (word 0) being itself.

    Args:
        scores: (n, n), of word y as the head of word x in row x; a word is no head of its own.
    """
    heads = scores.argmax(axis=1)
    heads[0] = 0
    return heads


def is_tree(heads: NDArray[np.intp]) -> bool:
    """Whether all words hang below word 0, and one alone directly: (n,) heads."""
    if np.count_nonzero(heads[1:] == 0) != 1:
        return False
    reached = heads
    for _ in range(len(heads).bit_length()):
        reached = reached[reached]  # twice as far up
    return not reached.any()
