import csv
import io
from html.parser import HTMLParser

import pytest

from spatial_dual.tables.page import report_page
from spatial_dual.tables.table import Cell, Column, Row, Table

TABLE = Table(
    number=2,
    title="Systems & figures",
    columns=(
        Column(heading="FID↓"),
        Column(heading="BLEU4↑", digits=1),
        Column(heading="FID↓", published=True),
    ),
    rows=(
        Row(
            name="SD³",
            cells=(
                Cell(mean=11.041, deviation=0.5, seeds=3, samples=500),
                Cell(mean=56.26, seeds=1, samples=500),
                Cell(mean=11.04),
            ),
        ),
        Row(name="a_b", cells=(Cell(reason="not run"), Cell(reason="not run"), Cell())),
    ),
    notes=("5 % of <all>",),
)


def test_texts_of_cells():
    assert Cell(mean=1.005, deviation=0.25).text(2) == "1.00 ± 0.25"
    assert Cell(mean=3).text(1) == "3.0"
    assert Cell().text(2) == "–"


def test_csv_keeps_precision_and_reasons():
    rows = list(csv.reader(io.StringIO(TABLE.to_csv())))
    assert rows[0][:6] == ["system", "FID↓", "FID↓ sd", "FID↓ seeds", "FID↓ n", "FID↓ missing"]
    assert rows[0][-1] == "FID↓ [published]"
    assert rows[1][1:6] == ["11.041", "0.5", "3", "500", ""]
    assert rows[2][5] == "not run"
    assert {len(row) for row in rows} == {12}


def test_markdown_marks_what_is_published_and_why_a_dash_is_one():
    text = TABLE.to_markdown()
    assert "| system | FID↓ | BLEU4↑ | FID↓ [published] |" in text
    assert "| SD³ | 11.04 ± 0.50 | 56.3 | 11.04 |" in text
    assert "- – a_b: not run" in text


def test_latex_is_escaped_booktabs():
    text = TABLE.to_latex()
    assert r"\caption{Systems \& figures}" in text
    assert r"\toprule" in text
    assert r"a\_b & -- & -- & -- \\" in text
    assert r"SD$^3$ & 11.04 $\pm$ 0.50 & 56.3 & 11.04 \\" in text
    assert text.isascii()


def test_json_round_trip():
    assert Table.model_validate_json(TABLE.model_dump_json()) == TABLE


class Balance(HTMLParser):
    """Open tags, which must be empty at the end, and the addresses that the page needs."""

    void = frozenset(["meta", "img"])

    def __init__(self):
        super().__init__()
        self.open, self.needed, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.void:
            self.open.append(tag)
        self.needed += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_page_is_whole_and_needs_nothing_else():
    metrics = {
        "draw": {"object_accuracy": 0.25},
        "refused": {"images.fid": "4 pictures <50>"},
        "protocol": {"seed": 0, "versions": {"torch": "2"}},
    }
    page = Balance()
    source = report_page(metrics, [TABLE], {"figure_04": "<svg/>"}, [])
    page.feed(source)
    assert page.open == []
    assert all(address.startswith(("#", "data:")) for address in page.needed)
    assert "<script" not in source
    assert "://" not in source
    text = " ".join(page.text)
    for expected in ("4 pictures <50>", "draw.object_accuracy", "5 % of <all>", "Figure 4"):
        assert expected in text


@pytest.mark.parametrize("text", ["α ≥ .5", "text→3DSG", "…-scenes"])
def test_latex_knows_the_signs_that_tables_use(text):
    table = Table(number=1, title=text, columns=(), rows=())
    assert table.to_latex().isascii()
