"""The camera of a record or file, as JSON of strangers."""

from typing import Any

from spatial_dual.datasets.numbers import finite_number
from spatial_dual.datasets.reading import parse_json

NUMBERS = ("fov_deg", "pitch_deg", "height_m", "fx", "fy", "cx", "cy")


def read_camera(text: str) -> dict[str, Any]:
    """Fields of a camera: those of ``NUMBERS`` as floats or None, ``source`` as text.

    Args:
        text: JSON; "" has no field.

    Raises:
        ValueError: not a JSON object, a field that is no finite number, or a source that is no
            text.
    """
    fields = parse_json(text, "camera") if text else {}
    if not isinstance(fields, dict):
        raise ValueError(f"camera: expected a JSON object, got {text[:60]!r}")
    numbers = {
        name: None if fields.get(name) is None else finite_number(fields[name], f"camera {name}")
        for name in NUMBERS
    }
    source = fields.get("source", "assumed")
    if not isinstance(source, str):
        raise ValueError(f"camera source {str(source)[:40]!r} is no text")
    return {**numbers, "source": source}
