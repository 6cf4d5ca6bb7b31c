"""Catalog type of the curves of a training."""

import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError
from kedro_datasets._typing import PlotlyPreview

from spatial_dual.datasets.folders import write_file
from spatial_dual.datasets.text_files import split_lines

Curves = dict[str, Any]


class LossCurvesDataset(AbstractDataset[Curves, Curves]):
    """Loss parts of a training as JSON lines: one for the training, then one for each interval.

    The mapping is that of ``training.fit.TrainingLog.to_dict``: ``rows`` holds the intervals, each
    with the ``step`` at its end. Any reader of JSON lines follows it, such as
    ``pandas.read_json(path, lines=True)``; Kedro-Viz draws it.

    ::

        dgae_log:
          type: spatial_dual.datasets.loss_curves.LossCurvesDataset
          filepath: ${globals:data}/08_reporting/logs/dgae.jsonl
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None):
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Curves:
        """The training and its ``rows``; raises DatasetError where lines are missing."""
        head, *rows = map(json.loads, split_lines(self._path.read_text(encoding="utf-8")))
        if len(rows) != head.pop("intervals"):
            raise DatasetError(f"{self._path}: cut; run the stage of its training again")
        return {**head, "rows": rows}

    def save(self, data: Curves) -> None:
        """Replace the file atomically."""
        head = {key: value for key, value in data.items() if key != "rows"}
        head["intervals"] = len(data["rows"])
        lines = [json.dumps(line) for line in (head, *data["rows"])]
        write_file(self._path, ("\n".join(lines) + "\n").encode())

    def preview(self) -> PlotlyPreview:
        """A line for each loss part over the steps."""
        curves = self.load()
        steps = [row["step"] for row in curves["rows"]]
        parts = dict.fromkeys(key for row in curves["rows"] for key in row if key != "step")
        lines = [
            {
                "type": "scatter",
                "mode": "lines",
                "name": part,
                "x": steps,
                "y": [row.get(part) for row in curves["rows"]],
            }
            for part in parts
        ]
        axes = {"xaxis": {"title": {"text": "step"}}, "yaxis": {"title": {"text": "mean"}}}
        return PlotlyPreview({"data": lines, "layout": {"title": {"text": curves["name"]}, **axes}})

    def _exists(self) -> bool:
        try:
            self.load()
        except DatasetError:
            return False
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
