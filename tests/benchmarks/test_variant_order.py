"""The order of variants, from tables whose answer is known."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.variant_order import INITIAL, claims, read, table

FIGURES = {  # three seeds each
    ("sd3", "graph_diffusion.image.recall"): (0.5, 0.6, 0.55),
    ("vanilla_dual", "trirec.described.recall"): (0.2, 0.3, 0.4),
    ("sd3", "trirec.described.recall"): (0.3, 0.2, 0.5),
    ("without_intermediate_features", "graph_diffusion.image.recall"): (0.4, 0.5, 0.45),
    ("without_intermediate_features", "graph_diffusion.image.initial.recall"): (0.2, 0.2, 0.2),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"variant": variant, "seed": seed, "metric": metric, "value": value, "n": 10}
        for (variant, metric), values in FIGURES.items()
        for seed, value in enumerate(values)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "ablation_results.csv", index=False)
    columns = ["variant", "seed", "id", "metric", "right", "total"]
    pd.DataFrame(columns=columns).to_csv(tmp_path / "ablation_scores.csv", index=False)
    return tmp_path


def test_claims_count_the_seeds_in_which_they_hold(folder: Path) -> None:
    found = {(c.better, c.worse): c for c in claims(read(folder))}
    assert set(found) == {
        ("sd3", "vanilla_dual"),
        ("sd3", "without_intermediate_features"),
        ("without_intermediate_features", INITIAL),
    }
    told = found["sd3", "vanilla_dual"]
    assert (told.holds, told.seeds) == (2, 3)
    assert told.means == pytest.approx((1 / 3, 0.3))
    graphs = found["sd3", "without_intermediate_features"]
    assert graphs.holds == 3
    assert graphs.means == pytest.approx((0.55, 0.45))
    assert graphs.deviations[0] == pytest.approx(0.05)
    assert graphs.test is None  # no scores of scenes
    completed = found["without_intermediate_features", INITIAL]
    assert completed.means == pytest.approx((0.45, 0.2))


def test_the_table_names_every_claim(folder: Path) -> None:
    text = table(claims(read(folder)))
    assert "sd3 0.333 ± 0.153 > vanilla_dual 0.300 ± 0.100: 2 of 3 seeds" in text
    assert text.count(" of 3 seeds") == 3


def test_a_p_value_is_of_trainings_and_test_scenes_and_adjusted_for_all_claims(
    folder: Path,
) -> None:
    metric = "trirec.described.recall"
    rows = [
        {"variant": v, "seed": s, "id": str(n), "metric": metric, "right": right, "total": 1.0}
        for v, right in (("sd3", 1.0), ("vanilla_dual", 0.0))
        for s in range(3)
        for n in range(4)
    ]
    pd.DataFrame(rows).to_csv(folder / "ablation_scores.csv", index=False)
    found = claims(read(folder))
    told = next(c for c in found if c.worse == "vanilla_dual")
    assert told.test is not None
    assert (told.test.trainings, told.test.scenes) == (3, 4)
    assert told.test.p_value == told.adjusted == pytest.approx(0, abs=0.01)  # the only test
    assert "by Holm 0.000 (3 trainings, 4 scenes)" in table(found)
