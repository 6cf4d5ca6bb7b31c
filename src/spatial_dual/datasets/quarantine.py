"""What a reader of other people's data left out, with file and reason, and how much is too much."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from spatial_dual.chunks import Chunk, ChunkSeries
from spatial_dual.printing import printable

SCHEMA_VERSION = 1
LISTED = 50

logger = logging.getLogger(__name__)

Part = Literal["record", "caption", "object", "relation"]


class TooMuchLeftOutError(ValueError):
    """More records were left out than the set share; the message lists them."""


@dataclass(frozen=True)
class Finding:
    """Something left out.

    Attributes:
        file: where it stands.
        id: of the record, or its place in the file if it has none.
        reason: why it cannot be used.
        left_out: the whole record, or what of it.
    """

    file: str
    id: str
    reason: str
    left_out: Part = "record"

    def __post_init__(self) -> None:
        """A lone surrogate, which no file can hold, is spelt out."""
        for name in ("file", "id", "reason"):
            text = str(getattr(self, name)).encode(errors="backslashreplace").decode()
            object.__setattr__(self, name, text)

    def __str__(self) -> str:
        whose = "" if self.left_out == "record" else f"a {self.left_out} of "
        return printable(f"{self.file}: {whose}{self.id}: {self.reason}")


@dataclass
class Quarantine:
    """The findings of one split while it is read.

    Attributes:
        split: its name.
        rows: records that it has, those left out included.
        max_bad_share: share of ``rows`` that may be left out.
        findings: in the order of reading.
    """

    split: str
    rows: int
    max_bad_share: float
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Note and log a finding.

        Raises:
            TooMuchLeftOutError: with it, more than ``max_bad_share`` of the records are left out.
        """
        self.findings.append(finding)
        logger.warning("left out: %s", finding)
        bad = [str(found) for found in self.findings if found.left_out == "record"]
        if finding.left_out == "record" and len(bad) > self.max_bad_share * self.rows:
            more = f"\n  … and {len(bad) - LISTED} before these" if len(bad) > LISTED else ""
            listed = "\n  ".join(bad[-LISTED:])
            raise TooMuchLeftOutError(
                f"{len(bad)} of the {self.rows} records of split {self.split!r} cannot be used; "
                f"mend them, or allow more than scenes.max_bad_share={self.max_bad_share}:"
                f"\n  {listed}{more}"
            )

    def kept(self, parts: Iterable[Chunk | Finding]) -> Iterable[Chunk]:
        """The chunks of a reader's stream; the findings in it are taken in.

        A series is handed on as it is: it has rows of its own numbers, none left out.
        """
        return parts if isinstance(parts, ChunkSeries) else self._sifted(parts)

    def _sifted(self, parts: Iterable[Chunk | Finding]) -> Iterator[Chunk]:
        for part in parts:
            if isinstance(part, Finding):
                self.add(part)
            else:
                yield part

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready mapping with the counts by what was left out."""
        counts = Counter(finding.left_out for finding in self.findings)
        return {"schema_version": SCHEMA_VERSION, "counts": dict(counts), **asdict(self)}

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """Inverse of ``to_dict``.

        Raises:
            ValueError: another schema version.
        """
        if body.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(
                f"quarantine: schema_version {body.get('schema_version')!r}, expected "
                f"{SCHEMA_VERSION}; run the scenes stage again"
            )
        findings = [Finding(**finding) for finding in body["findings"]]
        return cls(body["split"], body["rows"], body["max_bad_share"], findings)
