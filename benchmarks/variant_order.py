"""Whether the variants of a finished ``ablations`` run stand in the order that the paper claims.

    python -m benchmarks.variant_order data/08_reporting [--json FILE]

Reads ``ablation_results.csv`` and ``ablation_scores.csv``. For every claim: means and spread over
the trainings, those in which it holds, and the p-value of a bootstrap over trainings, then test
scenes, where the metric has a score for each scene; beside it the one adjusted by Holm for all
claims. A figure that a variant does not have makes no claim. All figures are of single samples.
"""

import argparse
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from spatial_dual.metrics.significance import holm
from spatial_dual.metrics.undefined import UndefinedMetricError
from spatial_dual.tables.results import PairedTest, Results
from spatial_dual.tables.table import Cell

METRICS = {
    "TriRec of the 3DSG, from text": "graph_diffusion.text.recall",
    "TriRec of the 3DSG, from image": "graph_diffusion.image.recall",
    "ST2I: stated objects drawn": "draw.single.object_accuracy",
    "ST2I: stated relations drawn": "draw.single.relation_accuracy",
    "SI2T: triplets told that are true": "describe.single.precision",
    "SI2T: true triplets told": "describe.single.recall",
    "SI2T: triplets of the references told": "trirec.described.recall",
}
PAIRS = (
    ("sd3", "vanilla_dual"),
    ("sd3", "singleton_3d"),
    ("vanilla_dual", "singleton"),
    ("singleton_3d", "singleton"),
    ("sd3", "without_intermediate_features"),
    ("sd3", "without_diffusion_pretraining"),
)
INITIAL = "initial graph"


@dataclass(frozen=True)
class Claim:
    """That ``better`` exceeds ``worse`` in a metric, and what was found."""

    metric: str
    better: str
    worse: str
    means: tuple[float, float]
    deviations: tuple[float | None, float | None]
    holds: int
    seeds: int
    test: PairedTest | None
    adjusted: float | None = None


def claims(results: Results) -> list[Claim]:
    """All claims whose figures are there."""
    found = []
    for title, metric in METRICS.items():
        pairs = [((better, metric), (worse, metric)) for better, worse in PAIRS]
        if metric.startswith("graph_diffusion."):
            initial = metric.replace(".recall", ".initial.recall")
            reached = ("without_intermediate_features", metric)
            pairs.append((reached, (reached[0], initial)))
        found += [_claim(results, title, *pair) for pair in pairs if _is_known(results, *pair)]
    tested = [claim for claim in found if claim.test]
    adjusted = dict(zip(tested, holm([c.test.p_value for c in tested if c.test]), strict=True))
    return [replace(claim, adjusted=adjusted.get(claim)) for claim in found]


def _is_known(results: Results, *keys: tuple[str, str]) -> bool:
    return all(results.cell(*key).mean is not None for key in keys)


def _claim(results: Results, title: str, better: tuple[str, str], worse: tuple[str, str]) -> Claim:
    one, other = results.values[better], results.values[worse]
    seeds = sorted(set(one) & set(other))
    cells: list[Cell] = [results.cell(*key) for key in (better, worse)]
    same_metric = better[1] == worse[1]
    test: PairedTest | None = None
    if same_metric:
        with suppress(UndefinedMetricError):
            test = results.paired_test(better[0], worse[0], better[1], False)
    return Claim(
        metric=title,
        better=better[0],
        worse=worse[0] if same_metric else INITIAL,
        means=(cells[0].mean or 0.0, cells[1].mean or 0.0),
        deviations=(cells[0].deviation, cells[1].deviation),
        holds=sum(one[seed] > other[seed] for seed in seeds),
        seeds=len(seeds),
        test=test if test and test.scenes else None,
    )


def table(found: list[Claim]) -> str:
    """The claims for people."""
    lines = []
    for title in dict.fromkeys(claim.metric for claim in found):
        lines.append(title)
        for claim in (c for c in found if c.metric == title):
            sides = (
                f"{name} {mean:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")
                for name, mean, deviation in zip(
                    (claim.better, claim.worse), claim.means, claim.deviations, strict=True
                )
            )
            test = ""
            if claim.test:
                test = f", p {claim.test.p_value:.3f}, by Holm {claim.adjusted:.3f}"
                test += f" ({claim.test.over})"
            lines.append(f"  {' > '.join(sides)}: {claim.holds} of {claim.seeds} seeds{test}")
    return "\n".join(lines)


def read(folder: Path) -> Results:
    """The results of a run's reporting folder."""
    rows = pd.read_csv(folder / "ablation_results.csv")
    scores = pd.read_csv(folder / "ablation_scores.csv", dtype={"id": str})
    none = {"protocol": {"seed": 0, "samples": 0}, "refused": {}}
    return Results.of_runs(none, rows, scores.iloc[:0], scores)


def main() -> None:
    """Read, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, help="where to write the claims")
    options = parser.parse_args()
    found = claims(read(options.folder))
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps([asdict(claim) for claim in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
