"""The command, with a model whose answers are known."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from spatial_dual.commands import inputs, main
from spatial_dual.parsing.lexicon_parser import LexiconParser
from spatial_dual.perception.perceiver import Perception
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.graph import SceneGraph, SceneObject

CUP = SceneGraph(objects=(SceneObject(label="cup", region=(0.2, 0.2, 0.6, 0.6)),), place="kitchen")


class Model:
    """Draws grey of level 10 × place + seed, sees one cup, and completes any graph to ``CUP``."""

    image_size = 64
    parser = LexiconParser()
    parts = SimpleNamespace(size_prior=SizePrior())

    def draw(self, texts, *, steps, guidance, seed):
        self.called = {"steps": steps, "guidance": guidance}
        initial = self.parser.parse(texts)
        images = [np.full((64, 64, 3), 10 * k + seed, np.uint8) for k in range(len(texts))]
        return [
            SimpleNamespace(image=image, initial=graph, graph=CUP)
            for image, graph in zip(images, initial, strict=True)
        ]

    def describe(self, images, *, steps, seed):
        return [
            SimpleNamespace(text=f"level {image[0, 0, 0]}", initial=SceneGraph(), graph=CUP)
            for image in images
        ]

    def initial_from_images(self, images):
        return [SceneGraph() for _ in images]

    def complete(self, initial, *, texts=None, images=None, steps=None, seed=0):
        return [CUP for _ in initial]

    @property
    def perceiver(self):
        return self

    def perceive(self, images):
        instances = np.zeros(images.shape[:3], np.uint8)
        instances[:, 20:40, 20:40] = 1
        depth = np.zeros(images.shape[:3], np.float32)
        return Perception(depth, instances, [["cup"]], [[("red",)]], [[0.9]])


@pytest.fixture
def model(monkeypatch):
    model = Model()
    for command in ("draw", "describe", "graph"):
        monkeypatch.setattr(f"spatial_dual.commands.{command}.load_model", lambda folder: model)
    return model


@pytest.fixture
def grey(tmp_path):
    path = tmp_path / "grey.png"
    Image.new("L", (90, 70), 77).save(path)
    return path


def failure(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return str(stopped.value)


def printed_graphs(capsys, *arguments):
    main(["graph", *(str(argument) for argument in arguments)])
    return [SceneGraph.from_json(line) for line in capsys.readouterr().out.splitlines()]


def test_draw_writes_the_picture_and_says_where(model, tmp_path, capsys):
    out = tmp_path / "out.png"
    main(["draw", "a red cup", "-o", str(out), "--seed", "7", "--steps", "9", "--guidance", "3"])
    assert np.asarray(Image.open(out)).tolist() == np.full((64, 64, 3), 7).tolist()
    assert capsys.readouterr().out == f"{out}\n"
    assert model.called == {"steps": 9, "guidance": 3.0}


def test_draw_several_with_their_graphs(model, tmp_path, capsys):
    main(
        [
            "draw",
            "a red cup on a table",
            "-o",
            str(tmp_path / "x.png"),
            "--num",
            "2",
            "--show-graph",
        ]
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"x-1.png", "x-2.png", "x-1.graph.png", "x-2.graph.png"}
    assert np.asarray(Image.open(tmp_path / "x-2.png")).mean() == 10
    shown = capsys.readouterr().out
    assert "cup (1) on table (2)" in shown
    assert "place: kitchen" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["draw", "  ", "-o", "x.png"], "the text is empty"),
        (["draw", "a cup", "-o", "x.txt"], "name a picture file"),
        (["draw", "a cup", "-o", "nowhere/x.png"], "there is no folder nowhere"),
        (["graph", "--text", "a cup", "--depth", "d.png"], "go with --image"),
        (["graph", "--image", "a.png", "--fov", "50"], "go with --depth"),
        (["graph", "--image", "a.png", "--find", "cup"], "--find goes with --instance-model"),
        (["graph", "--image", "a.png", "--depth-unit", "1"], "--depth-unit goes with --depth"),
        (["graph", "--texts", "nowhere.txt"], "nowhere.txt: No such file"),
        (["graph", "--image", "nowhere.png"], "nowhere.png: No such file"),
    ],
)
def test_mistakes_are_named(model, arguments, message):
    assert message in failure(*arguments)


def test_missing_model_says_how_to_get_one(tmp_path):
    assert "run `make train`" in failure(
        "draw", "a cup", "-o", tmp_path / "x.png", "--model", tmp_path / "none"
    )


def test_model_folder_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SPATIAL_DUAL_MODEL", str(tmp_path / "mine"))
    assert str(tmp_path / "mine") in failure("describe", "x.png")


def test_folder_that_holds_no_model_is_named(tmp_path):
    with pytest.raises(inputs.CommandError, match="cannot load the model"):
        inputs.load_model(tmp_path)


def test_describe_one_and_several(model, grey, capsys):
    main(["describe", str(grey)])
    assert capsys.readouterr().out == "level 77\n"
    main(["describe", str(grey), str(grey)])
    assert capsys.readouterr().out == f"{grey}: level 77\n" * 2


def test_describe_as_json(model, grey, capsys):
    main(["describe", str(grey), "--json"])
    row = json.loads(capsys.readouterr().out)
    assert row["text"] == "level 77"
    assert SceneGraph.from_dict(row["completed"]) == CUP


def test_describe_names_what_it_cannot_read_and_goes_on(model, grey, tmp_path, capsys):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    assert "1 of 2 images cannot be read" in failure("describe", broken, grey)
    printed = capsys.readouterr()
    assert printed.out == f"{grey}: level 77\n"
    assert f"{broken}: zero bytes" in printed.err


def test_text_graphs_need_no_model(tmp_path, capsys):
    (graph,) = printed_graphs(capsys, "--text", "a red cup on a table", "--model", tmp_path)
    assert graph.triplets() == [("cup", "on", "table")]
    assert graph.objects[0].attributes == ("red",)


def test_texts_are_read_by_named_models(tmp_path, capsys, shared_data):
    folder = shared_data / "stanza-ewt-small"
    (graph,) = printed_graphs(capsys, "--text", "a cup is on a table", "--parser", folder)
    assert graph.triplets() == [("cup", "on", "table")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (("--text", "a cup"), "--parser: no Stanza models in"),
        (("--image", "a.png"), "--parser goes with --text or --texts"),
    ],
)
def test_models_that_cannot_be_used_are_refused(tmp_path, source, message):
    assert message in failure("graph", *source, "--parser", tmp_path)


def test_texts_give_a_line_each(tmp_path, capsys):
    texts = tmp_path / "texts.txt"
    texts.write_text("a cup\n\na ball behind a lamp\n")
    first, blank, last = printed_graphs(capsys, "--texts", texts)
    assert [item.label for item in first.objects] == ["cup"]
    assert blank == SceneGraph()
    assert last.triplets() == [("ball", "behind", "lamp")]


def test_too_long_line_is_named(tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("a cup\n" + "very " * 200 + "long\n")
    assert "texts.txt, line 2: caption of 201 words" in failure("graph", "--texts", texts)


def test_completed_graphs(model, grey, capsys):
    assert printed_graphs(capsys, "--text", "a cup", "--completed") == [CUP]
    assert printed_graphs(capsys, "--image", grey, "--completed") == [CUP]
    assert printed_graphs(capsys, "--image", grey) == [SceneGraph()]


def test_graph_by_given_depth(model, grey, tmp_path, capsys):
    depth = tmp_path / "depth.png"
    levels = np.full((70, 90), 4000, np.uint16)
    levels[0] = 0
    levels[-1] = 4100
    Image.fromarray(levels).save(depth)
    options = ("--image", grey, "--depth", depth, "--depth-unit", "0.0005")
    (graph,) = printed_graphs(capsys, *options, "--intrinsics", "70,70,45,35")
    (cup,) = graph.objects
    assert cup.attributes == ("red",)
    near = cup.box.center[2] - cup.box.size[2] / 2
    assert near == pytest.approx(2.0, abs=0.1)
    # 20 of 64 pixels, seen at 2 m with a focal length of 64 pixels
    assert cup.box.size[0] == pytest.approx(20 / 64 * 2, abs=0.1)


@pytest.fixture
def frame(tmp_path):
    """Options of a picture with depth and instances: a cup in front of a wall."""
    Image.new("RGB", (90, 70), "red").save(tmp_path / "photo.png")
    levels = np.tile(np.linspace(3000, 3200, 90).astype(np.uint16), (70, 1))
    levels[20:50, 30:60] = 1500
    Image.fromarray(levels).save(tmp_path / "depth.tiff")
    seen = [
        {"label": "cup", "box": [30 / 90, 20 / 70, 60 / 90, 50 / 70]},
        {"label": "picture", "box": [12 / 90, 0, 25 / 90, 15 / 70]},
    ]
    (tmp_path / "seen.json").write_text(json.dumps(seen))
    return tmp_path


def test_given_depth_and_instances_need_no_model(frame, capsys):
    options = ("--image", frame / "photo.png", "--depth", frame / "depth.tiff")
    seen = ("--instances", frame / "seen.json", "--model", frame / "none")
    (graph,) = printed_graphs(capsys, *options, *seen, "--intrinsics", "70,70,45,35")
    assert ("cup", "in front of", "picture") in graph.triplets()
    assert {relation.source for relation in graph.relations} == {"depth"}
    cup = next(item for item in graph.objects if item.label == "cup")
    assert cup.box.size[0] == pytest.approx(30 / 70 * 1.5, abs=0.05)
    assert "red" in cup.attributes


def test_field_of_view_scales_the_boxes(frame, capsys):
    options = ("--image", frame / "photo.png", "--depth", frame / "depth.tiff")
    options += ("--instances", frame / "seen.json")
    narrow, wide = (
        printed_graphs(capsys, *options, "--fov", fov)[0].objects[0].box.size[0] for fov in (30, 60)
    )
    ratio = np.tan(np.radians(30)) / np.tan(np.radians(15))
    assert wide / narrow == pytest.approx(ratio, rel=0.02)


def test_depth_by_an_onnx_file(frame, capsys, shared_data):
    pytest.importorskip("onnxruntime")
    model = shared_data / "weights" / "fastdepth.onnx"
    options = ("--image", frame / "photo.png", "--depth-model", model)
    (graph,) = printed_graphs(capsys, *options, "--instances", frame / "seen.json")
    assert {item.label for item in graph.objects} == {"cup", "picture"}


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "seen.json"), ('[{"label": "cup"}]', "seen.json"), (None, "seen.json")],
)
def test_broken_instances_are_named(frame, content, message):
    (frame / "seen.json").unlink()
    if content is not None:
        (frame / "seen.json").write_text(content)
    options = ("--image", frame / "photo.png", "--depth", frame / "depth.tiff")
    assert message in failure("graph", *options, "--instances", frame / "seen.json")


def test_depth_of_nothing_is_refused(model, grey, tmp_path):
    depth = tmp_path / "depth.png"
    Image.fromarray(np.zeros((70, 90), np.uint16)).save(depth)
    assert "0 or unknown everywhere" in failure("graph", "--image", grey, "--depth", depth)


def test_intrinsics_of_nonsense_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["graph", "--image", "x.png", "--depth", "d.png", "--intrinsics", "1,2,3"])
    assert "must be fx,fy,cx,cy in pixels" in capsys.readouterr().err


def test_texts_are_read_without_kedro(project_path):
    command = (
        "import sys; from spatial_dual.commands import main; main(['graph', '--text', 'a cup'])"
    )
    check = "print([n for n in ('kedro', 'open3d', 'diffusers') if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{command}; {check}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=project_path / "src",
    )
    graph, imported = done.stdout.splitlines()
    assert json.loads(graph)["objects"] == [{"label": "cup", "attributes": []}]
    assert imported == "[]"
