"""The figures of the paper on a few rendered scenes, with models whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from spatial_dual.datasets.records import write_records
from spatial_dual.metrics.scene_classifier import SceneClassifier
from spatial_dual.models.outputs import Candidates, Description
from spatial_dual.pipelines.evaluate.image_nodes import NO_CLIP, evaluate_images
from spatial_dual.pipelines.evaluate.judge_nodes import judge_several
from spatial_dual.pipelines.evaluate.nodes import evaluate_describe
from spatial_dual.pipelines.evaluate.spatial_nodes import (
    describe_drawings,
    evaluate_health,
    evaluate_relations,
    evaluate_round_trips,
    evaluate_visor,
    score_samples,
)
from spatial_dual.pipelines.evaluate.text_nodes import evaluate_texts, parse_texts
from spatial_dual.render.captions import parse
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SceneGraph
from tests.models.whole import make_whole

COUNT = 4
SIZE = 32
PARAMETERS = {
    "extractor": "scenes",
    "reference_images": 100,
    "inception": {"path": None, "sha256": None},
    "inception_splits": 1,
    "clip": None,
    "wordnet": None,
    "round_trips": 3,
    "visor": {"captions": 3, "drawings": 2},
}
ROWS = [render_scene(5, "test", index, SIZE) for index in range(COUNT)]
GOLD = [SceneGraph.from_json(row["graph"]) for row in ROWS]
CAPTIONS = [row["captions"][k % 4] for k, row in enumerate(ROWS)]
NEW = {"new": {row["id"]: k % 2 == 1 for k, row in enumerate(ROWS)}}


class Describer:
    """Knows the caption of each picture."""

    def describe_candidates(self, images, *, steps, seed):
        by_image = {row["image"].tobytes(): text for row, text in zip(ROWS, CAPTIONS, strict=True)}
        told = (Description(by_image[i.tobytes()], SceneGraph(), SceneGraph()) for i in images)
        return [Candidates([text, Description("", SceneGraph(), SceneGraph())], 1) for text in told]


def samples_of(folder, descriptions, completed):
    return write_records(
        folder,
        [
            {
                "id": [row["id"] for row in ROWS],
                "caption": CAPTIONS,
                "drawn": np.stack([row["image"] for row in ROWS]),
                "system_drawn": np.stack([row["image"] for row in ROWS]),
                "description": descriptions,
                "system_description": descriptions,
                "text_graph": [parse(text).to_json() for text in CAPTIONS],
                "visual_graph": [SceneGraph().to_json()] * COUNT,
                "text_completed": [graph.to_json() for graph in completed],
                "visual_completed": [graph.to_json() for graph in completed],
                "steps": [20] * COUNT,
                "guidance": [2.0] * COUNT,
                "truncation": [0.9] * COUNT,
                "drawings": [2] * COUNT,
                "candidates": [3] * COUNT,
                "temperature": [0.5] * COUNT,
                "seed": [0] * COUNT,
            }
        ],
    )


@pytest.fixture(scope="module")
def perfect(tmp_path_factory):
    """Records of a model that draws the gold image, and describes it by a caption of its own."""
    folder = tmp_path_factory.mktemp("perfect")
    names = ("id", "image", "captions", "camera")
    scenes = write_records(
        folder / "scenes",
        [
            {n: [r[n] for r in ROWS] for n in names}
            | {"image": np.stack([row["image"] for row in ROWS])}
        ],
    )
    ids = {"id": [row["id"] for row in ROWS]}
    gold = [graph.to_json() for graph in GOLD]
    samples = samples_of(folder / "samples", CAPTIONS, GOLD)
    described = describe_drawings(samples, Describer(), PARAMETERS, 0)
    again = write_records(folder / "again", described)
    return {
        "samples": samples,
        "scenes": scenes,
        "graphs": write_records(folder / "graphs", [ids | {"gold": gold, "depth": gold}]),
        "judged": write_records(
            folder / "judged", [ids | {"single": gold, "system": gold, "bound": gold}]
        ),
        "from_gold": write_records(folder / "from_gold", [ids | {"drawn": gold}]),
        "again": again,
        "stated": parse_texts(samples, scenes, again, {"folder": None, "package": None}),
    }


def test_perfect_samples_reach_every_bound(perfect):
    made = perfect
    groups = evaluate_relations(
        made["samples"], made["judged"], made["graphs"], made["stated"], NEW
    )
    for visor, trirec, agreement in (
        groups,
        *([g[part] for g in groups] for part in ("seen", "new")),
    ):
        assert visor["drawn"]["conditional"] == visor["upper"]["object_presence"] == 1
        assert set(visor["drawn"]) == {"object_presence", "conditional", "by_predicate"}
        assert trirec["drawn"]["recall"] == trirec["described"]["precision"] == 1
        assert trirec["drawn_upper"]["recall"] == trirec["system_drawn"]["recall"] == 1
        assert {
            value for name, value in agreement.items() if name[0] != "n" and name != "seen"
        } == {1}
    assert [group["n"] for group in groups] == [COUNT] * 3
    trips = evaluate_round_trips(
        *(made[n] for n in ("again", "from_gold", "judged", "graphs", "stated")), NEW
    )
    for part in (trips, *({n: each[k] for n, each in trips.items()} for k in ("seen", "new"))):
        assert part["text"]["relations"] == part["graph"]["relations"] == 1
    assert [trips["text"][k]["n"] for k in ("seen", "new")] == [2, 1]
    health = evaluate_health(made["samples"], made["graphs"], NEW)
    for part in (health, health["seen"], health["new"]):
        assert part["nodes"]["gold"] == part["nodes"]["text_completed"]
        assert set(part["contradictory"].values()) == set(part["turned_around"].values()) == {0}
    assert health["new"]["nodes"]["gold"]["objects"] == np.mean(
        [len(g.objects) for g in GOLD[1::2]]
    )


def test_visor_counts_captions_by_how_many_of_their_drawings_hold(perfect, tmp_path):
    """One drawing of each caption is right, the other shows nothing."""
    nothing = SceneGraph().to_json()
    rows = {"id": [row["id"] for row in ROWS[:3]], "drawn_2": [nothing] * 3}
    several = write_records(
        tmp_path / "several", [rows | {"drawn_1": [g.to_json() for g in GOLD[:3]]}]
    )
    figures = evaluate_visor(several, perfect["stated"], NEW, PARAMETERS)
    assert figures["object_presence"] == figures["unconditional"] == 0.5
    assert figures["conditional"] == 1
    assert figures["at_least"] == {"1": 1, "2": 0}
    assert (figures["n"], figures["drawings"]) == (3, 2)
    assert (figures["new"]["n"], figures["new"]["unconditional"]) == (1, 0.5)


def test_a_drawing_is_described_alike_whatever_chunk_it_is_in(perfect, monkeypatch):
    """The seed handed over is one for all: noise is the image's own."""
    monkeypatch.setattr("spatial_dual.pipelines.evaluate.spatial_nodes.CHUNK", 1)
    seeds = []

    class Recorder(Describer):
        def describe_candidates(self, images, *, steps, seed):
            seeds.append((len(images), seed))
            return super().describe_candidates(images, steps=steps, seed=seed)

    list(describe_drawings(perfect["samples"], Recorder(), PARAMETERS, 0))
    assert [count for count, _ in seeds] == [1, 1, 1]
    assert len({seed for _, seed in seeds}) == 1


