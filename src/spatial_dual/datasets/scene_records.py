"""Catalog type of aligned records, shown as pictures."""

import base64
import io
from typing import Any

from kedro_datasets._typing import ImagePreview

from spatial_dual.datasets.record_shards import RecordShardsDataset


class SceneRecordsDataset(RecordShardsDataset):
    """Record shards whose preview is a contact sheet: pictures, their 3DSGs, their captions."""

    def preview(self, nrows: int = 4) -> ImagePreview:  # type: ignore[override]
        """The first records as a PNG in base64; text alone where there is no picture or graph."""
        from spatial_dual.figures.sheet import contact_sheet

        records = self.load()
        columns = [name for name in ("image", "graph", "captions") if name in records.columns]
        chunk = next(records.chunks(nrows, columns), {})
        rows = [
            _cells(dict(zip(chunk, row, strict=True))) for row in zip(*chunk.values(), strict=True)
        ]
        sheet = contact_sheet(("image", "objects", "3DSG", "captions"), rows)
        content = io.BytesIO()
        sheet.save(content, format="PNG")
        return ImagePreview(base64.b64encode(content.getvalue()).decode())


def _cells(row: dict[str, Any], side: int = 256) -> list[Any]:
    import numpy as np

    from spatial_dual.figures.boxes import with_boxes
    from spatial_dual.figures.listing import listing
    from spatial_dual.scene.graph import SceneGraph

    graph = SceneGraph.from_json(row["graph"]) if row.get("graph") else SceneGraph()
    image = row.get("image", np.full((side, side, 3), 235, np.uint8))
    pictures = [with_boxes(image, shown, side) for shown in (SceneGraph(), graph)]
    return [*pictures, listing(graph), " / ".join(row.get("captions", []))]
