"""A few rendered scenes, and models whose answers about them are known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from spatial_dual.datasets.records import Records, write_records
from spatial_dual.models.image_tokenizer import from_uint8
from spatial_dual.models.outputs import Candidates, Description, Drawing
from spatial_dual.perception.perceiver import Perception
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.pipelines.evaluate.judge_nodes import judge_gold_drawings, judge_pictures
from spatial_dual.pipelines.generate.nodes import draw_gold_graphs, generate_samples
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


def records_of_scenes(folder: Path) -> dict[str, Records]:
    """What the stages before ``generate`` keep of the scenes, by ``Oracle``."""

    def keep(name, chunks):
        return write_records(folder / name, chunks)

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
    """What ``generate`` makes by a model, and the judge sees in it."""
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