def test_several_drawings_of_a_caption_each_have_noise_of_their_own(perfect, tmp_path):
    asked = []
    model = make_whole()

    class Drawer:
        def draw_candidates(self, texts, **how):
            asked.append((tuple(texts), how["candidates"], how["seed"]))
            return model.draw_candidates(texts, **how | {"steps": 2})

    judge = (model.perceiver, model.parts.size_prior, {"perceived_fov_deg": 50.0})
    made = [
        write_records(
            tmp_path / name, judge_several(perfect["samples"], Drawer(), *judge, PARAMETERS, 0)
        )
        for name in ("one", "two")
    ]
    assert asked == [(tuple(CAPTIONS[:3]), 2, 0)] * 2
    assert [len(records) for records in made] == [3, 3]
    for column in ("id", "drawn_1", "drawn_2"):
        assert made[0].values(column) == made[1].values(column)


def test_every_text_figure_is_there_for_new_compositions(perfect):
    figures, _ = evaluate_texts(
        perfect["samples"], perfect["scenes"], perfect["stated"], NEW, PARAMETERS
    )
    for part in (figures, figures["system"]):
        assert (
            {"bleu4", "spice", "cider", "meteor", "n"} == part["new"].keys() == part["seen"].keys()
        )


def test_texts_that_are_references_score_full_marks(perfect):
    figures, card = evaluate_texts(
        perfect["samples"], perfect["scenes"], perfect["stated"], NEW, PARAMETERS
    )
    assert figures["bleu4"] == figures["system"]["new"]["bleu4"] == pytest.approx(100)
    assert 0 < figures["spice"] < 100  # the references say more than one of them
    assert card["spice_synonyms"] == "own lexicon"


