import json

import numpy as np
import pytest

from spatial_dual.models.text_tokenizer import BOS_ID, EOS_ID, PAD_ID, UNK_ID, TextTokenizer

CAPTIONS = [
    f"A {size} {colour} {thing} is {relation} the table, and a lamp stands behind it."
    for size in ("small", "large")
    for colour in ("red", "blue", "striped")
    for thing in ("cup", "book", "ball")
    for relation in ("on", "under", "to the left of")
]


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer.train(CAPTIONS, 512)


def test_known_captions_round_trip_exactly(tokenizer):
    assert tokenizer.decode_batch(tokenizer.encode_batch(CAPTIONS, 32)) == CAPTIONS


def test_frequent_words_are_one_token(tokenizer):
    ids = tokenizer.encode_batch(["red cup on the table"], 16)[0]
    assert np.count_nonzero(ids) == 2 + 5


def test_unseen_words_are_spelled_and_round_trip(tokenizer):
    text = "a giraffe behind the xylophone"
    assert tokenizer.decode_batch(tokenizer.encode_batch([text], 48)) == [text]


def test_unknown_characters_become_unk(tokenizer):
    assert UNK_ID in tokenizer.encode_batch(["cup \u4e2d"], 16)


def test_layout_is_bos_text_eos_pad(tokenizer):
    ids = tokenizer.encode_batch(["red cup", ""], 6)
    assert ids.dtype == np.uint16
    assert ids[0, 0] == BOS_ID
    assert ids[0, 3:].tolist() == [EOS_ID, PAD_ID, PAD_ID]
    assert ids[1].tolist() == [BOS_ID, EOS_ID, *[PAD_ID] * 4]


def test_long_texts_lose_their_end_but_not_eos(tokenizer):
    ids = tokenizer.encode_batch([CAPTIONS[0]], 6)
    assert ids[0, -1] == EOS_ID
    assert CAPTIONS[0].startswith(tokenizer.decode_batch(ids)[0])


def test_decoding_stops_at_the_first_eos(tokenizer):
    ids = tokenizer.encode_batch(["red cup"], 8)
    ids[0, 5:] = ids[0, 1]
    assert tokenizer.decode_batch(ids) == ["red cup"]


def test_json_round_trip_and_equal_bytes_when_trained_again(tokenizer):
    text = json.dumps(tokenizer.to_dict())
    assert json.dumps(TextTokenizer.train(CAPTIONS, 512).to_dict()) == text
    restored = TextTokenizer.from_dict(json.loads(text))
    assert restored.vocabulary_size == tokenizer.vocabulary_size
    assert np.array_equal(restored.encode_batch(CAPTIONS, 32), tokenizer.encode_batch(CAPTIONS, 32))


def test_bad_input_is_refused(tokenizer):
    with pytest.raises(ValueError, match="got 20"):
        TextTokenizer.train(CAPTIONS, 20)
    with pytest.raises(ValueError, match="got 2"):
        tokenizer.encode_batch(["red"], 2)
    with pytest.raises(ValueError, match="not a text tokenizer"):
        TextTokenizer.from_dict({"model": 1})
    state = tokenizer.to_dict()
    state["added_tokens"][1]["content"] = "<start>"
    state["model"]["vocab"]["<start>"] = state["model"]["vocab"].pop("<bos>")
    with pytest.raises(ValueError, match="<start>"):
        TextTokenizer.from_dict(state)
