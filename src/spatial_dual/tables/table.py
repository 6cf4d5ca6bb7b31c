"""A table for a paper: typed cells, and its forms as CSV, Markdown, LaTeX (booktabs) and HTML."""

import csv
import io
from collections.abc import Iterable
from html import escape

from pydantic import BaseModel, ConfigDict

from spatial_dual.printing import csv_cell, markdown_cell, printable

DASH = "–"
_LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "^": "\\textasciicircum{}",
    "~": "\\textasciitilde{}",
    '"': "''",
    "`": "\\textasciigrave{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
    "↓": "$\\downarrow$",
    "↑": "$\\uparrow$",
    "±": "$\\pm$",
    "³": "$^3$",
    "·": "$\\cdot$",
    "–": "--",
    "→": "$\\rightarrow$",
    "≥": "$\\geq$",
    "²": "$^2$",
    "∩": "$\\cap$",
    "α": "$\\alpha$",
    "…": "\\ldots{}",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Cell(_Frozen):
    """One entry: a figure over seeds, a published figure, or a dash with its reason.

    Attributes:
        mean: over seeds; None for a dash.
        deviation: sample standard deviation over seeds; None for a single seed.
        seeds: how many.
        samples: that each seed's figure was taken on.
        reason: why there is no figure.
    """

    mean: float | None = None
    deviation: float | None = None
    seeds: int = 0
    samples: int | None = None
    reason: str | None = None

    def text(self, digits: int) -> str:
        """Mean ± deviation with ``digits`` after the point, the mean alone, or a dash."""
        if self.mean is None:
            return DASH
        spread = "" if self.deviation is None else f" ± {self.deviation:.{digits}f}"
        return f"{self.mean:.{digits}f}{spread}"


class Column(_Frozen):
    """Heading, digits after the point, and whether the numbers are the paper's own."""

    heading: str
    digits: int = 2
    published: bool = False

    @property
    def title(self) -> str:
        """The heading, marked if its numbers are published ones."""
        return f"{self.heading} [published]" if self.published else self.heading


class Row(_Frozen):
    """A system and its cells, one a column."""

    name: str
    cells: tuple[Cell, ...]


class Table(_Frozen):
    """Rows under columns, with the notes that belong below.

    Attributes:
        number: of the paper's table.
        title: what it shows.
        head: heading of the row names.
        columns: of the cells.
        rows: all as long as ``columns``.
        notes: how it was taken, what is missing, what is significant.
    """

    number: int
    title: str
    head: str = "system"
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def to_csv(self) -> str:
        """Full precision; of ours also deviation, seeds, samples, and the reason of a dash."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        headings = [
            f"{column.title}{part}"
            for column in self.columns
            for part in (("",) if column.published else ("", " sd", " seeds", " n", " missing"))
        ]
        writer.writerow(map(_csv, [self.head, *headings]))
        for row in self.rows:
            values: list[object] = [_csv(row.name)]
            for column, cell in zip(self.columns, row.cells, strict=True):
                values.append(cell.mean)
                if not column.published:
                    reason = _csv(cell.reason or "")
                    values += [cell.deviation, cell.seeds or None, cell.samples, reason]
            writer.writerow(values)
        return stream.getvalue()

    def to_markdown(self) -> str:
        """Title, a pipe table, notes."""
        lines = [f"# Table {self.number}. {markdown_cell(self.title)}", ""]
        lines.append(_markdown_row([self.head, *(c.title for c in self.columns)]))
        lines.append(f"|---|{'---:|' * len(self.columns)}")
        lines += [_markdown_row([row.name, *self._texts(row)]) for row in self.rows]
        notes = (f"- {markdown_cell(note)}" for note in self.all_notes())
        return "\n".join([*lines, "", *notes, ""])

    def to_latex(self) -> str:
        """A ``table`` float with rules of the LaTeX package booktabs."""
        body = [
            " & ".join([_latex(row.name), *map(_latex, self._texts(row))]) + r" \\"
            for row in self.rows
        ]
        heading = " & ".join(map(_latex, [self.head, *(c.title for c in self.columns)]))
        notes = " ".join(map(_latex, self.all_notes()))
        lines = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_latex(self.title)}}}",
            rf"\begin{{tabular}}{{l{'r' * len(self.columns)}}}",
            r"\toprule",
            heading + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            rf"\par\footnotesize {notes}",
            r"\end{table}",
        ]
        return "\n".join([*lines, ""])

    def to_html(self) -> str:
        """A ``figure`` with the table and its notes; a dash tells its reason when pointed at."""
        heads = "".join(
            f'<th class="{"published" if c.published else "ours"}">{escape(c.title)}</th>'
            for c in self.columns
        )
        rows = "\n".join(
            f"<tr><th>{escape(row.name)}</th>{self._html_cells(row)}</tr>" for row in self.rows
        )
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.all_notes())
        return (
            f'<figure id="table_{self.number}"><figcaption>Table {self.number}. '
            f"{escape(self.title)}</figcaption>\n<table><thead><tr><th>{escape(self.head)}</th>"
            f"{heads}</tr></thead>\n<tbody>{rows}</tbody></table>\n<ul>{notes}</ul></figure>"
        )

    def all_notes(self) -> list[str]:
        """The notes, then the reasons of all dashes, each once with the rows that it is for."""
        reasons: dict[str, list[str]] = {}
        for row in self.rows:
            for reason in dict.fromkeys(cell.reason for cell in row.cells if cell.reason):
                reasons.setdefault(reason, []).append(row.name)
        dashes = [f"{DASH} {', '.join(names)}: {reason}" for reason, names in reasons.items()]
        return [*self.notes, *dashes]

    def _texts(self, row: Row) -> list[str]:
        return [c.text(col.digits) for col, c in zip(self.columns, row.cells, strict=True)]

    def _html_cells(self, row: Row) -> str:
        return "".join(
            f'<td class="{"published" if column.published else "ours"}"'
            f"{f' title={chr(34)}{escape(cell.reason)}{chr(34)}' if cell.reason else ''}>"
            f"{escape(cell.text(column.digits))}</td>"
            for column, cell in zip(self.columns, row.cells, strict=True)
        )


def _csv(text: str) -> str:
    return csv_cell(printable(text))


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(markdown_cell, cells))} |"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in printable(text))
