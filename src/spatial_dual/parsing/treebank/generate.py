"""The treebank as CoNLL-U text."""

import numpy as np

from spatial_dual.parsing.treebank.sentences import Grammar
from spatial_dual.parsing.treebank.trees import CLITICS, Tree
from spatial_dual.parsing.treebank.words import Words

LONGEST = 35
"""Words of the longest sentence kept: longer ones make training slow and captions are shorter."""


def generate_treebank(
    sentences: int, seed: tuple[int, ...], capitalised: float, invented: float, rare: float
) -> str:
    """CoNLL-U of captions with gold trees; the same arguments give the same text.

    Args:
        sentences: how many.
        seed: of all draws.
        capitalised: share that begins with a capital letter.
        invented: share of nouns and adjectives that are in no dictionary.
        rare: share of nouns and verbs that captions seldom have.
    """
    random = np.random.default_rng(seed)
    grammar = Grammar(Words(random, invented, rare))
    blocks: list[str] = []
    while len(blocks) < sentences:
        tree = grammar.sentence()
        if len(tree.words()) > LONGEST:
            continue
        if random.random() < capitalised:
            _capitalise(tree)
        blocks.append(f"# text = {tree.text()}\n{tree.conllu()}\n\n")
    return "".join(blocks)


def _capitalise(tree: Tree) -> None:
    first = tree.words()[0]
    if first.form not in CLITICS:
        first.form = first.form.capitalize()
