"""Bar and line charts as data, drawn by Matplotlib and by Plotly."""

import io
import math
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 3.8, 3.2, 150
"""Of a panel, in inches, and dots an inch."""
LEAST_WIDTH = 6.0
NOTE_SIZE, NOTE_WIDTH = 6, 22
"""Points, and characters an inch, of the notes below."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Told apart by all eyes (Okabe and Ito)."""


@dataclass(frozen=True)
class Series:
    """Values over the categories of a panel; None where nothing is measured.

    Attributes:
        name: for the legend.
        values: one a category.
        deviations: over seeds; None where there is one.
    """

    name: str
    values: tuple[float | None, ...]
    deviations: tuple[float | None, ...]


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    title: str
    axis: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Chart:
    """Panels side by side, with what is missing said below."""

    title: str
    panels: tuple[Panel, ...]
    kind: Literal["bars", "lines"] = "bars"
    notes: tuple[str, ...] = ()

    def to_png(self) -> bytes:
        """By Matplotlib."""
        return self._drawn("png", {"Software": None})

    def to_svg(self) -> str:
        """By Matplotlib, text as paths, so that it looks alike everywhere."""
        return self._drawn("svg", {"Date": None, "Creator": None}).decode()

    def to_plotly(self) -> str:
        """A Plotly figure as JSON."""
        from plotly.graph_objects import Bar, Scatter
        from plotly.subplots import make_subplots

        mark: Any = Bar if self.kind == "bars" else Scatter
        figure = make_subplots(cols=len(self.panels), subplot_titles=[p.title for p in self.panels])
        for column, panel in enumerate(self.panels, 1):
            for number, series in enumerate(panel.series):
                trace = mark(
                    x=panel.categories,
                    y=series.values,
                    name=series.name,
                    error_y={"type": "data", "array": [d or 0 for d in series.deviations]},
                    marker={"color": COLOURS[number]},
                    legendgroup=series.name,
                    showlegend=len(panel.series) > 1 and column == 1,
                )
                figure.add_trace(trace, row=1, col=column)
            figure.update_yaxes(title_text=panel.axis, row=1, col=column)
        figure.update_layout(title=self.title, template="none")
        text: str = figure.to_json(pretty=True)
        return text + "\n"

    def _drawn(self, form: str, metadata: dict[str, None]) -> bytes:
        from matplotlib import rc_context

        stream = io.BytesIO()
        # identifiers in an SVG depend on the salt, which is random by default; "$" is no formula
        with rc_context({"svg.hashsalt": "spatial-dual", "font.size": 8, "text.parse_math": False}):
            self._figure().savefig(stream, format=form, dpi=DPI, metadata=metadata)
        return stream.getvalue()

    def _figure(self) -> "Figure":
        from matplotlib.figure import Figure

        count = len(self.panels)
        width = max(WIDTH * count, LEAST_WIDTH)
        figure = Figure(figsize=(width, HEIGHT + 0.1 * len(self.notes)), layout="constrained")
        figure.suptitle(self.title)
        for number, panel in enumerate(self.panels, 1):
            axes = figure.add_subplot(1, count, number)
            (_bars if self.kind == "bars" else _lines)(axes, panel)
            axes.set_title(panel.title)
            axes.set_ylabel(panel.axis)
            known = [v for series in panel.series for v in series.values if v is not None]
            if min(known, default=0) >= 0:
                axes.set_ylim(bottom=0, top=None if any(known) else 1)
            axes.margins(y=0.1)
            axes.grid(axis="y", color="#e0e0e0", linewidth=0.6)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
        _legend(figure, self.panels[0].series)
        if self.notes:
            lines = [fill(note, int(width * NOTE_WIDTH)) for note in self.notes]
            figure.supxlabel("\n".join(lines), fontsize=NOTE_SIZE)
        return figure


def _bars(axes: "Axes", panel: Panel) -> None:
    width = 0.8 / len(panel.series)
    for number, series in enumerate(panel.series):
        shift = (number - (len(panel.series) - 1) / 2) * width
        known = [k for k, value in enumerate(series.values) if value is not None]
        bars = axes.bar(
            [k + shift for k in known],
            [series.values[k] or 0.0 for k in known],
            width,
            yerr=_spread(series, known),
            label=series.name,
            color=COLOURS[number],
            error_kw={"linewidth": 0.8, "capsize": 2},
        )
        axes.bar_label(bars, fmt="%.3g", fontsize=NOTE_SIZE, padding=1)
        for k in sorted(set(range(len(series.values))) - set(known)):
            axes.text(k + shift, 0, "–", ha="center", va="bottom")
    axes.set_xticks(range(len(panel.categories)), panel.categories, rotation=20, ha="right")
    axes.set_xlim(-0.5, len(panel.categories) - 0.5)


def _lines(axes: "Axes", panel: Panel) -> None:
    for number, series in enumerate(panel.series):
        known = [k for k, value in enumerate(series.values) if value is not None]
        axes.errorbar(
            known,
            [series.values[k] for k in known],  # type: ignore[arg-type]
            _spread(series, known),
            marker="o",
            capsize=2,
            label=series.name,
            color=COLOURS[number],
        )
    axes.set_xticks(range(len(panel.categories)), panel.categories)


def _spread(series: Series, known: list[int]) -> list[float]:
    """Deviations of these values; Matplotlib draws no bar for NaN."""
    deviations = [series.deviations[k] for k in known]
    return [math.nan if deviation is None else deviation for deviation in deviations]


def _legend(figure: "Figure", series: tuple[Series, ...]) -> None:
    """One for all panels, outside them, where there are several series."""
    from matplotlib.patches import Patch

    if len(series) > 1:
        handles = [Patch(color=c, label=s.name) for c, s in zip(COLOURS, series, strict=False)]
        figure.legend(handles=handles, loc="outside right upper", frameon=False)
