import json
import math
import shutil

import pytest

from spatial_dual.metrics.captions import bleu4, caption_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("A dog's bowl, on the floor.", ["a", "dog", "'s", "bowl", "on", "the", "floor"]),
        ("It isn't there!", ["it", "is", "n't", "there"]),
        ('The t-shirt says "go"', ["the", "t-shirt", "says", "go"]),
        ("", []),
    ],
)
def test_tokens(text, tokens):
    assert caption_tokens(text) == tokens


def test_equal_captions_score_100():
    text = "a red cup on a table"
    assert bleu4([text], [[text.upper() + ".", "something else"]]) == pytest.approx(100)


def test_bleu_is_the_hand_worked_figure():
    # 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 fours; 5 words against 6
    got = bleu4(["a red cup on wood"], [["a red cup on a table"]])
    want = 100 * math.exp(1 - 6 / 5) * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert got == pytest.approx(want)


def test_no_common_four_words_is_zero():
    assert bleu4(["a b c d"], [["e f g h", "a b c x"]]) == 0


def test_references_must_be_there():
    with pytest.raises(ValueError, match="at least one reference"):
        bleu4(["a"], [[]])
    with pytest.raises(ValueError, match="as many groups"):
        bleu4(["a", "b"], [["a"]])


def test_bleu_of_the_same_words_is_that_of_the_coco_evaluation():
    """Which scores words that are divided by blanks; its own division into words needs Java."""
    scorer = pytest.importorskip("pycocoevalcap.bleu.bleu")
    captions = [
        "a red cup stands on the brown table",
        "a dog's bowl, left of a box",
        "no such words",
    ]
    references = [
        ["a red cup on a table", "the red cup stands on a small brown table"],
        ["the bowl of a dog is left of a box", "a dog's bowl left of the box", "a bowl"],
        ["a lamp above a green chair"],
    ]
    said = {k: [" ".join(caption_tokens(text))] for k, text in enumerate(captions)}
    known = {
        k: [" ".join(caption_tokens(text)) for text in group] for k, group in enumerate(references)
    }
    theirs, _ = scorer.Bleu(4).compute_score(known, said, verbose=0)
    assert theirs[3] > 0.1
    assert bleu4(captions, references) == pytest.approx(100 * theirs[3], abs=1e-6)


def test_bleu_equals_the_coco_evaluation_on_vsd(shared_data):
    tokenizer = pytest.importorskip("pycocoevalcap.tokenizer.ptbtokenizer")
    scorer = pytest.importorskip("pycocoevalcap.bleu.bleu")
    if not shutil.which("java"):
        pytest.skip("the COCO evaluation's tokeniser needs Java")
    records = json.loads((shared_data / "vsd/v1_val.json").read_text())
    groups = [r["captions"] for r in records if len(r["captions"]) > 1][:400]
    captions, references = [g[0] for g in groups], [g[1:] for g in groups]
    tokens = tokenizer.PTBTokenizer()
    entry = [
        {str(k): [{"caption": t} for t in g] for k, g in enumerate(side)}
        for side in ([[c] for c in captions], references)
    ]
    theirs, _ = scorer.Bleu(4).compute_score(
        tokens.tokenize(entry[1]), tokens.tokenize(entry[0]), verbose=0
    )
    assert bleu4(captions, references) == pytest.approx(100 * theirs[3], abs=0.1)
