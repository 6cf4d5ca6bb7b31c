"""The command, with a model whose answers are known."""

import json
import os
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
from spatial_dual.scene.vocabulary import Vocabulary

CUP = SceneGraph(objects=(SceneObject(label="cup", region=(0.2, 0.2, 0.6, 0.6)),), place="kitchen")


class Model:
    """Draws grey of level 10 × place + seed, sees one cup, and completes any graph to ``CUP``."""

    image_size = 64
    parser = LexiconParser()
    parts = SimpleNamespace(
        size_prior=SizePrior(),
        vocabulary=Vocabulary(("cup", "table"), {"colour": ("red",)}, ("on",), ()),
        fov_deg=48.0,
    )

    def draw(self, texts, *, steps, guidance, seed):
        self.called = {"steps": steps, "guidance": guidance}
        initial = self.parser.parse(texts)
        images = [np.full((64, 64, 3), 10 * k + seed, np.uint8) for k in range(len(texts))]
        return [
            SimpleNamespace(image=image, initial=graph, graph=CUP)
            for image, graph in zip(images, initial, strict=True)
        ]

    def initial_from_texts(self, texts):
        return self.parser.parse(texts)

    def describe(self, images, *, cameras, steps, seed):
        self.cameras = cameras
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
        monkeypatch.setattr(f"spatial_dual.commands.{command}.load_model", lambda *_: model)
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


def test_draw_reads_the_text_by_the_parser_that_is_named(model, tmp_path):
    class Nothing:
        def parse(self, texts):
            raise AssertionError("the model's own parser was asked")

    out, model.parser = tmp_path / "out.png", Nothing()
    main(["draw", "a red cup", "-o", str(out), "--parser", "lexicon"])
    assert isinstance(model.parser, LexiconParser)
    out.unlink()
    said = failure("draw", "a red cup", "-o", out, "--parser", tmp_path)
    assert said.startswith("spatial-dual draw: --parser: no Stanza models in")
    assert not out.exists()


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
    ("text", "note"),
    [
        ("a red cup on a table", "spatial-dual draw: understood: red cup on table\n"),
        ("a blue quokka behind a table", "not in the training data, so not drawn: quokka, blue, b"),
        ("on", "no object was found in the text"),
    ],
)
def test_what_the_model_cannot_draw_is_said(model, tmp_path, capsys, text, note):
    main(["draw", text, "-o", str(tmp_path / "x.png")])
    said = capsys.readouterr().err
    assert note in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("text", ["a red cup on a table", "the cup is on the red table"])
def test_strict_draws_what_it_can_state(model, tmp_path, text):
    main(["draw", text, "-o", str(tmp_path / "x.png"), "--strict"])
    assert (tmp_path / "x.png").is_file()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a cup on a gleaming quokka", "not in the training data, so not drawn: quokka"),
        ("a cup on a table, hallelujah hooray", "not"),
        ("on", "no object was found"),
    ],
)
def test_strict_refuses_what_it_cannot_state(model, tmp_path, text, reason):
    out = tmp_path / "x.png"
    assert reason in failure("draw", text, "-o", out, "--strict")
    assert not out.exists()


def test_draw_leaves_a_folder_alone_and_writes_nothing_half(model, tmp_path, monkeypatch):
    folder, old = tmp_path / "x.png", tmp_path / "old.png"
    folder.mkdir()
    old.write_bytes(b"old")
    assert "x.png: is a folder" in failure("draw", "a cup", "-o", folder)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "old.png: cannot be written: No space left" in failure("draw", "a cup", "-o", old)
    assert old.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"x.png", "old.png"}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--guidance", "nan"),
        ("--guidance", "-1"),
        ("--num", "1000000000"),
        ("--num", "0"),
        ("--steps", "-1"),
        ("--seed", "x"),
    ],
)
def test_options_out_of_range_are_refused(capsys, option, value):
    with pytest.raises(SystemExit):
        main(["draw", "a cup", "-o", "x.png", option, value])
    assert f"argument {option}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["draw", "  ", "-o", "x.png"], "the text is empty"),
        (["draw", "a cup", "-o", "x.txt"], "name a picture file"),
        (["draw", "a cup", "-o", "x.psd"], "name a picture file"),
        (["draw", "a cup", "-o", "nowhere/x.png"], "there is no folder nowhere"),
        (["graph", "--text", "a cup", "--depth", "d.png"], "go with --image"),
        (["graph", "--image", "a.png", "--fov", "50"], "go with --depth"),
        (["graph", "--image", "a.png", "--find", "cup"], "--find goes with --instance-model"),
        (["graph", "--image", "a.png", "--depth-unit", "1"], "--depth-unit goes with --depth"),
        (["graph", "--texts", "nowhere.txt"], "nowhere.txt: No such file"),
        (["graph", "--texts", "null\0.txt"], "null"),
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


def test_describe_takes_the_camera_of_the_photograph(model, grey):
    size = Image.open(grey).height
    given = f"{2 * size},{2 * size},{size / 2},{size / 2}"
    for options, fov, focal in (
        ([], 48.0, None),
        (["--fov", "30"], 30.0, None),
        (["--intrinsics", given], None, 2 * 64),
    ):
        main(["describe", str(grey), *options])
        (camera,) = model.cameras
        assert fov is None or camera.fov_deg == pytest.approx(fov)
        assert (camera.intrinsics or (None,))[0] == focal


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


def test_every_parser_has_a_name_of_its_own(capsys):
    (graph,) = printed_graphs(capsys, "--text", "a cup is on a table", "--parser", "lexicon")
    assert graph.triplets() == [("cup", "on", "table")]
    said = failure("graph", "--text", "a cup", "--parser", "factual:no/such/folder")
    assert said.startswith("spatial-dual graph: --parser:")
    assert "no/such/folder" in said


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (("--text", "a cup"), "--parser: no Stanza models in"),
        (("--image", "a.png"), "--parser goes with --text or --texts"),
    ],
)
def test_models_that_cannot_be_used_are_refused(tmp_path, source, message):
    assert message in failure("graph", *source, "--parser", tmp_path)


def test_stanza_folders_that_are_broken_are_named(tmp_path):
    (tmp_path / "resources.json").write_text("[]")
    said = failure("graph", "--text", "a cup", "--parser", tmp_path)
    assert said.startswith("spatial-dual graph: --parser: no usable English models 'default' in")


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


def test_depth_of_nothing_is_refused(model, grey, tmp_path):
    depth = tmp_path / "depth.png"
    Image.fromarray(np.zeros((70, 90), np.uint16)).save(depth)
    assert "0 or unknown everywhere" in failure("graph", "--image", grey, "--depth", depth)


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
