"""The scene graph shared by text (TSG), image (VSG) and space (3DSG).

Frame of every 3D quantity: metres, camera levelled to gravity, origin at the camera,
x right, y up, z away from the viewer. Paper: section "Scene graphs" and Fig. 1.
"""

import json
import math
from collections.abc import Iterable, Mapping
from functools import partial
from operator import not_
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from spatial_dual.scene.text import UnicodeText

SCHEMA_VERSION = 1

SPATIAL_PREDICATES = (
    "to the left of",
    "to the right of",
    "in front of",
    "behind",
    "above",
    "under",
    "on",
    "in",
    "next to",
)
HIERARCHY_PREDICATES = ("part of",)
GEOMETRIC_PREDICATES = SPATIAL_PREDICATES + HIERARCHY_PREDICATES
INVERSE_PREDICATE: Mapping[str, str] = {
    "to the left of": "to the right of",
    "to the right of": "to the left of",
    "in front of": "behind",
    "behind": "in front of",
    "above": "under",
    "under": "above",
    "next to": "next to",
}
"""Predicates whose converse has a name among the nine; "on" and "in" have none."""

Source = Literal["gold", "depth", "mask", "text", "diffusion"]
Triplet = tuple[str, str, str]


class GraphFormatError(ValueError):
    """A scene-graph file that breaks the schema; the message names the JSON path and the reason."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Box3D(_Frozen):
    """Upright oriented box.

    Attributes:
        center: (x, y, z) in metres.
        size: full extents (width, height, depth) along the box's own axes, metres, positive.
        yaw: rotation about the y axis in radians; 0 faces the viewer.
    """

    center: tuple[float, float, float]
    size: tuple[float, float, float]
    yaw: float = 0.0

    @field_validator("size")
    @classmethod
    def _positive(cls, size: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(size) <= 0:
            raise ValueError(f"box size must be positive in each axis, got {size}")
        return size


class SceneObject(_Frozen):
    """An object node with its attribute nodes.

    Attributes:
        label: noun, e.g. "cup".
        attributes: words such as ("red", "striped", "small", "upright").
        box: 3D box if its position is known.
        region: image-plane box (x0, y0, x1, y1) in 0..1, x right, y down; may reach outside.
        distance: metres from the viewer to the object's centre, along z, where no box is known.
        visibility: visible share of the object's own silhouette in 0..1; 0 is hidden.
        confidence: of the detector, 0..1, if there was one.
        negated: the text says that there is none: "no dog", "without a hat". Such an object is
            counted among no objects of a scene and is never drawn.
    """

    label: str = Field(min_length=1)
    attributes: tuple[UnicodeText, ...] = ()
    box: Box3D | None = None
    region: tuple[float, float, float, float] | None = None
    distance: float | None = Field(default=None, gt=0)
    visibility: float | None = Field(default=None, ge=0, le=1)
    confidence: float | None = Field(default=None, ge=0, le=1)
    negated: bool = Field(default=False, exclude_if=not_)


class Relation(_Frozen):
    """A relation node: ``objects[subject] predicate objects[object]``.

    Geometry (sources gold, depth, mask) speaks only the closed set ``GEOMETRIC_PREDICATES``;
    text and diffusion may also keep semantic verbs such as "holds". A ``negated`` relation is one
    that the text denies: "the vase is not on the shelf".
    """

    subject: int = Field(ge=0)
    predicate: str = Field(pattern=r"^[a-z][a-z' -]*$")
    object: int = Field(ge=0)
    source: Source = "gold"
    confidence: float | None = Field(default=None, ge=0, le=1)
    negated: bool = Field(default=False, exclude_if=not_)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.subject == self.object:
            raise ValueError(f"relation joins object {self.subject} to itself")
        closed = self.source in ("gold", "depth", "mask")
        if closed and self.predicate not in GEOMETRIC_PREDICATES:
            raise ValueError(
                f"unknown predicate {self.predicate!r} for source {self.source!r}; "
                f"allowed: {', '.join(GEOMETRIC_PREDICATES)}"
            )
        return self


class SceneGraph(_Frozen):
    """Objects with attributes, relations between them, and the place that holds them all.

    Attributes:
        objects: nodes; negated ones are kept for the judge.
        relations: edges between them; negated ones are kept for the judge.
        place: room or street.
        alternatives: groups of objects of which the text means one: "a fox or a dog".
        notes: what a reader of the text changed before it read: corrected spellings.
    """

    objects: tuple[SceneObject, ...] = ()
    relations: tuple[Relation, ...] = ()
    place: UnicodeText | None = None
    alternatives: tuple[tuple[int, ...], ...] = Field(default=(), exclude_if=not_)
    notes: tuple[UnicodeText, ...] = Field(default=(), exclude_if=not_)

    @model_validator(mode="after")
    def _ends_exist(self) -> Self:
        count = len(self.objects)
        seen = set()
        for position, relation in enumerate(self.relations):
            end = max(relation.subject, relation.object)
            if end >= count:
                reason = (
                    f"relation {position} points to object {end}, but there are {count} objects"
                )
                raise _bad_relation(position, reason)
            key = (relation.subject, relation.predicate, relation.object)
            if key in seen:
                raise _bad_relation(position, f"relation {position} repeats {key}")
            seen.add(key)
        for position, group in enumerate(self.alternatives):
            if len(set(group)) < 2 or not set(group) <= set(range(count)):
                reason = f"alternatives are two or more of {count} objects, got {list(group)}"
                raise PydanticCustomError(
                    "bad_alternatives",
                    "{reason}",
                    {"path": ("alternatives", position), "reason": reason},
                )
        return self

    def triplets(self) -> list[Triplet]:
        """(subject label, predicate, object label) of each relation that holds, in order."""
        return self._named(r for r in self.relations if not r.negated)

    def negated_triplets(self) -> list[Triplet]:
        """``triplets`` of the relations that are denied."""
        return self._named(r for r in self.relations if r.negated)

    def _named(self, relations: Iterable[Relation]) -> list[Triplet]:
        return [
            (self.objects[r.subject].label, r.predicate, self.objects[r.object].label)
            for r in relations
        ]

    def choices(self, number: int) -> list[SceneObject]:
        """The object of a number and its alternatives."""
        group = next((group for group in self.alternatives if number in group), (number,))
        return [self.objects[other] for other in group]

    def left_out(self) -> frozenset[int]:
        """Objects that one picture of the scene does not show: negated ones, later alternatives."""
        negated = (number for number, item in enumerate(self.objects) if item.negated)
        others = (number for group in self.alternatives for number in group[1:])
        return frozenset([*negated, *others])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready mapping; absent optional fields are left out."""
        body = self.model_dump(mode="json", exclude_none=True)
        return {"schema_version": SCHEMA_VERSION, **body}

    def to_json(self) -> str:
        """One line of JSON; ``from_json`` gives back an equal graph."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """Inverse of ``to_dict``.

        Raises:
            GraphFormatError: wrong version, missing or extra field, dangling index, unknown
                predicate, NaN or infinity; the message names the JSON path.
        """
        if not isinstance(body, Mapping):
            raise GraphFormatError(f"$: expected an object, got {type(body).__name__}")
        fields = dict(body)
        version = fields.pop("schema_version", None)
        if version != SCHEMA_VERSION:
            raise GraphFormatError(
                f"$.schema_version: expected {SCHEMA_VERSION}, got {version!r}; convert the file"
            )
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise GraphFormatError(_first_problem(error)) from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Inverse of ``to_json``.

        Raises:
            GraphFormatError: as ``from_dict``, and for text that is not JSON or has a key twice.
        """
        repeated: list[tuple[dict[str, Any], str]] = []
        hook = partial(_note_repeated_key, repeated)
        try:
            body = json.loads(text, object_pairs_hook=hook, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:  # a number of 5 000 digits is a ValueError
            raise GraphFormatError(f"$: not JSON: {error}") from error
        if repeated:
            holder, key = repeated[-1]  # the outermost: none of it was dropped by another
            raise GraphFormatError(f"{_path_to(holder, body)}.{key}: key appears twice")
        return cls.from_dict(body)


def _bad_relation(position: int, reason: str) -> PydanticCustomError:
    context = {"path": ("relations", position), "reason": reason}
    return PydanticCustomError("bad_relation", "{reason}", context)


def _note_repeated_key(
    repeated: list[tuple[dict[str, Any], str]], pairs: list[tuple[str, Any]]
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            repeated.append((mapping, key))
        mapping[key] = value
    return mapping


def _path_to(holder: object, body: object, path: str = "$") -> str | None:
    """JSON path of the very object ``holder`` in ``body``."""
    if body is holder:
        return path
    parts: list[tuple[str, object]] = []
    if isinstance(body, dict):
        parts = [(f"{path}.{key}", value) for key, value in body.items()]
    elif isinstance(body, list):
        parts = [(f"{path}[{index}]", value) for index, value in enumerate(body)]
    found = (_path_to(holder, value, at) for at, value in parts)
    return next((at for at in found if at is not None), None)


def _no_constant(name: str) -> float:
    # json passes NaN through as a float; keep it, so that validation can name the path.
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[name]


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    parts = (*problem["loc"], *problem.get("ctx", {}).get("path", ()))
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return f"${path}: {problem['msg']}"