def test_only_the_first_drawings_are_described_again(perfect):
    assert len(perfect["stated"]["redescribed"]) == PARAMETERS["round_trips"]


def test_scores_of_samples_add_up_to_the_figures(perfect):
    made = perfect
    scores = score_samples(
        made["samples"], made["judged"], made["graphs"], made["stated"], PARAMETERS
    )
    assert isinstance(scores, pd.DataFrame)
    assert list(scores.columns) == ["id", "metric", "right", "total"]
    figures, _ = evaluate_texts(made["samples"], made["scenes"], made["stated"], NEW, PARAMETERS)
    sums = scores.groupby("metric")[["right", "total"]].sum()
    assert sums.loc["texts.spice"]["right"] / COUNT == pytest.approx(figures["spice"])
    for metric in ("trirec.drawn", "graph_diffusion.text", "graph_diffusion.image"):
        relations = sums.loc[f"{metric}.recall"]
        assert relations["right"] == relations["total"] > 0
    told = evaluate_describe(made["samples"], made["scenes"], made["graphs"], made["stated"], NEW)
    for name in ("precision", "recall"):
        right, total = sums.loc[f"describe.single.{name}"]
        assert right / total == pytest.approx(told["single"][name])
    right, total = sums.loc["draw.single.object_accuracy"]
    assert right == total > 0


def test_few_pictures_and_missing_checkpoints_are_refused_with_the_reason(perfect):
    classifier = SceneClassifier(SceneClassifier.Config(labels=2, tags=2, width=8, dim=4)).eval()
    figures, card = evaluate_images(
        perfect["samples"], perfect["scenes"], perfect["scenes"], classifier, NEW, PARAMETERS, 0
    )
    assert figures["fid_scenes"] == "4 pictures, at least 50 are needed"
    assert figures["clip_score"] == NO_CLIP
    assert (card["truncation"], card["temperature"], card["drawings"]) == (0.9, 0.5, 2)
    assert card["warning"].startswith("FID of 4 pictures is biased upwards")
    assert len(card["real_set_sha256"]) == len(card["extractor_sha256"]) == 64
    missing = PARAMETERS | {"extractor": "inception", "inception": {"path": "no", "sha256": None}}
    figures, _ = evaluate_images(
        perfect["samples"], perfect["scenes"], perfect["scenes"], classifier, NEW, missing, 0
    )
    assert "no" in figures["fid"]
    assert all(isinstance(reason, str) for reason in figures.values())


def test_sets_of_pictures_have_figures_of_each_composition(perfect):
    classifier = SceneClassifier(SceneClassifier.Config(labels=2, tags=2, width=8, dim=4)).eval()
    figures, _ = evaluate_images(
        perfect["samples"], perfect["scenes"], perfect["scenes"], classifier, NEW, PARAMETERS, 0
    )
    assert figures["new"]["fid_scenes"] == "2 pictures, at least 50 are needed"
    assert figures["system"]["seen"]["n"] == 2


def test_many_equal_pictures_have_no_distance(tmp_path, perfect):
    images = np.random.default_rng(0).integers(0, 256, (60, SIZE, SIZE, 3), dtype=np.uint8)
    ids = [str(k) for k in range(60)]
    scenes = write_records(tmp_path / "scenes", [{"id": ids, "image": images}])
    numbers = {
        "steps": 1,
        "guidance": 1.0,
        "truncation": 0.9,
        "temperature": 1.0,
        "seed": 0,
        "drawings": 1,
    }
    how = {"caption": ids} | {name: [value] * 60 for name, value in numbers.items()}
    samples = write_records(tmp_path / "samples", [{"id": ids, "drawn": images} | how])
    classifier = SceneClassifier(SceneClassifier.Config(labels=3, tags=3, width=8, dim=4)).eval()
    every = {"new": None}
    figures, _ = evaluate_images(samples, scenes, scenes, classifier, every, PARAMETERS, 0)
    assert figures["fid_scenes"] == figures["fid_floor_scenes"] == pytest.approx(0, abs=1e-6)
    assert figures["is_scenes"] == figures["is_gold_scenes"] >= 1
