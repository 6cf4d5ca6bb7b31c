"""Put a run's results into the README: `python docs/show_results.py [DATA]`, or `make readme`.

The headline figures of its metrics and Table 2's measured rows go between the marks of README.md,
small copies of the contact sheet and of two figures into docs/figures. Nothing else is touched.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from PIL import Image

from spatial_dual.tables.headline import headline
from spatial_dual.tables.table import Column, Row, Table

PROJECT = Path(__file__).resolve().parents[1]
MOST_BYTES = 300_000
FIGURES = {
    "figure_04.png": "Fig. 4: samples of both directions",
    "figure_06.png": "Fig. 6: nodes of scene graphs",
}
RESULTS, TABLE_2 = "results", "table 2"
"""Marks of the README."""


def measured(table: Table) -> str:
    """Markdown of the rows and columns that hold a figure of ours, and the notes on these."""
    kept = [k for k, column in enumerate(table.columns) if not column.published]
    rows = [row for row in table.rows if any(row.cells[k].mean is not None for k in kept)]
    filled = [k for k in kept if any(row.cells[k].mean is not None for row in rows)]
    lines = _table([table.columns[k] for k in filled], rows, filled, table.head)
    notes = [note for note in table.notes if "[published]" not in note]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def shown() -> str:
    """Markdown of the two figures."""
    return "".join(f"\n![{text}](docs/figures/{name})\n" for name, text in FIGURES.items())


def shrunk(source: Path, target: Path) -> None:
    """A copy with 128 colours, as large as ``MOST_BYTES`` allow."""
    picture = Image.open(source).convert("RGB")
    for share in (1.0, 0.8, 0.65, 0.5, 0.4):
        size = (round(share * picture.width), round(share * picture.height))
        smaller = picture.resize(size, Image.Resampling.LANCZOS).quantize(128)
        smaller.save(target, optimize=True)
        if target.stat().st_size <= MOST_BYTES:
            return


def put(readme: str, mark: str, content: str) -> str:
    """README with ``content`` between ``<!-- mark -->`` and ``<!-- end of mark -->``.

    Raises:
        ValueError: there are no such marks.
    """
    between = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)", re.DOTALL)
    if not between.search(readme):
        raise ValueError(f"README.md: no '<!-- {mark} -->' … '<!-- end of {mark} -->' to fill")
    return between.sub(lambda found: f"{found[1]}{content}{found[2]}", readme)


def latest_metrics(reporting: Path) -> dict[str, Any]:
    """The metrics of the last run.

    Raises:
        FileNotFoundError: there are none.
        ValueError: they are of another split than test.
    """
    versions = sorted((reporting / "metrics.json").glob("*/metrics.json"))
    if not versions:
        raise FileNotFoundError(f"{reporting}: no metrics; run `kedro run` first")
    metrics: dict[str, Any] = json.loads(versions[-1].read_text("utf-8"))
    if (split := metrics["protocol"]["split"]) != "test":
        raise ValueError(f"{versions[-1]}: of the {split} split; the README shows test figures")
    return metrics


def _table(columns: list[Column], rows: list[Row], kept: list[int], head: str) -> list[str]:
    def texts(row: Row) -> list[str]:
        return [row.cells[k].text(c.digits) for k, c in zip(kept, columns, strict=True)]

    return [
        f"| {head} | {' | '.join(column.title for column in columns)} |",
        f"|---|{'---:|' * len(columns)}",
        *(f"| {row.name} | {' | '.join(texts(row))} |" for row in rows),
    ]


def main() -> None:
    """Fill README.md and docs/figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=PROJECT / "data")
    reporting = parser.parse_args().data / "08_reporting"
    table = Table.model_validate_json((reporting / "paper/table_2.json").read_text("utf-8"))
    readme = PROJECT / "README.md"
    text = put(readme.read_text("utf-8"), RESULTS, headline(latest_metrics(reporting)))
    readme.write_text(put(text, TABLE_2, measured(table) + shown()), "utf-8")
    shrunk(reporting / "contact_sheet.png", PROJECT / "docs/figures/samples.png")
    for name in FIGURES:
        shrunk(reporting / "paper" / name, PROJECT / "docs/figures" / name)


if __name__ == "__main__":
    main()
