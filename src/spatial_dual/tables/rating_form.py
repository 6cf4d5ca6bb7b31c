"""The form that people rate samples with: one HTML file, blind and shuffled, no server."""

import base64
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from PIL import Image

from spatial_dual.tables.sharing import content_policy

QUESTIONS: Mapping[str, str] = {
    "st2i_accuracy": "How well does the picture show where the text says things are?",
    "si2t_accuracy": "How true is what the text says about where things are in the picture?",
    "diversity": "How different are these pictures from each other?",
}
SCALE = (1, 2, 3, 4, 5)
SIDE = 256


@dataclass(frozen=True)
class Item:
    """One thing to rate.

    Attributes:
        system: whose sample it is; never in the form.
        question: key of ``QUESTIONS``.
        sample: id of the record, or of the first of several.
        text: beside the pictures; empty for none.
        images: uint8 (n, H, W, 3).
    """

    system: str
    question: str
    sample: str
    text: str
    images: np.ndarray


@dataclass(frozen=True)
class KeyEntry:
    """What hides behind the item of a form."""

    system: str
    question: str
    sample: str


@dataclass(frozen=True)
class RatingForm:
    """A form and its key.

    Attributes:
        html: for the raters.
        name: hash that returned ratings must name.
        key: number of the item in the form → what it is; stays with the experimenter.
    """

    html: str
    name: str
    key: tuple[KeyEntry, ...]

    def key_json(self) -> dict[str, Any]:
        """JSON-ready key."""
        return {"form": self.name, "items": [asdict(entry) for entry in self.key]}


def make_form(items: Sequence[Item], seed: int) -> RatingForm:
    """Shuffle the items and write the form.

    Raises:
        ValueError: nothing to rate.
    """
    if not items:
        raise ValueError("a rating form needs at least one item")
    order = np.random.default_rng(seed).permutation(len(items)).tolist()
    shuffled = [items[k] for k in order]
    sections = [_section(number, item) for number, item in enumerate(shuffled)]
    name = hashlib.sha256("".join(sections).encode()).hexdigest()[:16]
    template = (files(__package__) / "rating_form.html").read_text("utf-8")
    parts = {
        "policy": content_policy(template),
        "form": name,
        "count": str(len(sections)),
        "items": "\n".join(sections),
    }
    # all at once: a caption may hold "{{form}}" itself
    html = re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], template)
    key = tuple(KeyEntry(item.system, item.question, item.sample) for item in shuffled)
    return RatingForm(html, name, key)


def read_returned(
    key: Mapping[str, Any], returned: Mapping[str, Any]
) -> list[tuple[str, str, str, int, int]]:
    """Rows (rater, system, question, item, rating) of returned files.

    Args:
        key: ``RatingForm.key_json``.
        returned: file name → its JSON ``{form, rater, ratings: {item: 1…5}}``.

    Raises:
        ValueError: a file that is no form's or of another form, an unknown item, an item rated
            twice and differently, a rating off the scale, or two files of one rater; the message
            names the file.
    """
    rows: list[tuple[str, str, str, int, int]] = []
    raters: dict[str, str] = {}
    for file, content in sorted(returned.items()):
        rater = _rater(file, content, key["form"])
        if rater in raters:
            raise ValueError(f"{file}: rater {rater!r} is in {raters[rater]} too; keep one of them")
        raters[rater] = file
        for number, rating in sorted(_ratings(file, content["ratings"], len(key["items"])).items()):
            entry = key["items"][number]
            rows.append((rater, entry["system"], entry["question"], number, rating))
    return rows


def _ratings(file: str, given: Mapping[str, Any], items: int) -> dict[int, int]:
    """Rating of each item, once: "0", "00" and " 0 " are the same item."""
    ratings: dict[int, int] = {}
    for item, rating in given.items():
        number = int(item) if re.fullmatch(r" *[0-9]{1,9} *", item) else items
        if number >= items or type(rating) is not int or rating not in SCALE:
            raise ValueError(
                f"{file}: ratings.{item}: {rating!r} is no rating of 1 to 5 of one of {items} items"
            )
        if ratings.setdefault(number, rating) != rating:
            raise ValueError(f"{file}: ratings.{item}: rated {ratings[number]} too; keep one")
    return ratings


def _rater(file: str, content: Any, form: str) -> str:
    fields = ("form", "rater", "ratings")
    if not isinstance(content, Mapping) or any(field not in content for field in fields):
        raise ValueError(f"{file}: not a file that the form saved; it needs {', '.join(fields)}")
    if not isinstance(content["ratings"], Mapping):
        raise ValueError(f"{file}: ratings: not a file that the form saved; wanted item: rating")
    if content["form"] != form:
        raise ValueError(
            f"{file}: form: rates form {content['form']!r}, the present one is {form!r}; take the "
            "file away, or make the form of that time again"
        )
    rater = content["rater"]
    if not isinstance(rater, str) or not rater.strip():
        raise ValueError(f"{file}: rater: {rater!r} is no name or code")
    return " ".join(rater.split())


def _section(number: int, item: Item) -> str:
    pictures = "".join(f'<img alt="" src="{_data_url(image)}">' for image in item.images)
    text = f"<blockquote>{escape(item.text)}</blockquote>" if item.text else ""
    choices = "".join(
        f'<label><input type="radio" name="item-{number}" value="{value}">{value}</label>'
        for value in SCALE
    )
    return (
        f'<section data-item="{number}"><h2>{number + 1}</h2><div class="pictures">{pictures}</div>'
        f"{text}<p>{escape(QUESTIONS[item.question])}</p>"
        f'<div class="scale"><span>not at all</span>{choices}<span>fully</span></div></section>'
    )


def _data_url(pixels: np.ndarray) -> str:
    stream = io.BytesIO()
    picture = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    picture.save(stream, format="JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
