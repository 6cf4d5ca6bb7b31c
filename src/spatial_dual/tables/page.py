"""The report as one HTML page that needs no server, no script and no other file."""

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from spatial_dual.metrics.table import flatten
from spatial_dual.tables.sharing import content_policy, without_places
from spatial_dual.tables.table import Table

LAST_RUNS = 10
"""Shown, at most."""
CAPTIONS = {
    4: "Samples of both directions",
    5: "Objects, attributes and triplets, asked for and found",
    6: "Nodes of scene graphs",
    7: "Training steps left out",
    8: "Corrupted gold 3DSGs",
    9: "A 3DSG comes about",
    10: "Text to image",
    11: "Image to text",
}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; }
figure { margin: 2.5rem 0; }
figcaption { font-weight: 600; margin-bottom: .5rem; }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto; }
thead tr, tbody tr:last-child { border-bottom: 1.5px solid #222; }
thead tr { border-top: 1.5px solid #222; }
th { text-align: left; font-weight: 500; } td { text-align: right; }
th, td { padding: .15rem .6rem; white-space: nowrap; } thead th { white-space: normal; }
.published { color: #777; font-style: italic; }
ul { font-size: 12px; color: #444; margin: .5rem 0; padding-left: 1.2rem; }
img { max-width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: 12px; }
dd { margin: 0; overflow-wrap: anywhere; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { margin: 0; max-width: none; font-size: 10px; }
  table { font-size: 7.5px; display: table; } figure { break-inside: avoid; margin: 1rem 0; }
  th, td { padding: .1rem .3rem; } ul, dl { font-size: 7.5px; margin: .3rem 0; }
  body > dl { columns: 2; display: block; } dt { float: left; clear: left; margin-right: 1em; }
  img { max-height: 165mm; }
  nav, details { display: none; }
}
"""


def report_page(
    metrics: Mapping[str, Any],
    tables: Sequence[Table],
    figures: Mapping[str, str],
    runs: Sequence[Mapping[str, Any]],
) -> str:
    """HTML of tables, figures (SVG text by name), all figures of merit, protocol, and runs.

    It tells neither the names of machines nor absolute paths.
    """
    metrics = without_places(metrics)
    tables = [
        Table.model_validate(without_places(table.model_dump(mode="json"))) for table in tables
    ]
    names = [f"table_{table.number}" for table in tables] + list(figures)
    links = " · ".join(f'<a href="#{n}">{escape(_spoken(n))}</a>' for n in names)
    numbers = {k: v for k, v in metrics.items() if k not in ("protocol", "refused")}
    sections = [
        "<h1>Synergistic dual spatial-aware generation: results</h1>",
        f"<nav>{links}</nav>",
        "<h2>Tables</h2>",
        *(table.to_html() for table in tables),
        "<h2>Figures</h2>",
        *(_figure(name, svg) for name, svg in figures.items()),
        "<h2>All figures of merit of the default run</h2>",
        _definitions((key, f"{value:.4g}") for key, value in flatten(numbers)),
        "<h2>Not measured, and why</h2>",
        _definitions(metrics["refused"].items()),
        "<h2>Protocol and versions of the run</h2>",
        _definitions(flatten(metrics["protocol"])),
        "<h2>Runs behind this page</h2>",
        *(_run(run) for run in runs[-LAST_RUNS:]),
    ]
    body = "\n".join(sections)
    style = f"<style>{STYLE}</style>"
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{content_policy(style)}'
        '<meta name="viewport" content="width=device-width"><title>spatial-dual: results</title>'
        f"{style}</head>\n<body>\n{body}\n</body></html>\n"
    )
    return page.encode("utf-8", "backslashreplace").decode()  # of a manifest's lone surrogates


def _figure(name: str, svg: str) -> str:
    # as an image, so that identifiers of one SVG cannot meet those of another
    content = base64.b64encode(svg.encode()).decode()
    label = escape(f"{_spoken(name)}. {CAPTIONS[int(name.split('_')[1])]}")
    return (
        f'<figure id="{name}"><figcaption>{label}</figcaption>'
        f'<img alt="{label}" src="data:image/svg+xml;base64,{content}"></figure>'
    )


def _run(run: Mapping[str, Any]) -> str:
    """Command, code, machine and seed of one run's manifest, its whole content folded away."""
    machine = {k: v for k, v in run.get("machine", {}).items() if k != "node"}
    host = str(run.get("machine", {}).get("node", ""))
    run = without_places({**run, "machine": machine}, host)
    git = run.get("git") or {}
    commit = f"{git['commit'][:12]}{', changed' if git.get('dirty') else ''}" if git else "unknown"
    head = {
        "command": " ".join(run["command"]),
        "started": run.get("started", "unknown"),
        "status when this page was made": run["status"],
        "commit": commit,
        "machine": " ".join(str(machine.get(n, "")) for n in ("machine", "system", "cpus")),
    }
    content = escape(json.dumps(run, indent=1, sort_keys=True, ensure_ascii=False))
    return (
        f"{_definitions(head.items())}<details><summary>manifest {escape(run['id'])}</summary>"
        f"<pre>{content}</pre></details>"
    )


def _definitions(pairs: Any) -> str:
    items = "".join(f"<dt>{escape(str(k))}</dt><dd>{escape(str(value))}</dd>" for k, value in pairs)
    return f"<dl>{items}</dl>"


def _spoken(name: str) -> str:
    kind, number = name.split("_")
    return f"{kind.title()} {int(number)}"
