"""Node of ``evaluate`` that asks an open-vocabulary detector what is in the pictures."""

from collections.abc import Sequence
from typing import Any

from spatial_dual.metrics.compositions import by_composition
from spatial_dual.pipelines.reading import new_rows, rows_of
from spatial_dual.pipelines.types import Records, Stated

Parameters = dict[str, Any]
Figures = dict[str, Any]
NO_DETECTOR = (
    "no open-vocabulary detector; name one, or its folder, in evaluate.detector.name "
    "(agreement.drawn is by the judge, agreement.described by the gold graph)"
)


def evaluate_detection(
    samples: Records,
    scenes: Records,
    stated: Stated,
    compositions: Figures,
    parameters: Parameters,
    train: Parameters,
) -> tuple[Figures, Figures]:
    """The GLIP row by an open-vocabulary detector; gives figures and their protocol card.

    ``drawn``: stated objects with attributes that are found, by both, in the drawing of the text;
    ``described``: those that descriptions state, in the described image; ``drawn_upper``: those
    of the captions, in their own images. ``…_objects``: all stated objects, by their nouns alone.

    Raises:
        ValueError: there is no such detector.
    """
    name, threshold = parameters["name"], parameters["threshold"]
    if not name:
        return dict.fromkeys(("drawn", "described"), NO_DETECTOR), {}
    from spatial_dual.devices import choose_device
    from spatial_dual.metrics.detection import attributed_phrases, bare_phrases, found_shares
    from spatial_dual.metrics.extractors import weights_digest
    from spatial_dual.metrics.shares import Share, total_share
    from spatial_dual.perception.hub.instances import OpenVocabularyDetector

    what = "evaluate.detector.name: the open-vocabulary detector"
    detector = OpenVocabularyDetector(name, choose_device(train["device"]), what=what)
    own = rows_of(samples, scenes)

    def drawings(rows: list[int]) -> Any:
        return samples.array("drawn", rows)

    def images(rows: list[int]) -> Any:
        return scenes.array("image", [own[row] for row in rows])

    asked = {
        "drawn": (drawings, stated["captions"]),
        "drawn_upper": (images, stated["captions"]),
        "described": (images, stated["descriptions"]),
    }
    card = {
        "detector": name,
        "detector_sha256": weights_digest(detector.model),
        "detector_threshold": threshold,
    }
    shares: dict[str, list[Share]] = {}
    for key, (pictures, graphs) in asked.items():
        for suffix, phrases_of in (("", attributed_phrases), ("_objects", bare_phrases)):
            what = key + suffix
            phrases = [phrases_of(graph) for graph in graphs]
            shares[what] = found_shares(
                detector, pictures, phrases, threshold, parameters["batch_size"], f"detect {what}"
            )
            card[f"phrases_{what}"] = total_share(shares[what]).total

    def figures(rows: Sequence[int]) -> Figures:
        return {k: total_share(each[row] for row in rows).value for k, each in shares.items()}

    return by_composition(figures, len(samples), new_rows(compositions, samples)), card
