"""What strangers named, on the results page and in rating forms."""

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from kedro.io import DatasetError

from spatial_dual.datasets.returned_files import ReturnedFilesDataset
from spatial_dual.tables.page import report_page
from spatial_dual.tables.rating_form import Item, make_form, read_returned
from spatial_dual.tables.sharing import without_places
from tests.faults.test_faces import table
from tests.viz.browser import CHROMIUM, open_page

# the page

RUN = {
    "id": "1",
    "status": "failed",
    "command": ["/home/ann/env/bin/python", "-m", "kedro", "run", "--params=photos.path=/data/me"],
    "error": "OSError: '/home/ann/my pictures/x.png' on box17: no space",
    "note": "\ud800",
    "parameters": {"photos": {"path": "/data/me"}, "clip": "org/name", "share": 0.5},
    "machine": {"node": "box17", "system": "Linux", "machine": "x86_64", "cpus": 2},
    "git": {},
}
METRICS = {
    "draw": {"accuracy": 0.5},
    "refused": {"fid": "/opt/weights/inception.pt: SHA-256 differs"},
    "protocol": {"images": {"clip": "/opt/weights/clip"}, "seed": 0},
}


def page() -> str:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    return report_page(METRICS, [table("/home/ann/x", "/opt/w: gone")], {"figure_04": svg}, [RUN])


def test_the_page_names_no_machine_and_no_absolute_path():
    text = page()
    text.encode("utf-8")
    for told in ("box17", "/home", "ann", "/opt", "/data", "my pictures"):
        assert told not in text
    for kept in ("x86_64", "org/name", "…/me", "…/python", "…/x.png", "…/inception.pt", "0.5"):
        assert kept in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/home/me/x", "…/x"),
        ("--path=/home/me/pics,train=3", "--path=…/pics,train=3"),
        ("PATH=/usr/bin:/opt/x/bin", "PATH=…/bin:…/bin"),
        ('"file:///home/me/my data/a.py"', '"…/a.py"'),
        ("data/06_models/x.json, and/or 1 / 2, org/name", "same"),
        ("https://example.org/x/y", "same"),
        ("host host-2 myhost a.host", "… host-2 myhost a.host"),
    ],
)
def test_places_are_left_out_of_texts(text, told):
    assert without_places({"k": [text]}, "host") == {"k": [text if told == "same" else told]}


def policy(html: str) -> dict[str, list[str]]:
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if dict(attributes).get("http-equiv") == "Content-Security-Policy":
                found.append(dict(attributes)["content"])

    Reader().feed(html)
    (content,) = found
    return {name: values for name, *values in (rule.split() for rule in content.split(";"))}


def digest(html: str, element: str) -> str:
    content = re.search(f"<{element}>(.*?)</{element}>", html, re.DOTALL)[1]
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def test_page_and_form_allow_a_browser_their_own_parts_alone():
    form = make_form([Item("a", "si2t_accuracy", "1", "text", np.zeros((1, 8, 8, 3), np.uint8))], 0)
    for html, elements in ((page(), ("style",)), (form.html, ("style", "script"))):
        rules = policy(html)
        assert rules["default-src"] == ["'none'"]
        assert rules["img-src"] == ["data:"]
        for element in elements:
            assert rules[f"{element}-src"] == [digest(html, element)]
        assert "unsafe-inline" not in html
    assert "script-src" not in policy(page())


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_the_form_works_under_its_policy_and_what_a_caption_brings_does_not(tmp_path):
    pictures = np.full((1, 8, 8, 3), 200, np.uint8)
    form = make_form([Item("a", "si2t_accuracy", "1", "MARK", pictures)], 0)
    injected = '<img src="x" onerror="window.owned = 1"><script>window.owned = 2</script>'
    place = tmp_path / "form.html"
    place.write_text(form.html.replace("MARK", injected))
    with open_page(place.as_uri(), tmp_path / "profile") as browser:
        browser.wait_for("document.readyState == 'complete'")
        browser.wait_for("document.querySelector('img').naturalWidth == 256")
        browser.ask("document.querySelector('input[type=radio][value=\"4\"]').click()")
        assert browser.ask("document.getElementById('done').textContent") == "1"
        browser.ask(
            "const make = URL.createObjectURL.bind(URL); URL.createObjectURL = (blob) => { "
            "blob.text().then((text) => { window.saved = text; }); return make(blob); }; "
            "document.getElementById('rater').value = 'Ann'; "
            "document.getElementById('save').click()"
        )
        saved = json.loads(browser.wait_for("window.saved || ''"))
        assert saved == {"form": form.name, "rater": "Ann", "ratings": {"0": 4}}
        assert browser.ask("window.owned") is None


# rating forms


def test_captions_that_look_like_marks_of_the_form_stay_captions():
    text = "a {{form}} on {{count}} {{items}} {{policy}}"
    form = make_form([Item("a", "si2t_accuracy", "1", text, np.zeros((1, 8, 8, 3), np.uint8))], 0)
    assert f"<blockquote>{text}</blockquote>" in form.html
    assert form.html.count("<section") == 1


KEY = {"form": "f", "items": [{"system": "s", "question": "q", "sample": str(k)} for k in range(3)]}


def returned(ratings: object, rater: object = "a") -> dict[str, object]:
    return {"x.json": {"form": "f", "rater": rater, "ratings": ratings}}


def test_an_item_counts_once_however_it_is_written():
    rows = read_returned(KEY, returned({"0": 4, "00": 4, " 0 ": 4, "1": 2}))
    assert [(row[3], row[4]) for row in rows] == [(0, 4), (1, 2)]
    with pytest.raises(ValueError, match=r"x\.json: ratings\.00: rated 4 too"):
        read_returned(KEY, returned({"0": 4, "00": 5}))


@pytest.mark.parametrize(
    "ratings",
    [
        *({name: 3} for name in ("x", "", "-1", "1_0", "٠", "1.0", "9" * 5000, "3")),
        *({"0": rating} for rating in (True, 3.0, "3", None, [3], 0, 6, 10**400)),
        *([1, 2], None, "0", 3),
    ],
)
def test_what_is_no_rating_is_named(ratings):
    with pytest.raises(ValueError, match=r"x\.json: ratings"):
        read_returned(KEY, returned(ratings))


@pytest.mark.parametrize("rater", ["", "  ", None, 3, ["a"]])
def test_a_rater_without_a_name_is_named_by_the_file(rater):
    with pytest.raises(ValueError, match=r"x\.json: rater"):
        read_returned(KEY, returned({"0": 3}, rater))


def test_one_rater_under_two_spellings_counts_once():
    files = {
        f"{k}.json": {"form": "f", "rater": name, "ratings": {"0": 3}}
        for k, name in enumerate(["Ann B", " Ann  B\n"])
    }
    with pytest.raises(ValueError, match="keep one of them"):
        read_returned(KEY, files)


@pytest.mark.parametrize("kind", ["html", "deep", "latin", "pipe", "folder", "huge"])
def test_a_returned_file_that_is_no_form_is_named(tmp_path, kind):
    place = tmp_path / "x.json"
    contents = {"html": b"<html>", "deep": b"[" * 200_000, "latin": b'{"rater": "\xe9"}'}
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "huge":
        with place.open("wb") as stream:
            stream.truncate(1 << 40)
    else:
        place.write_bytes(contents[kind])
    with pytest.raises(DatasetError, match=r"x\.json: .*ask for the file again"):
        ReturnedFilesDataset(path=str(tmp_path)).load()
