"""What strangers named, in tables, figures and logs."""

import csv
import io
import json
import logging
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatial_dual.datasets.quarantine import Finding
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
from spatial_dual.tables.table import Cell, Column, Row, Table

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
