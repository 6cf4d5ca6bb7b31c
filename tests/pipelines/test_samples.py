"""generate, evaluate and report on a few rendered scenes, with models whose answers are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spatial_dual.datasets.records import Records, write_records
from spatial_dual.metrics.statements import stated_graphs
from spatial_dual.metrics.table import flatten
from spatial_dual.models.image_tokenizer import from_uint8
from spatial_dual.models.spatial_dual import Description, Drawing
from spatial_dual.parsing.default import default_parser
from spatial_dual.perception.perceiver import Perception
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.pipelines.evaluate.nodes import (
    collect_metrics,
    evaluate_clip,
    evaluate_describe,
    evaluate_draw,
    evaluate_graph_diffusion,
    evaluate_image_tokenizer,
    evaluate_perception,
    evaluate_scene_graphs,
    judge_gold_drawings,
    judge_pictures,
)
from spatial_dual.pipelines.generate.nodes import draw_gold_graphs, generate_samples
from spatial_dual.pipelines.report.nodes import draw_contact_sheet, write_table
from spatial_dual.pipelines.scene_graphs.nodes import build_graphs
from spatial_dual.render.captions import parse
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SceneGraph

COUNT = 5
SIZE = 128
GENERATE = {
    "count": None,
    "from_gold_count": 3,
    "chunk_rows": 2,
    "steps": None,
    "guidance": 1.5,
    "drawings": None,
}
GRAPHS = {"visual_from": "perceived", "text_parser": "lexicon", "perceived_fov_deg": 48}
KINDS = {"colour": ["red", "orange", "yellow", "green", "blue", "purple", "white", "black"]}
ROWS = [render_scene(3, "test", index, SIZE) for index in range(COUNT)]
GOLD = [SceneGraph.from_json(row["graph"]) for row in ROWS]
BY_IMAGE = {row["image"].tobytes(): number for number, row in enumerate(ROWS)}


class Oracle:
    """Sees in a gold image what is there; in an image turned upside down, all of it white."""

    def perceive(self, images):
        rows = [self.see(image) for image in images]
        depth, instances, labels, attributes = map(list, zip(*rows, strict=True))
        scores = [[1.0] * len(names) for names in labels]
        return Perception(
            np.stack(depth).astype(np.float32), np.stack(instances), labels, attributes, scores
        )

    def see(self, image):
        number = BY_IMAGE.get(image.tobytes())
        recoloured = number is None
        if recoloured:
            number = BY_IMAGE[np.ascontiguousarray(image[::-1]).tobytes()]
        row, words = ROWS[number], [item.attributes for item in GOLD[number].objects]
        shown = [tuple(w for w in own if w not in KINDS["colour"]) for own in words]
        attributes = [(*own, "grey") for own in shown] if recoloured else words
        return row["depth"], row["instances"], list(row["labels"]), attributes


class Tokenizer:
    """The code of an image is its number."""

    config = SimpleNamespace(codes=COUNT)

    def decode(self, codes):
        images = np.stack([ROWS[int(code)]["image"] for code in codes[:, 0]])
        return from_uint8(torch.from_numpy(images).permute(0, 3, 1, 2))


class Clip:
    """The feature of a record is its own axis; of a picture unlike any gold one, no axis.

    The ids of a caption are the number of its record.
    """

    def caption_ids(self, texts, words):
        return torch.tensor([[Model.number(text)] * 3 for text in texts])

    def text_features(self, ids):
        return torch.eye(COUNT)[ids[:, 0]]

    def image_features(self, images):
        gold = from_uint8(torch.stack([torch.from_numpy(row["image"]) for row in ROWS]))
        return (images[:, None] == gold.permute(0, 3, 1, 2)).flatten(2).all(dim=2).float()


class Model:
    """Draws the gold image, plans the gold graph, describes with the record's own caption."""

    parts = SimpleNamespace(
        sampling=SimpleNamespace(
            steps=20, guidance=2.0, top_p=0.9, temperature=0.5, drawings=4, candidates=3
        )
    )

    def __init__(self, turned=False):
        self.turned = turned

    def draw(self, texts, *, steps, guidance, candidates, seed):
        numbers = [self.number(text) for text in texts]
        return [Drawing(self.image(n), parse(ROWS[n]["captions"][n % 4]), GOLD[n]) for n in numbers]

    def draw_graph(self, graphs, texts, *, steps, guidance, seed):
        return [
            Drawing(self.image(self.number(t)), g, g) for g, t in zip(graphs, texts, strict=True)
        ]

    def describe(self, images, *, steps, seed):
        numbers = [BY_IMAGE[image.tobytes()] for image in images]
        return [Description(ROWS[n]["captions"][0], SceneGraph(), GOLD[n]) for n in numbers]

    def image(self, number):
        image = ROWS[number]["image"]
        return np.ascontiguousarray(image[::-1]) if self.turned else image

    @staticmethod
    def number(text):
        return next(n for n, row in enumerate(ROWS) if row["captions"][n % 4] == text)


