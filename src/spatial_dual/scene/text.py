"""One normal form for captions from any source."""

import re
import unicodedata

MAX_CAPTION_WORDS = 100
MAX_CAPTION_CHARACTERS = 2000
"""Of the text as it came: writing without blanks has no long captions by words."""
_PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
_DROPPED = {"So", "Sk", "Cf", "Cs", "Co", "Cn", "Mn"}  # symbols such as emoji, and invisible marks
_SPACE_BEFORE = re.compile(r"\s+([.,;:!?])")


def clean_caption(text: str) -> str:
    """Caption with plain quotes, single blanks, no control characters and no emoji; may be empty.

    Letters with accents stay (composed form); the blank before punctuation that tokenised
    captions have is taken out. Applying it twice changes nothing.

    Raises:
        ValueError: longer than ``MAX_CAPTION_WORDS`` words or ``MAX_CAPTION_CHARACTERS``.
    """
    if len(text) > MAX_CAPTION_CHARACTERS:
        raise ValueError(
            f"caption of {len(text)} characters (about {len(text.split())} words), at most "
            f"{MAX_CAPTION_CHARACTERS}"
        )
    kept = []
    for character in unicodedata.normalize("NFKC", text).translate(_PLAIN):
        category = unicodedata.category(character)
        if category in ("Cc", "Zs", "Zl", "Zp"):
            kept.append(" ")
        elif category not in _DROPPED:
            kept.append(character)
    words = "".join(kept).split()
    if len(words) > MAX_CAPTION_WORDS:
        raise ValueError(f"caption of {len(words)} words, at most {MAX_CAPTION_WORDS}")
    return _SPACE_BEFORE.sub(r"\1", " ".join(words)).strip()
