"""A record of the schema, and a picture."""

import io
from typing import Any

import numpy as np
from PIL import Image


def _picture() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, "PNG")
    return stream.getvalue()


PICTURE = _picture()


def record(**changes: Any) -> dict[str, Any]:
    """A chunk of one record."""
    return {
        "id": ["a"],
        "image": np.zeros((1, 4, 4, 3), np.uint8),
        "depth": np.ones((1, 4, 4), np.float16),
        "instances": np.zeros((1, 4, 4), np.uint8),
        "labels": [[]],
        "camera": ['{"fov_deg": 55.0}'],
        "graph": [""],
        "captions": [["a cup"]],
        "place": [""],
        **changes,
    }
