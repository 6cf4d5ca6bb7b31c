"""What strangers named, in tables, figures, pages, forms and logs."""

import base64
import csv
import hashlib
import io
import json
import logging
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from PIL import Image

from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.returned_files import ReturnedFilesDataset
from spatial_dual.figures.chart import Chart, Panel, Series
from spatial_dual.figures.depth_views import DepthView, depth_figure
from spatial_dual.figures.forms import Picture
from spatial_dual.figures.space import space_figure
from spatial_dual.hooks import PrintableLogs
from spatial_dual.metrics.table import as_markdown
from spatial_dual.perception.camera import Camera
from spatial_dual.printing import csv_cell, from_csv_cell, markdown_cell, printable
from spatial_dual.scene.graph import Box3D, SceneGraph, SceneObject
from spatial_dual.settings import HOOKS
from spatial_dual.tables.page import report_page
from spatial_dual.tables.rating_form import Item, make_form, read_returned
from spatial_dual.tables.sharing import without_places
from spatial_dual.tables.table import Cell, Column, Row, Table
from tests.viz.browser import CHROMIUM, open_page

NAMES = st.text(st.sampled_from('=+-@|^~"$\\`<>&%#_{}[]()\n\r\t\x1b\x00éa1 ')) | st.text()


def table(name: str, reason: str = "not run") -> Table:
    rows = (Row(name=name, cells=(Cell(mean=-1.5, seeds=1), Cell(reason=reason))),)
    columns = (Column(heading="FID↓"), Column(heading=name or "x"))
    return Table(number=2, title=name, columns=columns, rows=rows, notes=(name,))


# tables


@given(NAMES, NAMES)
def test_no_cell_of_a_csv_is_a_formula_and_numbers_stay(name, reason):
    rows = list(csv.reader(io.StringIO(table(name, reason).to_csv(), newline="")))
    assert {len(row) for row in rows} == {11}
    texts = [*rows[0], rows[1][0], rows[1][10]]
    assert not any(text.startswith(tuple("=+-@\t\r\n")) for text in texts)
    assert from_csv_cell(rows[1][0]) == printable(name)
    assert rows[1][1] == "-1.5"


@given(NAMES)
def test_a_cell_of_a_csv_is_read_back(text):
    assert from_csv_cell(csv_cell(text)) == text


@given(NAMES, NAMES)
def test_markdown_has_as_many_columns_and_lines_as_the_table(name, reason):
    text = table(name, reason).to_markdown()
    notes = 1 + bool(reason)
    assert re.split(r"[\r\n]", text)[:2] == [f"# Table 2. {markdown_cell(name)}", ""]
    assert len(re.split(r"[\r\n]", text)) == 7 + notes
    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows} == {4}
    assert "<" not in text
    assert "](" not in text


def test_markdown_of_figures_keeps_to_its_columns():
    metrics = {"refused": {"fid": "a | b\n<i>"}, "protocol": {"clip": "[x](http://y)`|"}}
    text = as_markdown(metrics)
    assert r"– (a \| b\\n&lt;i>) |" in text
    assert r"- clip: [x]\(http://y)\`\|" in text


@given(NAMES)
def test_latex_holds_no_sign_of_its_own_meaning(name):
    caption = re.search(r"\\caption\{(.*)\}\n\\begin", table(name).to_latex(), re.DOTALL)[1]
    known = r"\\textbackslash\{\}|\\textascii(?:circum|tilde|grave)\{\}|\\text(?:less|greater|bar)"
    plain = re.sub(rf"{known}\{{\}}|{known}|\\[&%$#_{{}}]|\$[^$]*\$|\\ldots\{{\}}", "", caption)
    assert not set('\\^~"$`<>&%#_|\n\r\t\x1b') & set(plain)


def test_latex_of_the_signs_that_were_missing():
    assert r"a\textasciicircum{}b\textasciitilde{}c''d\textbar{}" in table('a^b~c"d|').to_latex()


# figures


def chart(text: str) -> Chart:
    series = Series(text, (1.0, 2.0), (None, None))
    return Chart(text, (Panel(text, text, (text, "b"), (series,)),), notes=(text,))


@pytest.mark.parametrize("text", [r"a $\frac{1$ b", "$x_2$", "100 $ and 200 $", "$"])
def test_a_dollar_sign_is_no_formula(text):
    assert chart(text).to_png()
    thing = SceneObject(label=text, box=Box3D(center=(0, 0, 3), size=(1, 1, 1)))
    graph = SceneGraph(objects=(thing,), place=text)
    depth, picture = np.full((8, 8), 3.0), np.zeros((8, 8, 3), np.uint8)
    view = DepthView(text, picture, depth, graph, Camera(), np.eye(3))
    figure = depth_figure([view])
    figure.savefig(io.BytesIO(), format="png")
    words = [each for axes in figure.axes for each in (*axes.texts, axes.title) if each.get_text()]
    assert {each.get_parse_math() for each in words} == {False}


def test_titles_and_labels_are_no_markup():
    hostile = '</title><script>x</script>"&'
    svg = Picture(Image.new("RGB", (2, 2)), hostile).to_svg()
    assert ElementTree.fromstring(svg)[0].text == hostile
    thing = SceneObject(label="<a href='x'>cup</a>", box=Box3D(center=(0, 0, 3), size=(1, 1, 1)))
    view = DepthView(
        "<b>view",
        np.zeros((8, 8, 3), np.uint8),
        np.full((8, 8), 3.0),
        SceneGraph(objects=(thing,)),
        Camera(),
        np.eye(3),
    )
    body = json.loads(space_figure([view]).to_json())
    texts = [body["data"][1]["name"], body["data"][1]["text"]]
    texts.append(body["layout"]["updatemenus"][0]["buttons"][0]["label"])
    assert not any("<" in text.replace("<br>", "") for text in texts)


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


# logs


def test_names_in_logs_cannot_forge_a_line_or_write_to_the_terminal():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("spatial_dual.x")
    hook, before = sys.excepthook, {h: h.formatter for h in logging.root.handlers}
    logging.root.addHandler(handler)
    try:
        for _ in range(2):  # a second session in one process changes nothing
            PrintableLogs().after_context_created()
        forged = "x\n12:00:00 INFO    all is well\x1b[2J\u202e"
        logger.warning("left out: %s", Finding(forged, forged, forged))
        logger.warning("read %s", forged)
        try:
            raise ValueError(forged)
        except ValueError:
            logger.exception("failed")
    finally:
        logging.root.removeHandler(handler)
        sys.excepthook = hook
        for other, formatter in before.items():
            other.setFormatter(formatter)
    lines = stream.getvalue().splitlines()
    assert all(line.isprintable() for line in lines)
    assert len([line for line in lines if re.match(r"\d\d:\d\d:\d\d ", line)]) == 3
    assert r"left out: x\n12:00:00" in lines[0]
    assert lines[2] == r"  12:00:00 INFO    all is well\x1b[2J\u202e"


def test_the_hook_is_one_of_the_projects():
    assert any(isinstance(hook, PrintableLogs) for hook in HOOKS)


def test_the_error_that_ends_a_run_cannot_write_to_the_terminal():
    code = (
        "from spatial_dual.hooks import PrintableLogs; PrintableLogs().after_context_created()\n"
        "raise ValueError('a\\x1b[2J\\x9b\\u202eb')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: a\\x1b[2J\\x9b\\u202eb\n")
