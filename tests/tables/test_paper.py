import numpy as np
import pandas as pd
import pytest

from spatial_dual.figures import paper as figures
from spatial_dual.metrics.undefined import UndefinedMetricError
from spatial_dual.tables import paper
from spatial_dual.tables.results import RESULT_COLUMNS, SCORE_COLUMNS, Results, result_rows
from spatial_dual.tables.table import Table

METRICS = {
    "images": {"fid_scenes": 20.0, "is_scenes": 3.0},
    "clip": {"drawn": 40.0, "gold": 55.0, "shuffled": 12.5},
    "texts": {"bleu4": 10.0, "spice": 30.0},
    "graph_diffusion": {
        "text": {"recall": 0.5, "initial": {"recall": 0.2}},
        "image": {"recall": 0.4, "precision": 0.1, "initial": {"recall": 0.3}},
        "baseline_depth": {"recall": 0.45, "f1": 0.35},
    },
    "refused": {"images.fid": "no Inception"},
    "protocol": {"seed": 7, "samples": 500},
}
EMPTY = pd.DataFrame(columns=list(RESULT_COLUMNS))
NO_SCORES = pd.DataFrame(columns=list(SCORE_COLUMNS))
NO_SAMPLES = pd.DataFrame(columns=["id", "metric", "right", "total"])


