"""One row of anybody's photographs → one square record.

Image, depth, masks and boxes share the crop to the central square.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spatial_dual.datasets.depth_maps import BadDepthError, depth_in_metres, depth_levels
from spatial_dual.datasets.exif import camera_fields
from spatial_dual.datasets.images import (
    Crop,
    Picture,
    UnreadableImageError,
    open_picture,
    square_rgb,
)
from spatial_dual.datasets.limits import (
    MOST_CAPTIONS,
    MOST_INSTANCES,
    TEXT_BYTES,
)
from spatial_dual.datasets.photos.annotations import Annotations, read_triples
from spatial_dual.datasets.photos.instances import BadInstancesError, paint, read_instances
from spatial_dual.datasets.quarantine import Finding
from spatial_dual.datasets.reading import BadFileError, is_within, read_bytes
from spatial_dual.datasets.text_files import check_id, decode_text, split_lines
from spatial_dual.scene.text import clean_caption


class BadRow(ValueError):  # noqa: N818
    """A row that cannot be used; the message is the reason."""


@dataclass(frozen=True)
class RecordShape:
    """How rows become records.

    Attributes:
        image_size: side of the square records in pixels.
        max_objects: instances kept of a photo, the largest ones.
        fov_deg: vertical field of view of the square crop where EXIF does not tell.
    """

    image_size: int
    max_objects: int
    fov_deg: float


@dataclass(frozen=True)
class PhotoRow:
    """A photograph as its reader found it, nothing checked yet.

    Attributes:
        file: where it stands, for reports.
        id: of the record; "" if it has none.
        image: encoded picture or the path of one.
        captions: its texts, or the path of a file with one a line.
        depth: 8-bit PNG, code c = 1 + round(254 ln(z/lo) / ln(hi/lo)), 0 = none; or, with a unit,
            a PNG or TIFF of levels.
        depth_range: (lo, hi) in metres.
        depth_unit: metres of one level.
        instances: JSON list of ``{"label", "box": [x0, y0, x1, y1] in 0..1, "mask_rle": COCO
            code or null}``.
        triples: VSD's ``triple_list``, if the photo is annotated so.
        root: folder that the row's files must lie in, all links followed.
        problem: why it cannot be used, if the reader knows already.
    """

    file: str
    id: str
    image: Picture | None
    captions: Path | Sequence[str | None] | None
    depth: bytes | None = None
    depth_range: tuple[float | None, float | None] = (None, None)
    depth_unit: float | None = None
    instances: str | None = None
    triples: Sequence[Mapping[str, Any]] | None = None
    root: Path | None = None
    problem: str = ""


def read_photo(row: PhotoRow, shape: RecordShape) -> tuple[dict[str, Any], list[Finding]]:
    """Columns of one record (see ``PhotoSource.chunks``), and what of it was left out.

    Raises:
        BadRow: no id, unreadable image, depth or instances, or no usable caption.
    """
    _check_row(row)
    captions, bad_captions = _read_captions(_texts(row))
    _check_within(row.image, row)
    try:
        picture = open_picture(row.image)
        pixels, crop = square_rgb(picture, shape.image_size)
    except UnreadableImageError as reason:
        where = f"{row.image}: " if isinstance(row.image, Path) else ""
        raise BadRow(f"image: {where}{reason}") from reason
    annotated = _read_annotations(row, crop)
    try:
        given = annotated.instances if annotated else read_instances(row.instances)
        instances, kept = paint(given, crop, shape.max_objects)
    except BadInstancesError as reason:
        raise BadRow(f"instances: {reason}") from reason
    order = annotated.order(kept) if annotated else kept
    record = {
        "id": row.id,
        "image": pixels,
        "depth": _read_depth(row, crop),
        "instances": instances,
        "labels": [given[index]["label"] for index in order],
        "camera": json.dumps(camera_fields(picture, crop, shape.fov_deg)),
        "graph": annotated.graph(order).to_json() if annotated else "",
        "captions": captions,
        "place": "",
    }
    findings = [Finding(row.file, row.id, reason, "caption") for reason in bad_captions]
    if annotated:
        findings += [Finding(row.file, row.id, why, "relation") for why in annotated.problems]
    return record, findings


def _check_row(row: PhotoRow) -> None:
    if row.problem:
        raise BadRow(row.problem)
    try:
        check_id(row.id)
    except ValueError as reason:
        raise BadRow(str(reason)) from reason
    if row.triples is not None and len(row.triples) > MOST_INSTANCES:
        raise BadRow(f"triple_list: {len(row.triples)}, at most {MOST_INSTANCES}")


def _read_annotations(row: PhotoRow, crop: Crop) -> Annotations | None:
    if row.triples is None:
        return None
    annotated = read_triples(row.triples, crop)
    if not annotated.relations:
        reasons = "; ".join(annotated.problems)
        raise BadRow(f"triple_list: none of {len(row.triples)} is usable: {reasons}")
    return annotated


def _read_depth(row: PhotoRow, crop: Crop) -> np.ndarray:
    """Metres ``(size, size)`` float16, 0 where unknown or not given."""
    if not row.depth:
        return np.zeros((crop.size, crop.size), np.float16)
    unit = row.depth_unit or 0.0
    try:
        levels = depth_levels(row.depth, crop)
        metres = depth_in_metres(levels, unit) if unit > 0 else _decode_depth(levels, row)
    except BadDepthError as reason:
        raise BadRow(f"depth: {reason}") from reason
    return metres.astype(np.float16)


def _decode_depth(codes: np.ndarray, row: PhotoRow) -> np.ndarray:
    """Metres of codes of log-depth."""
    nearest, farthest = row.depth_range
    if not (nearest and farthest and 0 < nearest < farthest < np.inf):
        raise BadRow(
            f"depth: range {nearest}…{farthest} m; state 0 < depth_min_m < depth_max_m, or "
            "depth_unit_m, metres of one level"
        )
    if codes.max(initial=0) > 255:
        raise BadRow("depth: codes are 8-bit; of levels state depth_unit_m, metres of one level")
    metres = nearest * (farthest / nearest) ** (np.arange(-1, 255) / 254)
    metres[0] = 0
    return depth_in_metres(metres[codes.astype(np.uint8)], 1.0)


def _texts(row: PhotoRow) -> Sequence[str | None] | None:
    if not isinstance(row.captions, Path):
        return row.captions
    if not os.path.lexists(row.captions):
        return None
    _check_within(row.captions, row)
    try:
        text = decode_text(read_bytes(row.captions, TEXT_BYTES), row.captions)
    except BadFileError as reason:
        raise BadRow(f"captions: {reason}") from reason
    return [line for line in split_lines(text) if line.strip()]


def _check_within(path: object, row: PhotoRow) -> None:
    if isinstance(path, Path) and row.root is not None and not is_within(path, row.root):
        raise BadRow(f"{path}: leads out of {row.root}")


def _read_captions(captions: Sequence[str | None] | None) -> tuple[list[str], list[str]]:
    """Usable captions in normal form, and why the others are not."""
    kept, problems = [], []
    if captions is not None and len(captions) > MOST_CAPTIONS:
        raise BadRow(f"captions: {len(captions)}, at most {MOST_CAPTIONS}")
    for number, caption in enumerate(captions or []):
        try:
            text = clean_caption(caption if isinstance(caption, str) else "")
            if not any(map(str.isalpha, text)):
                raise ValueError("no word in it")
            kept.append(text)
        except ValueError as reason:
            problems.append(f"caption {number}: {reason}")
    if not kept:
        reasons = "; ".join(problems) or "there are none"
        raise BadRow(f"captions: none is usable: {reasons}")
    return kept, problems
