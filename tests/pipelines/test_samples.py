"""generate, evaluate and report on a few rendered scenes, with models whose answers are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spatial_dual.datasets.records import Records, write_records
from spatial_dual.metrics.statements import stated_graphs
from spatial_dual.metrics.table import flatten
from spatial_dual.models.image_tokenizer import from_uint8
from spatial_dual.models.outputs import Candidates, Description, Drawing
from spatial_dual.parsing.default import default_parser
from spatial_dual.perception.perceiver import Perception
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.pipelines.evaluate.judge_nodes import judge_gold_drawings, judge_pictures
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
        ),
        fov_deg=48.0,
    )

    def __init__(self, turned=False):
        self.turned = turned

    def draw_candidates(self, texts, *, steps, guidance, candidates, seed):
        """The first one wrong where the model is, the others right; the last one is kept."""
        numbers = [self.number(text) for text in texts]
        return [
            Candidates(
                [self.drawing(n, self.turned), *[self.drawing(n, False)] * (candidates - 1)],
                candidates - 1,
            )
            for n in numbers
        ]

    def drawing(self, number, turned):
        told = parse(ROWS[number]["captions"][number % 4])
        return Drawing(self.image(number, turned), told, GOLD[number])

    def draw_graph(self, graphs, texts, *, steps, guidance, seed):
        return [
            Drawing(self.image(self.number(t), self.turned), g, g)
            for g, t in zip(graphs, texts, strict=True)
        ]

    def describe_candidates(self, images, *, cameras, steps, seed):
        numbers = [BY_IMAGE[image.tobytes()] for image in images]
        return [
            Candidates(
                [Description(ROWS[n]["captions"][k], SceneGraph(), GOLD[n]) for k in (0, 1)], 1
            )
            for n in numbers
        ]

    def reconstruct(self, images, graphs):
        assert [graph.to_json() for graph in graphs] == [
            GOLD[BY_IMAGE[image.tobytes()]].to_json() for image in images
        ]
        return images

    def image(self, number, turned):
        image = ROWS[number]["image"]
        return np.ascontiguousarray(image[::-1]) if turned else image

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
    judged = judge_pictures(
        samples, data["scenes"], data["graphs"], model, Oracle(), prior(), GRAPHS
    )
    judged_easy = judge_gold_drawings(easy, Oracle(), prior(), GRAPHS)
    return {
        "samples": samples,
        "samples_from_gold": easy,
        "judged": write_records(folder / "judged", judged),
        "judged_from_gold": write_records(folder / "judged_from_gold", judged_easy),
    }


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
