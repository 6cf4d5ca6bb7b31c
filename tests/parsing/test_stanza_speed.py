"""What is left out changes nothing."""

import subprocess
import sys

import numpy as np
import pytest
from stanza.models.common.chuliu_edmonds import chuliu_edmonds_one_root

from spatial_dual.parsing.stanza_speed import best_heads, is_tree


def scores_of(random: np.random.Generator, words: int, sure: float) -> np.ndarray:
    """Log-probabilities of heads; the surer, the more often the best heads are a tree."""
    tree = [0, *(random.integers(0, i) if i > 1 else 0 for i in range(1, words))]
    raw = random.normal(size=(words, words))
    raw[np.arange(words), tree] += sure
    np.fill_diagonal(raw, -np.inf)
    return raw - np.logaddexp.reduce(raw, axis=1, keepdims=True)


@pytest.mark.parametrize("sure", [0.0, 2.0, 6.0])
def test_best_heads_that_are_a_tree_are_what_the_search_finds(sure: float) -> None:
    random = np.random.default_rng(0)
    trees = 0
    for words in [2, 3, 5, 9, 17, 33] * 20:
        scores = scores_of(random, words, sure)
        heads = best_heads(scores)
        if is_tree(heads):
            trees += 1
            assert heads[1:].tolist() == chuliu_edmonds_one_root(scores)[1:].tolist()
    assert trees >= 5


@pytest.mark.parametrize(
    ("heads", "tree"),
    [
        ([0, 0], True),
        ([0, 2, 0], True),
        ([0, 0, 0], False),
        ([0, 2, 1], False),
        ([0, 0, 3, 4, 2], False),
        ([0, 2, 3, 4, 5, 6, 7, 0], True),
    ],
)
def test_trees_have_one_root_and_no_circle(heads: list[int], tree: bool) -> None:
    assert is_tree(np.array(heads)) == tree


def test_models_are_loaded_without_torchs_compiler() -> None:
    code = (
        "import sys\n"
        "from spatial_dual.parsing.default import default_parser\n"
        "assert default_parser().parse(['a cup on a table'])[0].triplets()\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