def columns(rows):
    names = rows[0].keys()
    chunk = {name: [row[name] for row in rows] for name in names}
    return {k: np.stack(v) if isinstance(v[0], np.ndarray) else v for k, v in chunk.items()}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> dict[str, Records]:
    def keep(name, chunks):
        return write_records(tmp_path_factory.mktemp(name), chunks)

    scenes = keep("scenes", [columns(ROWS)])
    seen = Oracle().perceive(np.stack([row["image"] for row in ROWS]))
    perceived = {
        "id": scenes.values("id"),
        "depth": seen.depth,
        "instances": seen.instances,
        "labels": seen.labels,
        "attributes": [[list(words) for words in image] for image in seen.attributes],
        "scores": seen.scores,
    }
    codes = np.arange(COUNT, dtype=np.uint16)[:, None].repeat(4, axis=1)
    return {
        "scenes": scenes,
        "perceived": (found := keep("perceived", [perceived])),
        "graphs": keep("graphs", build_graphs(scenes, found, prior(), GRAPHS, True, {})),
        "tokens": keep("tokens", [{"id": scenes.values("id"), "image_codes": codes}]),
    }


def prior() -> SizePrior:
    return SizePrior.fit(GOLD)


def sampled(data, folder, model, **changed) -> dict[str, Records]:
    parameters = GENERATE | changed
    samples = write_records(
        folder / "samples", generate_samples(data["scenes"], model, parameters, 0)
    )
    easy = draw_gold_graphs(samples, data["graphs"], model, parameters, 0)
    easy = write_records(folder / "samples_from_gold", easy)
    judged = judge_pictures(samples, data["tokens"], Tokenizer(), Oracle(), prior(), GRAPHS)
    judged_easy = judge_gold_drawings(easy, Oracle(), prior(), GRAPHS)
    return {
        "samples": samples,
        "samples_from_gold": easy,
        "judged": write_records(folder / "judged", judged),
        "judged_from_gold": write_records(folder / "judged_from_gold", judged_easy),
    }


def stated_by(samples):
    parser = default_parser(folder=None, package=None)
    texts = {"captions": samples.values("caption"), "descriptions": samples.values("description")}
    return {name: stated_graphs(each, parser) for name, each in texts.items()}


def drawing_figures_of(made, graphs):
    stated = stated_by(made["samples"])
    return evaluate_draw(made["samples"], made["judged"], made["judged_from_gold"], graphs, stated)


def test_samples_keep_what_they_were_made_with(data, tmp_path):
    made = sampled(data, tmp_path, Model(), count=4)
    samples = made["samples"]
    assert made["samples_from_gold"].values("id") == samples.values("id")[:3]
    assert samples.values("id") == [row["id"] for row in ROWS[:4]]
    assert samples.values("caption") == [ROWS[n]["captions"][n % 4] for n in range(4)]
    assert samples.values("steps") == [20] * 4
    assert samples.values("guidance") == [1.5] * 4
    assert samples.values("drawings") == [4] * 4
    assert samples.values("candidates") == [3] * 4


def test_model_that_draws_the_gold_image_reaches_the_upper_bound(data, tmp_path):
    made = sampled(data, tmp_path, Model())
    found = drawing_figures_of(made, data["graphs"])
    assert found["object_accuracy_upper"] == 1
    assert found["from_gold_graph"]["object_accuracy"] == 1
    assert found["object_accuracy"] >= 0.9  # stated, but hidden for the viewer, is asked for too
    assert found["relation_accuracy"] == found["relation_accuracy_upper"] >= 0.9


def test_model_that_draws_other_colours_scores_nothing(data, tmp_path):
    made = sampled(data, tmp_path, Model(turned=True))
    found = drawing_figures_of(made, data["graphs"])
    assert found["object_accuracy"] == 0
    assert found["from_gold_graph"]["object_accuracy"] == 0
    assert found["object_accuracy_upper"] == 1


def test_true_descriptions_and_gold_completions(data, tmp_path):
    samples = sampled(data, tmp_path, Model())["samples"]
    described = evaluate_describe(samples, data["scenes"], data["graphs"], stated_by(samples))
    assert described["triplet_precision"] == described["grammatical"] == 1
    completed = evaluate_graph_diffusion(samples, data["graphs"])
    assert completed["text"] == {"nodes_kept": 1, "triplets_kept": 1}
    assert completed["image"]["triplet_recall"] == 1
    assert completed["image"]["initial_triplet_recall"] == 0


