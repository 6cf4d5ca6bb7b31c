"""Text tokenizer: captions to token ids z^Y and back, learnt from the training captions."""

import json
import string
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from spatial_dual.models.published_words import load_words, used_words

SPECIAL_TOKENS = ("<pad>", "<bos>", "<unk>", "<eos>")
PAD_ID, BOS_ID, UNK_ID, EOS_ID = range(4)
NORMALIZER = normalizers.Sequence([normalizers.NFC(), normalizers.Strip()])
PRE_TOKENIZER = pre_tokenizers.ByteLevel(add_prefix_space=True)


class TextTokenizer:
    """Byte-level BPE inside words; frequent words, with the space before them, are one token.

    Ids 0..3 are pad, bos, unk, eos. eos is not 2: CLIP's text model reads 2 as an old convention
    and would pool at the largest id instead of at eos.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        found = tuple(tokenizer.id_to_token(i) for i in range(len(SPECIAL_TOKENS)))
        if found != SPECIAL_TOKENS:
            raise ValueError(f"ids 0..3 must be {SPECIAL_TOKENS}, got {found}")
        self._tokenizer = tokenizer

    @classmethod
    def train(cls, captions: Iterable[str], vocabulary_size: int) -> Self:
        """Learn merges from captions; stops early when every word is one token.

        The alphabet is that of the captions and the ASCII letters; other characters become unk.

        Raises:
            ValueError: the vocabulary cannot hold special tokens and alphabet, or exceeds uint16.
        """
        smallest = len(SPECIAL_TOKENS) + len(string.ascii_letters)
        if not smallest < vocabulary_size <= 65536:
            raise ValueError(
                f"vocabulary_size must be in {smallest + 1}..65536, got {vocabulary_size}"
            )
        tokenizer = _around(models.BPE(unk_token=SPECIAL_TOKENS[UNK_ID]))
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary_size,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=list(string.ascii_letters),
            show_progress=False,
        )
        tokenizer.train_from_iterator(captions, trainer)
        return cls(tokenizer)

    @classmethod
    def from_published(cls, name: str, captions: Iterable[str], vocabulary_size: int) -> Self:
        """The tokens of a GPT-2 that captions use, under the special ones of this class.

        Args:
            name: of the checkpoint, a hub name or a local folder.
            captions: of the training split.
            vocabulary_size: ids at most, special ones included.

        Raises:
            ValueError: no such checkpoint, or no room for its single bytes.
        """
        whole = load_words(name)
        whole.normalizer, whole.pre_tokenizer = NORMALIZER, PRE_TOKENIZER
        tokens, merges = used_words(whole, captions, vocabulary_size - len(SPECIAL_TOKENS))
        numbers = {token: i for i, token in enumerate((*SPECIAL_TOKENS, *tokens))}
        tokenizer = _around(models.BPE(numbers, merges))
        tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
        return cls(tokenizer)

    @property
    def words(self) -> list[str]:
        """The token of every id, as the vocabulary writes it (a space before it is Ġ)."""
        vocabulary = self._tokenizer.get_vocab()
        return sorted(vocabulary, key=vocabulary.__getitem__)

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, the four special ones included."""
        return self._tokenizer.get_vocab_size()

    def encode_batch(self, texts: Sequence[str], length: int) -> np.ndarray:
        """Token ids ``(n, length)`` uint16: bos, text, eos, pad.

        A text that is too long loses its end, never its eos.

        Raises:
            ValueError: ``length`` leaves no room between bos and eos.
        """
        if length < 3:
            raise ValueError(f"length must be at least 3 (bos, a token, eos), got {length}")
        ids = np.full((len(texts), length), PAD_ID, np.uint16)
        for row, encoding in zip(ids, self._tokenizer.encode_batch_fast(list(texts)), strict=True):
            kept = encoding.ids[:length]
            row[: len(kept)] = kept
            if len(encoding.ids) > length:
                row[-1] = EOS_ID
        return ids

    def decode_batch(self, ids: np.ndarray) -> list[str]:
        """Texts of token ids ``(n, length)``, each up to its first eos, special tokens left out."""
        ids = np.asarray(ids)
        ended = np.cumsum(ids == EOS_ID, axis=1) > 0
        rows = np.where(ended, PAD_ID, ids).tolist()
        texts = self._tokenizer.decode_batch(rows, skip_special_tokens=True)
        return [text.removeprefix(" ") for text in texts]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready mapping in the format of the ``tokenizers`` library."""
        state: dict[str, Any] = json.loads(self._tokenizer.to_str())
        return state

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """Inverse of ``to_dict``.

        Raises:
            ValueError: the mapping is no tokenizer, or one with other special tokens.
        """
        try:
            tokenizer = Tokenizer.from_str(json.dumps(state))
            tokenizer.encode("a red cup")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the library raises bare Exception, or panics beyond it
            raise ValueError(f"not a text tokenizer: {error}; train it again") from error
        return cls(tokenizer)


def _around(model: models.BPE) -> Tokenizer:
    """A byte-level tokenizer of that model, with bos and eos around every text."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer, tokenizer.pre_tokenizer = NORMALIZER, PRE_TOKENIZER
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = TemplateProcessing(
        single=f"{SPECIAL_TOKENS[BOS_ID]} $A {SPECIAL_TOKENS[EOS_ID]}",
        special_tokens=[(SPECIAL_TOKENS[i], i) for i in (BOS_ID, EOS_ID)],
    )
    return tokenizer
