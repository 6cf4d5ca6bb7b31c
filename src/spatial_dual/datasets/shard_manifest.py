"""The manifest of a folder of record shards, as it is written and as it is read."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

MANIFEST_VERSION = 1
Shard = dict[str, Any]
"""Entry of the manifest: file, rows, rows of each batch, bytes, sha256."""
_Count = Annotated[int, Field(ge=0, lt=1 << 48)]


def shard_name(number: int) -> str:
    """Name of a shard's file."""
    return f"shard-{number:05d}.arrow"


def check_manifest(manifest: Any) -> dict[str, Any]:
    """The manifest as it was read, which may be a stranger's: no shard lies outside the folder.

    Raises:
        ValueError: a field is missing, of another type, or contradicts another.
    """
    try:
        return _Manifest.model_validate(manifest, strict=True).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ValueError(f"{field}: {first['msg']}".removeprefix(": ")) from error


class _Shard(BaseModel):
    file: Annotated[str, Field(pattern=r"^shard-[0-9]{5,9}\.arrow$")]
    rows: _Count
    batches: list[Annotated[int, Field(gt=0, lt=1 << 48)]]
    bytes: _Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if sum(self.batches) != self.rows:
            raise ValueError(f"{self.file} has {self.rows} rows, its batches {sum(self.batches)}")
        if self.rows > self.bytes:  # every row has its place in some column
            raise ValueError(f"{self.file} has {self.rows} rows in {self.bytes} bytes")
        return self


class _Manifest(BaseModel):
    version: int
    rows: _Count
    columns: list[str]
    shards: list[_Shard]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if sum(shard.rows for shard in self.shards) != self.rows:
            raise ValueError(f"{self.rows} rows, of all shards {sum(s.rows for s in self.shards)}")
        names = [shard.file for shard in self.shards]
        if len(set(names)) < len(names) or len(set(self.columns)) < len(self.columns):
            raise ValueError("a shard or column is named twice")
        return self
