"""generate, evaluate and report on a few rendered scenes, with models whose answers are known."""

import numpy as np
import pytest

from spatial_dual.datasets.records import Records, write_records
from spatial_dual.metrics.statements import stated_graphs
from spatial_dual.metrics.table import flatten
from spatial_dual.parsing.default import default_parser
from spatial_dual.pipelines.evaluate.nodes import (
    collect_metrics,
    evaluate_clip,
    evaluate_describe,
    evaluate_draw,
    evaluate_graph_diffusion,
    find_new_compositions,
)
from spatial_dual.pipelines.evaluate.part_nodes import (
    evaluate_image_tokenizer,
    evaluate_perception,
    evaluate_scene_graphs,
)
from spatial_dual.pipelines.report.nodes import draw_contact_sheet, write_table
from tests.pipelines.known_models import (
    COUNT,
    KINDS,
    ROWS,
    Clip,
    Model,
    Tokenizer,
    columns,
    prior,
    records_of_scenes,
    sampled,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> dict[str, Records]:
    return records_of_scenes(tmp_path_factory.mktemp("data"))


def stated_by(samples):
    parser = default_parser(folder=None, package=None)
    texts = {
        "captions": samples.values("caption"),
        "descriptions": samples.values("description"),
        "system_descriptions": samples.values("system_description"),
    }
    return {name: stated_graphs(each, parser) for name, each in texts.items()}


def drawing_figures_of(made, data):
    samples, graphs = made["samples"], data["graphs"]
    judged = (made["judged"], made["judged_from_gold"])
    return evaluate_draw(samples, *judged, graphs, stated_by(samples), new_in(data))


def new_in(data):
    return find_new_compositions(data["scenes"], data["graphs"])


def test_samples_keep_what_they_were_made_with(data, tmp_path):
    made = sampled(data, tmp_path, Model(), count=4)
    samples = made["samples"]
    assert made["samples_from_gold"].values("id") == samples.values("id")[:3]
    assert samples.values("id") == [row["id"] for row in ROWS[:4]]
    assert samples.values("caption") == [ROWS[n]["captions"][n % 4] for n in range(4)]
    assert samples.values("steps") == [20] * 4
    assert samples.values("guidance") == [1.5] * 4
    assert samples.values("drawings") == [4] * 4
    assert samples.values("candidates") == [2] * 4
    assert samples.values("system_description") == [row["captions"][1] for row in ROWS[:4]]


def test_single_is_the_first_of_the_candidates_and_system_the_chosen_one(data, tmp_path):
    samples = sampled(data, tmp_path, Model(turned=True))["samples"]
    rows = range(COUNT)
    gold = np.stack([row["image"] for row in ROWS])
    assert np.array_equal(samples.array("drawn", rows), gold[:, ::-1])
    assert np.array_equal(samples.array("system_drawn", rows), gold)


def test_model_that_draws_the_gold_image_reaches_the_upper_bound(data, tmp_path):
    made = sampled(data, tmp_path, Model())
    found = drawing_figures_of(made, data)
    for figures in (found["single"], found["system"], found["single"]["new"]):
        assert figures["object_accuracy"] == figures["object_accuracy_upper"] == 1
        assert figures["relation_accuracy"] == figures["relation_accuracy_upper"] >= 0.9
        assert figures["objects_in_place"] >= 0.9  # some are stated, but their region is out of it
    perfect = {"objects_in_place": 1, "objects_in_place_upper": 1}
    parts = {"seen": {**perfect, "n": 2}, "new": {**perfect, "n": 1}}
    assert found["from_gold_graph"] == {**perfect, "n": 3, **parts}
    counts = [found["single"][part]["n"] for part in ("seen", "new")]
    assert (counts, found["single"]["n"]) == ([3, 2], COUNT)
    assert (found["single"]["chosen_from"], found["system"]["chosen_from"]) == (1, 4)


def test_what_is_chosen_counts_for_the_system_alone(data, tmp_path):
    made = sampled(data, tmp_path, Model(turned=True))
    found = drawing_figures_of(made, data)
    assert found["single"]["object_accuracy"] < 0.5  # what states no colour is still seen
    assert found["single"]["relation_accuracy"] < found["system"]["relation_accuracy"]
    assert found["system"]["object_accuracy"] == 1
    assert found["single"]["object_accuracy_upper"] == 1
    assert found["from_gold_graph"]["objects_in_place"] == 0


def test_true_descriptions_and_gold_completions(data, tmp_path):
    samples, new = sampled(data, tmp_path, Model())["samples"], new_in(data)
    described = evaluate_describe(samples, data["scenes"], data["graphs"], stated_by(samples), new)
    for kind in ("single", "system", "captions"):
        assert described[kind]["precision"] == described[kind]["grammatical"] == 1
        assert 0 < described[kind]["recall"] < 1
    assert described["single"]["attributed"]["precision"] == 1
    assert described["system"]["chosen_from"] == 2
    completed = evaluate_graph_diffusion(samples, data["graphs"], new)
    assert completed["text"]["stated_nodes_kept"] == completed["text"]["stated_triplets_kept"] == 1
    assert completed["text"]["by_place"] == completed["text"]["by_place_gold"]
    assert completed["image"]["recall"] == completed["image"]["attributed"]["f1"] == 1
    assert completed["image"]["initial"]["recall"] == 0
    by_rules = completed["baseline_depth"]  # sees no hidden object
    assert by_rules["precision"] > 0.9
    assert 0.3 < by_rules["recall"] < 1
    assert completed["baseline_depth"]["n"] == COUNT


def test_captions_are_like_their_own_images_only(data, tmp_path):
    new = new_in(data)
    samples = sampled(data, tmp_path / "right", Model())["samples"]
    figures = evaluate_clip(samples, data["scenes"], None, Clip(), new)
    parts = {name: figures.pop(name) for name in ("seen", "new")}
    own = {"drawn": 100, "system": 100, "gold": 100, "shuffled": 0}
    assert figures == {**own, "n": COUNT, "gold_recall_at_1_of_100": 1}
    assert parts == {"seen": {**own, "n": 3}, "new": {**own, "n": 2}}
    samples = sampled(data, tmp_path / "turned", Model(turned=True), count=4)["samples"]
    figures = evaluate_clip(samples, data["scenes"], None, Clip(), new)
    assert (figures["drawn"], figures["system"], figures["gold"]) == (0, 100, 100)


def test_samples_of_other_data_are_refused(data, tmp_path):
    made = sampled(data, tmp_path, Model())
    strangers = columns([row | {"id": f"other-{row['id']}"} for row in ROWS])
    others = write_records(tmp_path / "others", [strangers])
    with pytest.raises(ValueError, match="run the generate stage again"):
        evaluate_draw(
            made["samples"],
            made["judged"],
            made["judged_from_gold"],
            others,
            stated_by(made["samples"]),
            new_in(data),
        )


def all_metrics(data, folder):
    made = sampled(data, folder, Model())
    samples = made["samples"]
    scenes, graphs, new = data["scenes"], data["graphs"], new_in(data)
    return made, collect_metrics(
        scenes,
        samples,
        {"extractor": "none"},
        {"bleu": "none"},
        {"detector": "none"},
        "test",
        image_tokenizer=evaluate_image_tokenizer(scenes, data["tokens"], Tokenizer(), new),
        perception=evaluate_perception(scenes, data["perceived"], KINDS, new),
        scene_graph=evaluate_scene_graphs(scenes, graphs, prior(), new),
        dgae={"label_accuracy": 1.0, "relation_accuracy": 1.0},
        graph_diffusion=evaluate_graph_diffusion(samples, graphs, new),
        draw=drawing_figures_of(made, data),
        describe=evaluate_describe(samples, scenes, graphs, stated_by(samples), new),
        clip=evaluate_clip(samples, scenes, None, Clip(), new),
    )


def test_metrics_have_the_promised_keys(data, tmp_path):
    made, metrics = all_metrics(data, tmp_path)
    refused = set(metrics["refused"])
    empty = {key for key in refused if key.endswith("precision") and ".initial." in key}
    # pictures come back as they were, and the initial graphs of images are empty
    psnr = {f"image_tokenizer.{part}psnr_db" for part in ("", "seen.", "new.")}
    assert refused - empty == psnr
    assert {key for key, _ in flatten(metrics)} >= {
        "image_tokenizer.codes_used",
        *(f"perception.{part}instance_recall" for part in ("", "seen.", "new.")),
        "perception.depth_abs_rel",
        "scene_graph.gold_depth.triplet_f1",
        "scene_graph.image.triplet_recall",
        "dgae.label_accuracy",
        "dgae.relation_accuracy",
        *(
            f"graph_diffusion.{kind}.{part}{figure}"
            for kind in ("text", "image", "baseline_depth")
            for part in ("", "attributed.", "seen.", "new.attributed.")
            for figure in ("recall", "precision", "f1")
        ),
        "graph_diffusion.text.initial.recall",
        "graph_diffusion.image.initial.f1",
        *(
            f"draw.{kind}.{part}{figure}"
            for kind in ("single", "system")
            for part in ("", "seen.", "new.")
            for figure in (
                *("object_accuracy", "object_accuracy_upper"),
                *("relation_accuracy", "relation_accuracy_upper", "n"),
            )
        ),
        *(
            f"describe.{kind}.{part}{figure}"
            for kind in ("single", "system", "captions")
            for part in ("", "attributed.", "seen.", "new.")
            for figure in ("recall", "precision", "f1")
        ),
        "describe.single.grammatical",
        *(f"clip.{part}" for part in ("drawn", "system", "gold", "shuffled")),
    }
    assert metrics["scene_graph"]["gold_depth"]["triplet_f1"] > 0.9
    assert metrics["perception"]["instance_recall"] == 1
    assert metrics["protocol"]["samples"] == COUNT
    assert metrics["protocol"]["split"] == "test"
    assert metrics["protocol"]["images"] == {"extractor": "none"}
    table = write_table(metrics)
    assert "| `describe.single.grammatical` | 1 |" in table
    assert "| described: grammatical | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 |" in table
    sheet = draw_contact_sheet(
        made["samples"],
        made["samples_from_gold"],
        data["scenes"],
        {"contact_sheet": {"rows": 2, "side": 64}},
    )
    assert sheet.width > 8 * 64


def test_the_sheet_says_out_of_how_many_its_outputs_are_chosen(data, tmp_path, monkeypatch):
    made, shown = sampled(data, tmp_path, Model()), []
    monkeypatch.setattr(
        "spatial_dual.figures.samples.contact_sheet", lambda headings, rows: shown.extend(headings)
    )
    sheet = {"contact_sheet": {"rows": 2, "side": 64}}
    draw_contact_sheet(made["samples"], made["samples_from_gold"], data["scenes"], sheet)
    assert "drawn, chosen of 4" in shown
    assert "description, chosen of 2" in shown
    assert "from gold 3DSG" in shown


def test_photographs_refuse_what_they_cannot_tell(data, tmp_path):
    photographed = {"graph": "", "camera": '{"source": "assumed"}'}
    photos = write_records(tmp_path / "photos", [columns([row | photographed for row in ROWS])])
    samples = sampled(data, tmp_path, Model())["samples"]
    new = find_new_compositions(photos, data["graphs"])
    described = evaluate_describe(samples, photos, data["graphs"], stated_by(samples), new)
    assert isinstance(described["single"]["grammatical"], str)
    assert isinstance(described["single"]["new"], str)
    by_depth = evaluate_scene_graphs(photos, data["graphs"], prior(), new)
    assert isinstance(by_depth["gold_depth"]["triplet_f1"], str)
    assert by_depth["image"]["triplet_recall"] > 0.5
    annotated = [row | {"depth": np.zeros_like(row["depth"])} for row in ROWS]  # as VSD is
    by_depth = evaluate_scene_graphs(
        write_records(tmp_path / "vsd", [columns(annotated)]), data["graphs"], prior(), new
    )
    assert isinstance(by_depth["gold_depth"]["triplet_f1"], str)