def test_captions_are_like_their_own_images_only(data, tmp_path):
    samples = sampled(data, tmp_path / "right", Model())["samples"]
    figures = evaluate_clip(samples, data["scenes"], None, Clip())
    assert figures == {"drawn": 100, "gold": 100, "shuffled": 0, "gold_recall_at_1_of_100": 1}
    samples = sampled(data, tmp_path / "turned", Model(turned=True), count=4)["samples"]
    figures = evaluate_clip(samples, data["scenes"], None, Clip())
    assert (figures["drawn"], figures["gold"]) == (0, 100)


def test_samples_of_other_data_are_refused(data, tmp_path):
    made = sampled(data, tmp_path, Model())
    strangers = columns([row | {"id": f"other-{row['id']}"} for row in ROWS])
    others = write_records(tmp_path / "others", [strangers])
    with pytest.raises(ValueError, match="run the generate stage again"):
        drawing_figures_of(made, others)


def all_metrics(data, folder):
    made = sampled(data, folder, Model())
    samples = made["samples"]
    scenes, graphs = data["scenes"], data["graphs"]
    return made, collect_metrics(
        scenes,
        samples,
        {"extractor": "none"},
        {"bleu": "none"},
        {"detector": "none"},
        image_tokenizer=evaluate_image_tokenizer(scenes, data["tokens"], Tokenizer()),
        perception=evaluate_perception(scenes, data["perceived"], KINDS),
        scene_graph=evaluate_scene_graphs(scenes, graphs, prior()),
        dgae={"label_accuracy": 1.0, "relation_accuracy": 1.0},
        graph_diffusion=evaluate_graph_diffusion(samples, graphs),
        draw=drawing_figures_of(made, graphs),
        describe=evaluate_describe(samples, scenes, graphs, stated_by(samples)),
        clip=evaluate_clip(samples, scenes, None, Clip()),
    )


def test_metrics_have_the_promised_keys(data, tmp_path):
    made, metrics = all_metrics(data, tmp_path)
    assert set(metrics["refused"]) == {"image_tokenizer.psnr_db"}  # identical: infinite
    assert {key for key, _ in flatten(metrics)} >= {
        "image_tokenizer.codes_used",
        "perception.instance_recall",
        "perception.depth_abs_rel",
        "scene_graph.gold_depth.triplet_f1",
        "scene_graph.image.triplet_recall",
        "dgae.label_accuracy",
        "dgae.relation_accuracy",
        "graph_diffusion.text.nodes_kept",
        "graph_diffusion.text.triplets_kept",
        "graph_diffusion.image.triplet_recall",
        "graph_diffusion.image.initial_triplet_recall",
        "draw.object_accuracy",
        "draw.object_accuracy_upper",
        "draw.relation_accuracy",
        "draw.relation_accuracy_upper",
        "describe.triplet_precision",
        "describe.grammatical",
        "clip.drawn",
    }
    assert metrics["scene_graph"]["gold_depth"]["triplet_f1"] > 0.9
    assert metrics["perception"]["instance_recall"] == 1
    assert metrics["protocol"]["samples"] == COUNT
    assert metrics["protocol"]["images"] == {"extractor": "none"}
    table = write_table(metrics)
    assert "| `describe.grammatical` | 1 |" in table
    sheet = draw_contact_sheet(
        made["samples"],
        made["samples_from_gold"],
        data["scenes"],
        {"contact_sheet": {"rows": 2, "side": 64}},
    )
    assert sheet.width > 8 * 64


def test_photographs_refuse_what_they_cannot_tell(data, tmp_path):
    photographed = {"graph": "", "camera": '{"source": "assumed"}'}
    photos = write_records(tmp_path / "photos", [columns([row | photographed for row in ROWS])])
    samples = sampled(data, tmp_path, Model())["samples"]
    described = evaluate_describe(samples, photos, data["graphs"], stated_by(samples))
    assert isinstance(described["grammatical"], str)
    by_depth = evaluate_scene_graphs(photos, data["graphs"], prior())
    assert isinstance(by_depth["gold_depth"]["triplet_f1"], str)
    assert by_depth["image"]["triplet_recall"] > 0.5
    annotated = [row | {"depth": np.zeros_like(row["depth"])} for row in ROWS]  # as VSD is
    by_depth = evaluate_scene_graphs(
        write_records(tmp_path / "vsd", [columns(annotated)]), data["graphs"], prior()
    )
    assert isinstance(by_depth["gold_depth"]["triplet_f1"], str)
