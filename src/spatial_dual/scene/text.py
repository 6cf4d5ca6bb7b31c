"""One normal form for captions from any source."""

import re
import unicodedata
from typing import Annotated

from pydantic import Field

MAX_CAPTION_WORDS = 100
MAX_CAPTION_CHARACTERS = 2000
"""Of the text as it came: writing without blanks has no long captions by words."""
MAX_LABEL_CHARACTERS = 100
_PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
_DROPPED = {"So", "Sk", "Cf", "Cs", "Co", "Cn", "Mn"}  # symbols such as emoji, and invisible marks
_SPACE_BEFORE = re.compile(r"\s+([.,;:!?])")
UnicodeText = Annotated[str, Field(min_length=0)]
"""A text of pydantic's models. With any constraint pydantic refuses lone surrogates, which JSON can
name, but no file and no tokenizer takes."""


def clean_caption(text: str) -> str:
    """Caption with plain quotes, single blanks, no control characters and no emoji; may be empty.

    Letters with accents stay (composed form); the blank before punctuation that tokenised
    captions have is taken out. Applying it twice changes nothing.

    Raises:
        ValueError: longer than ``MAX_CAPTION_WORDS`` words or ``MAX_CAPTION_CHARACTERS``, before
            or after.
    """
    _check_length(text)
    cleaned = _cleaned(text)
    # without an invisible mark its neighbours may compose to one letter
    while not cleaned.isascii() and (again := _cleaned(cleaned)) != cleaned:
        cleaned = again
    _check_length(cleaned)
    if (words := cleaned.count(" ") + 1) > MAX_CAPTION_WORDS:
        raise ValueError(f"caption of {words} words, at most {MAX_CAPTION_WORDS}")
    return cleaned


def clean_label(text: object) -> str:
    """Noun of an object or instance, in the normal form of captions.

    Raises:
        ValueError: no text, none with a letter or digit, or longer than ``MAX_LABEL_CHARACTERS``.
    """
    label = clean_caption(text) if isinstance(text, str) else ""
    if not any(map(str.isalnum, label)):
        raise ValueError(f"label {text!r:.40} is no word")
    if len(label) > MAX_LABEL_CHARACTERS:
        raise ValueError(f"label of {len(label)} characters, at most {MAX_LABEL_CHARACTERS}")
    return label


def clean_noun(text: object) -> str:
    """``clean_label`` in lower case; applying it twice changes nothing.

    Raises:
        ValueError: as ``clean_label``.
    """
    noun = clean_label(text)
    # lower case may bring marks that the normal form drops: "İ" becomes "i" and a dot above it
    while (again := clean_label(noun.lower())) != noun:
        noun = again
    return noun


def _check_length(text: str) -> None:
    if len(text) > MAX_CAPTION_CHARACTERS:
        raise ValueError(
            f"caption of {len(text)} characters (about {len(text.split())} words), at most "
            f"{MAX_CAPTION_CHARACTERS}"
        )


def _cleaned(text: str) -> str:
    kept = []
    for character in unicodedata.normalize("NFKC", text).translate(_PLAIN):
        category = unicodedata.category(character)
        if category in ("Cc", "Zs", "Zl", "Zp"):
            kept.append(" ")
        elif category not in _DROPPED:
            kept.append(character)
    return _SPACE_BEFORE.sub(r"\1", " ".join("".join(kept).split())).strip()
