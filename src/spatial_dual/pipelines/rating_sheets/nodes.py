"""Nodes of the ``rating_sheets`` stage."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from spatial_dual.pipelines.types import Records

if TYPE_CHECKING:
    from pandas import DataFrame

    from spatial_dual.tables.rating_form import Item
else:
    DataFrame = Item = Any

Parameters = dict[str, Any]


def make_rating_form(
    systems: dict[str, Records], scenes: Records, parameters: Parameters, seed: int
) -> tuple[str, Parameters]:
    """The form as HTML, and its key: which item is whose.

    All systems are rated on the same records: those that every one has samples of.
    """
    from spatial_dual.tables.rating_form import make_form

    indices = [samples.id_index for samples in systems.values()]
    common = [name for name in indices[0] if all(name in index for index in indices)]
    chosen = common[: parameters["samples"]]
    items = [
        item
        for system, samples in systems.items()
        for item in _items(system, samples, scenes, chosen, parameters["diversity_set"])
    ]
    form = make_form(items, seed)
    return form.html, form.key_json()


def read_ratings(key: Parameters, returned: dict[str, Any]) -> DataFrame:
    """All returned ratings, a row each."""
    import pandas as pd

    from spatial_dual.tables.rating_form import read_returned
    from spatial_dual.tables.ratings import RATING_COLUMNS

    return pd.DataFrame(read_returned(key, returned), columns=list(RATING_COLUMNS))


def _items(
    system: str, samples: Records, scenes: Records, chosen: list[str], together: int
) -> Iterator[Item]:
    """Its tasks on every chosen record, and drawings in sets of ``together`` for diversity."""
    from spatial_dual.tables.rating_form import Item
    from spatial_dual.tables.results import DRAWS_ONLY, WRITES_ONLY

    rows = [samples.id_index[name] for name in chosen]
    own = [scenes.id_index[name] for name in chosen]
    captions, texts = (samples.values(name, rows) for name in ("caption", "description"))
    drawn, gold = samples.array("drawn", rows), scenes.array("image", own)
    if system not in DRAWS_ONLY:
        for k, name in enumerate(chosen):
            yield Item(system, "si2t_accuracy", name, texts[k], gold[k : k + 1])
    if system in WRITES_ONLY:
        return
    for k, name in enumerate(chosen):
        yield Item(system, "st2i_accuracy", name, captions[k], drawn[k : k + 1])
    for start in range(0, len(chosen) - together + 1, together):
        yield Item(system, "diversity", chosen[start], "", drawn[start : start + together])