def ablations(**spice: list[float]) -> pd.DataFrame:
    rows = [
        (variant, seed, "texts.spice", value, 100)
        for variant, values in spice.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def results(frame: pd.DataFrame = EMPTY, scores: pd.DataFrame = NO_SCORES) -> Results:
    return Results.of_runs(METRICS, frame, NO_SAMPLES, scores)


def row(table: Table, name: str) -> dict[str, str]:
    found = next(row for row in table.rows if row.name == name)
    return {
        column.title: cell.text(column.digits)
        for column, cell in zip(table.columns, found.cells, strict=True)
    }


def test_default_run_is_the_full_method():
    table = paper.table_2(results())
    ours = row(table, "SD³")
    assert ours["FID-scenes↓"] == "20.00"
    assert ours["SPICE↑"] == "30.00"
    assert ours["v1 SPICE↑ [published]"] == "68.02"
    assert "FID↓" not in ours  # ours is never called FID where the extractor is our own
    assert ours["IS↑"] == "–"
    assert "SD³: only images.is_scenes, which tells" in "\n".join(table.all_notes())


def test_runs_of_two_budgets_are_never_mixed():
    found = results(ablations(sd3=[50, 52], singleton=[40, 41]))
    assert row(paper.table_2(found), "SD³")["SPICE↑"] == "51.00 ± 1.41"
    assert row(paper.table_2(found), "SD³")["BLEU4↑"] == "–"


def test_missing_runs_are_dashes_with_reasons():
    table = paper.table_2(results())
    assert row(table, "Vanilla dual")["SPICE↑"] == "–"
    notes = "\n".join(table.all_notes())
    assert "--params=ablations.variants=vanilla_dual" in notes
    assert "DALL·E, CogView, LAFITE, MNIC, FNIC, DiffCap: not part of this project" in notes
    assert "image to text only" in notes
    assert "1 seed(s) (the paper: 5; fewer than the paper's), 500 test samples" in notes


def test_best_baseline_is_tested_over_seeds():
    found = results(ablations(sd3=[50, 52, 54], singleton=[40, 41, 42], vanilla_dual=[45, 46, 47]))
    notes = "\n".join(paper.table_2(found).notes)
    assert "SPICE↑ SD³ over Vanilla dual, the best baseline: p = 0.125, by Holm over 1" in notes
    assert "bootstrap over 3 trainings)" in notes


def test_tests_of_several_columns_are_adjusted_together():
    frame = ablations(sd3=[50, 52, 54], singleton=[40, 41, 42])
    both = pd.concat([frame, frame.assign(metric="texts.bleu4")])
    notes = "\n".join(paper.table_2(results(both)).notes)
    assert notes.count("p = 0.125, by Holm over 2 columns 0.250") == 2


def test_a_baseline_of_one_task_has_no_figure_of_the_other():
    """Its other half is trained beside it and stands for nothing, in no row and in no test."""
    found = results(ablations(sd3=[50, 52], singleton=[40, 41], coarse_to_fine=[90, 91]))
    table = paper.table_2(found)
    assert row(table, "Frido")["SPICE↑"] == "–"
    assert "SPICE↑ SD³ over Singleton, the best baseline" in "\n".join(table.notes)


def test_scores_of_samples_are_preferred():
    generator = np.random.default_rng(0)
    rows = [
        (variant, 0, f"{k}", "texts.spice", float(generator.random() + shift), 1.0)
        for variant, shift in (("sd3", 0.0), ("singleton", 0.02))
        for k in range(200)
    ]
    scores = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    found = results(ablations(sd3=[50], singleton=[49]), scores)
    test = found.paired_test("sd3", "singleton", "texts.spice", lower_is_better=False)
    assert (test.trainings, test.scenes) == (1, 200)
    assert test.over == "1 training, 200 scenes"
    assert 0.05 < test.p_value < 0.99


def test_scenes_that_one_training_lacks_count_for_none():
    rows = [
        (variant, seed, f"{k}", "texts.spice", float(k % 3 + (variant == "sd3")), 1.0)
        for variant in ("sd3", "singleton")
        for seed, count in ((0, 5), (1, 4), (2, 5))
        for k in range(count)
    ]
    scores = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    frame = ablations(sd3=[1, 1, 1], singleton=[0, 0, 0])
    test = results(frame, scores).paired_test("sd3", "singleton", "texts.spice", False)
    assert (test.trainings, test.scenes) == (3, 4)
    assert test.p_value < 0.01


def test_rows_are_of_as_many_samples_as_their_part_says():
    figures = {"draw": {"n": 8, "a": 0.5, "new": {"n": 3, "a": 0.2}}, "dgae": {"b": 1.0}}
    rows = result_rows(figures, "sd3", 0, 50).set_index("metric")["n"]
    assert rows.to_dict() == {"draw.a": 8, "draw.new.a": 3, "dgae.b": 50}


def test_lower_is_better_turns_the_test_around():
    frame = ablations(sd3=[1, 2, 3], singleton=[5, 6, 7])
    found = results(frame)
    test = found.paired_test("sd3", "singleton", "texts.spice", lower_is_better=True)
    assert (test.p_value, test.trainings, test.scenes) == (0.125, 3, None)
    with pytest.raises(UndefinedMetricError, match="fewer than two seeds"):
        found.paired_test("sd3", "absent", "texts.spice", lower_is_better=True)


def test_every_table_stands_on_the_default_run_alone():
    found = results()
    tables = [f(found) for f in (paper.table_4, paper.table_5, paper.table_6, paper.table_7)]
    assert [table.number for table in tables] == [4, 5, 6, 7]
    assert row(tables[0], "initial TSG")["TriRec text→3DSG↑"] == "20.00"
    assert row(tables[0], "SD³") == {
        "TriRec text→3DSG↑": "50.00",
        "precision text→3DSG↑": "–",
        "F1 text→3DSG↑": "–",
        "TriRec image→3DSG↑": "40.00",
        "precision image→3DSG↑": "10.00",
        "F1 image→3DSG↑": "–",
        "TriRec↑ [published]": "84.51",
    }
    by_rules = row(tables[0], "rules on perceived depth")
    assert (by_rules["TriRec image→3DSG↑"], by_rules["F1 image→3DSG↑"]) == ("45.00", "35.00")
    assert by_rules["TriRec text→3DSG↑"] == "–"
    for table in tables:
        for line in table.rows:
            assert len(line.cells) == len(table.columns)


def test_costs_of_steps_and_missing_ones():
    trained = [("train_dgae", 7200.0), ("train_text_prior", 60.0), ("train_dual", 60.0)]
    trained += [("train_visual_decoder", 60.0), ("train_text_decoder", 30.0)]
    costs = pd.DataFrame(trained, columns=["training", "cpu_s"])
    counts = dict.fromkeys(["dgae", "alignment", "graph_diffusion", "dual"], 2_500_000)
    table = paper.table_8(counts, costs)
    assert row(table, "1 DGAE pre-training")["CPU time, min"] == "120.00"
    assert row(table, "2 spatial alignment")["CPU time, min"] == "1.50"
    assert row(table, "4 overall")["CPU time, min"] == "–"  # one of its priors is missing
    assert row(table, "4 overall")["parameters, M"] == "2.50"


def test_ratings_stand_beside_the_published_ones():
    missing = paper.table_3({}, [])
    assert row(missing, "SD³")["SI2T accuracy↑ [published]"] == "4.03"
    assert any("rating_sheets" in note for note in missing.all_notes())


@pytest.mark.parametrize(
    "draw", [figures.figure_5, figures.figure_6, figures.figure_7, figures.figure_8]
)
def test_charts_hold_with_and_without_variants(draw):
    noisy = [
        (variant, 0, f"graph_diffusion.{k}.recall", 0.8 - int(share) / 200, 9)
        for share, variant in figures.NOISE.items()
        for k in ("text", "image")
    ]
    full = results(pd.DataFrame(noisy, columns=list(RESULT_COLUMNS)))
    for found in (results(), full):
        chart = draw(found)
        assert chart.to_svg() == draw(found).to_svg()
        assert "<dc:date>" not in chart.to_svg()
        assert '"data"' in chart.to_plotly()


def test_a_detector_goes_before_perception_in_the_glip_figure():
    def first_panel(*metrics):
        rows = [("sd3", 0, metric, 0.5 + k / 10, 9) for k, metric in enumerate(metrics)]
        chart = figures.figure_5(results(pd.DataFrame(rows, columns=list(RESULT_COLUMNS))))
        return chart.panels[0]

    perceived = first_panel("agreement.drawn")
    assert perceived.title == "objects and attributes"
    assert perceived.series[0].values[0] == 50
    detected = first_panel("agreement.drawn", "detection.drawn")
    assert detected.title == "objects and attributes, by a detector"
    assert detected.series[0].values[0] == 60


def test_noise_is_relative_to_none():
    noisy = [
        ("sd3", 0, "graph_diffusion.text.recall", 0.8, 9),
        ("graph_noise_80", 0, "graph_diffusion.text.recall", 0.2, 9),
    ]
    chart = figures.figure_8(results(pd.DataFrame(noisy, columns=list(RESULT_COLUMNS))))
    assert chart.panels[0].series[0].values == (100, None, None, None, pytest.approx(25))
    assert any("graph_noise_20" in note for note in chart.notes)


def test_a_share_of_nothing_is_no_share():
    nothing = [(v, 0, "graph_diffusion.text.recall", 0.0, 9) for v in ("sd3", "graph_noise_20")]
    chart = figures.figure_8(results(pd.DataFrame(nothing, columns=list(RESULT_COLUMNS))))
    assert set(chart.panels[0].series[0].values) == {None}
    assert "– text→3DSG: 0 without noise, so no share of it" in chart.notes


def test_the_floor_of_fid_stands_below_the_table():
    rows = [("sd3", s, m, v, 500) for s, m, v in ((0, "images.fid_scenes", 9.0),)]
    rows += [("sd3", 0, "images.fid_floor_scenes", 0.5, 500)]
    frame = pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
    notes = "\n".join(paper.table_2(results(frame)).notes)
    assert "Test images in the place of drawings: FID-scenes 0.50." in notes
