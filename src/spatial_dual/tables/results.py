"""Measured figures of all runs at hand: one default run, and the variants of ``ablations``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from spatial_dual.metrics.significance import mean_and_deviation, nested_bootstrap
from spatial_dual.metrics.table import flatten
from spatial_dual.metrics.undefined import UndefinedMetricError
from spatial_dual.tables.table import Cell

FULL = "sd3"
"""The variant that ``kedro run`` trains."""
PRETRAINED = ("sd_1_5", "sdxl", "cogview_3")
"""Published models that the pipeline ``pretrained`` evaluates."""
DRAWS_ONLY = ("vq_diffusion", "coarse_to_fine", *PRETRAINED)
WRITES_ONLY = ("ddcap", "ar_captioner_3d")
"""Baselines of one task; what they make of the other one stands for nothing."""
PAPER_SEEDS = 5
Pair = tuple[np.ndarray, np.ndarray]
RESULT_COLUMNS = ("variant", "seed", "metric", "value", "n")
SCORE_COLUMNS = ("variant", "seed", "id", "metric", "right", "total")


@dataclass(frozen=True)
class PairedTest:
    """A p-value and what it is over.

    Attributes:
        p_value: one-sided, of ``nested_bootstrap``.
        trainings: of each system.
        scenes: that all trainings share; None where only figures of whole trainings are known.
    """

    p_value: float
    trainings: int
    scenes: int | None

    @property
    def over(self) -> str:
        """What was resampled, for people."""
        scenes = "" if self.scenes is None else f", {self.scenes} scenes"
        return f"{self.trainings} training{'s' * (self.trainings > 1)}{scenes}"


@dataclass(frozen=True)
class Results:
    """Figures by (variant, metric), and the scores of single samples.

    Attributes:
        values: (variant, metric) → seed → figure.
        counts: (variant, metric) → samples that each figure was taken on.
        refused: metric → reason, of the default run.
        scores: rows of ``SCORE_COLUMNS``.
    """

    values: Mapping[tuple[str, str], Mapping[int, float]]
    counts: Mapping[tuple[str, str], int]
    refused: Mapping[str, str] = field(default_factory=dict)
    scores: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SCORE_COLUMNS)))

    @classmethod
    def of_runs(
        cls,
        metrics: Mapping[str, Any],
        ablations: pd.DataFrame,
        sample_scores: pd.DataFrame,
        ablation_scores: pd.DataFrame,
    ) -> "Results":
        """Put runs together.

        The default run counts as the variant "sd3" only where ``ablations`` has none: budgets of
        the two may differ, and a row must not mix them.
        """
        default = FULL not in set(ablations["variant"])
        frames = [ablations, _of_default_run(metrics)] if default else [ablations]
        rows = pd.concat([f for f in frames if len(f)] or [ablations], ignore_index=True)
        values: dict[tuple[str, str], dict[int, float]] = {}
        counts: dict[tuple[str, str], int] = {}
        for variant, seed, metric, value, count in rows.sort_values(
            ["variant", "metric", "seed"], kind="stable"
        )[list(RESULT_COLUMNS)].itertuples(index=False):
            values.setdefault((variant, metric), {})[int(seed)] = float(value)
            counts[variant, metric] = int(count)
        own = sample_scores.assign(variant=FULL, seed=int(metrics["protocol"]["seed"]))
        parts = [ablation_scores, own] if default else [ablation_scores]
        scores = pd.concat([p for p in parts if len(p)] or [ablation_scores], ignore_index=True)
        return cls(values, counts, dict(metrics["refused"]), scores)

    @property
    def variants(self) -> set[str]:
        """Variants with any figure."""
        return {variant for variant, _ in self.values}

    def has(self, metric: str) -> bool:
        """Whether any variant has the metric."""
        return any(name == metric for _, name in self.values)

    def cell(self, variant: str, metric: str, factor: float = 1.0) -> Cell:
        """Mean and spread over seeds of ``factor`` times a figure, or a dash with its reason."""
        found = self.values.get((variant, metric))
        if found is None:
            return Cell(reason=self._reason(variant, metric))
        try:
            mean, deviation = mean_and_deviation([factor * value for value in found.values()])
        except UndefinedMetricError as error:
            return Cell(reason=str(error))
        return Cell(
            mean=mean,
            deviation=deviation,
            seeds=len(found),
            samples=self.counts[variant, metric],
        )

    def paired_test(
        self, variant: str, baseline: str, metric: str, lower_is_better: bool
    ) -> "PairedTest":
        """Bootstrap of variant over baseline: trainings first, then scenes.

        Scenes count where both variants have scores of them at some seed, else whole trainings.

        Raises:
            UndefinedMetricError: too few rows, or rows that allow no test.
        """
        pair = self._scores_of(variant, baseline, metric)
        by_scene = pair is not None
        pair = pair or self._figures_of(variant, baseline, metric)
        if pair is None:
            raise UndefinedMetricError("fewer than two seeds in common and no scores of samples")
        sign = np.array([-1.0 if lower_is_better else 1.0, 1.0])
        p = nested_bootstrap(pair[0] * sign, pair[1] * sign, seed=0)
        trainings, scenes, _ = pair[0].shape
        return PairedTest(p, trainings, scenes if by_scene else None)

    def _scores_of(self, variant: str, baseline: str, metric: str) -> Pair | None:
        """Scores (trainings, scenes, 2) of both at seeds and scenes that they have in common."""
        of_metric = self.scores[self.scores["metric"] == metric]
        keys = ["seed", "id"]
        one, other = (of_metric[of_metric["variant"] == name] for name in (variant, baseline))
        both = one.merge(other, on=keys, suffixes=("", "_other"), validate="one_to_one")
        both = both[both.groupby("id")["seed"].transform("size") == both["seed"].nunique()]
        if len(both) < 2:
            return None
        both = both.sort_values(keys)
        shape = (both["seed"].nunique(), -1, 2)
        own, others = ["right", "total"], ["right_other", "total_other"]
        return (
            both[own].to_numpy(np.float64).reshape(shape),
            both[others].to_numpy(np.float64).reshape(shape),
        )

    def _figures_of(self, variant: str, baseline: str, metric: str) -> Pair | None:
        """Figures (trainings, 1, 2) of both at seeds that they have in common, each of 1."""
        one, other = (self.values.get((name, metric), {}) for name in (variant, baseline))
        seeds = sorted(set(one) & set(other))
        if len(seeds) < 2:
            return None
        ones = np.ones(len(seeds))
        first, second = (
            np.stack([[side[seed] for seed in seeds], ones], axis=1)[:, None]
            for side in (one, other)
        )
        return first, second

    def _reason(self, variant: str, metric: str) -> str:
        if variant not in self.variants:
            return _how_to_run(variant)
        if (variant, own := f"{metric}_scenes") in self.values:
            return f"only {own}, which tells drawings and real pictures hardly apart"
        return self.refused.get(metric, f"{metric} was not measured for {variant}")


def result_rows(figures: Mapping[str, Any], variant: str, seed: int, samples: int) -> pd.DataFrame:
    """Rows of ``RESULT_COLUMNS``, one for each figure of a nested mapping.

    A figure is of ``n`` samples where it or what it is part of says so, else of ``samples``.
    """
    leaves = dict(flatten(figures))
    rows = []
    for key, value in leaves.items():
        section, _, name = key.rpartition(".")
        while section and f"{section}.n" not in leaves:
            section = section.rpartition(".")[0]
        if name != "n":
            count = int(leaves.get(f"{section}.n", samples))
            rows.append((variant, seed, key, float(value), count))
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def _how_to_run(variant: str) -> str:
    if variant in PRETRAINED:
        how = f"pretrained --params=pretrained.variant={variant},pretrained.path=FOLDER"
    else:
        how = f"ablations --params=ablations.variants={variant}"
    return f"not run; kedro run --pipelines={how}"


def seeds_note(cells: Iterable[Cell]) -> str:
    """Seeds and samples behind measured cells, beside the paper's."""
    measured = [cell for cell in cells if cell.mean is not None]
    if not measured:
        return "Nothing is measured yet."
    seeds = sorted({cell.seeds for cell in measured})
    samples = sorted({cell.samples for cell in measured if cell.samples})
    few = "; fewer than the paper's" if seeds[0] < PAPER_SEEDS else ""
    return (
        f"Ours: mean ± standard deviation over {_span(seeds)} seed(s) (the paper: "
        f"{PAPER_SEEDS}{few}), {_span(samples)} test samples of our own data, not VSD."
    )


def _span(numbers: list[int]) -> str:
    return (
        str(numbers[0])
        if len(numbers) == 1
        else f"{numbers[0]} to {numbers[-1]}"
        if numbers
        else "0"
    )


def _of_default_run(metrics: Mapping[str, Any]) -> pd.DataFrame:
    protocol = metrics["protocol"]
    figures = {k: v for k, v in metrics.items() if k not in ("protocol", "refused")}
    return result_rows(figures, FULL, int(protocol["seed"]), int(protocol["samples"]))
