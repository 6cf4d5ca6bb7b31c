"""What cannot be written is one sentence, and only a regular file of the user's is replaced."""

import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatial_dual.commands import inputs, main, outputs
from spatial_dual.commands.errors import CommandError
from spatial_dual.printing import json_line, printable
from spatial_dual.scene.graph import SceneGraph
from tests.test_commands import Model

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\u2028\u202e\ud800end"


@pytest.fixture
def model(monkeypatch):
    for command in ("draw", "describe", "graph"):
        monkeypatch.setattr(f"spatial_dual.commands.{command}.load_model", lambda *_: Model())


@pytest.fixture
def data(tmp_path):
    """A data folder with one run, whose id and command are a stranger's."""
    manifest = {
        "id": "1" + HOSTILE[:-3].replace("\ud800", ""),
        "status": "done",
        "command": ["kedro", "run", HOSTILE.replace("\ud800", "")],
        "git": {"commit": "abc", "dirty": False},
        "seconds": 1.0,
    }
    folder = tmp_path / "data" / "runs"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(json.dumps(manifest))
    return folder.parent


def spatial_dual(
    shell: str, *arguments: object, unbuffered: str = ""
) -> subprocess.CompletedProcess[str]:
    """The command in a shell, with redirections of its own."""
    words = [sys.executable, "-m", "spatial_dual", *map(str, arguments)]
    return subprocess.run(
        ["bash", "-c", f'"$@" {shell}', "bash", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )


# standard streams


@pytest.mark.parametrize("arguments", [["--help"], ["runs", "list"], ["runs", "show", "1"]])
@pytest.mark.parametrize(
    ("shell", "reason"),
    [("> /dev/full", "cannot be written: No space left on device"), (">&-", "output is closed")],
)
def test_results_that_cannot_be_written_are_one_sentence(data, arguments, shell, reason):
    options = ["--data", data] if arguments[0] == "runs" else []
    done = spatial_dual(shell, *arguments, *options)
    assert done.returncode == 1
    assert done.stderr.startswith("spatial-dual")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["draw", "--help"], ["runs", "list"]])
def test_a_line_that_cannot_be_written_at_once_is_one_sentence(data, arguments):
    """Without a buffer argparse would take no notice."""
    options = ["--data", data] if arguments == ["runs", "list"] else []
    done = spatial_dual("> /dev/full", *arguments, *options, unbuffered="1")
    said = "standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr.partition(": ")[2]) == (1, said)


def test_a_reader_that_has_enough_ends_the_command_quietly(data):
    done = spatial_dual("| true", "runs", "show", *["1"] * 2000, "--data", data)
    assert (done.returncode, done.stderr) == (0, "")


def test_problems_of_a_closed_standard_error_do_not_join_the_results(data):
    done = spatial_dual("2>&-", "runs", "show", "nothing", "--data", data)
    assert (done.returncode, done.stdout) == (1, "")


def test_files_do_not_take_the_place_of_closed_streams():
    """What a library prints would else be written into the first file that is opened."""
    code = (
        "import os; os.close(2); import sys; sys.stderr = None\n"
        "from spatial_dual.commands import outputs; outputs.open_streams()\n"
        "print(os.open('/dev/null', os.O_RDONLY) > 2)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("option", ["--texts", "--image"])
def test_closed_standard_input_is_named(model, monkeypatch, option):
    monkeypatch.setattr(sys, "stdin", None)
    inputs.standard_input.cache_clear()
    with pytest.raises(SystemExit, match="standard input is closed"):
        main(["graph", option, "-"])


# pictures


def drawn(path: Path, *options: str) -> str:
    """Why nothing is drawn."""
    with pytest.raises(SystemExit) as stopped:
        main(["draw", "a red cup", "-o", str(path), *options])
    return str(stopped.value)


def content(path: Path) -> object:
    status = path.lstat()
    kept = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return status.st_mode, status.st_ino, kept


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.with_name("theirs.png").write_bytes(b"theirs")
    path.symlink_to("theirs.png")


def _dangling_link(path: Path) -> None:
    path.symlink_to("/nonexistent")


def _read_only(path: Path) -> None:
    path.write_bytes(b"kept")
    path.chmod(0o444)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_pipe, "a pipe or device"),
        (_link, "a link"),
        (_dangling_link, "a link"),
        (_read_only, "read-only"),
        (Path.mkdir, "a folder"),
    ],
)
@pytest.mark.parametrize("place", ["x.png", "x.graph.png", "x-2.png"])
def test_nothing_but_a_regular_file_of_the_users_is_replaced(model, tmp_path, make, reason, place):
    path = tmp_path / place
    make(path)
    before = content(path)
    options = {"x.graph.png": ["--show-graph"], "x-2.png": ["--num", "2"]}.get(place, [])
    said = drawn(tmp_path / "x.png", *options)
    assert f"{place}: is {reason}" in said
    assert content(path) == before
    assert {p.name for p in tmp_path.iterdir()} <= {place, "theirs.png"}


def test_a_device_and_another_users_file_are_left_alone(tmp_path, monkeypatch):
    with pytest.raises(CommandError, match="pipe or device"):
        outputs.check_replaceable(Path("/dev/null"))
    own = tmp_path / "x.png"
    own.write_bytes(b"")
    outputs.check_replaceable(own)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(CommandError, match="another user"):
        outputs.check_replaceable(own)


def test_a_file_that_turned_up_while_drawing_is_looked_at_too(model, tmp_path, monkeypatch):
    path = tmp_path / "x.png"

    def draw(self, texts, **options):
        os.mkfifo(path)
        picture = np.zeros((8, 8, 3), np.uint8)
        return [SimpleNamespace(image=picture, initial=SceneGraph(), graph=SceneGraph())]

    monkeypatch.setattr(Model, "draw", draw)
    assert "a pipe or device" in drawn(path)


def test_a_name_too_long_is_named(model, tmp_path):
    assert "File name too long" in drawn(tmp_path / f"{'x' * 300}.png")


# pictures on standard input


@pytest.fixture
def piped(monkeypatch):
    stream = io.BytesIO()
    Image.new("L", (90, 70), 77).save(stream, "PNG")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stream.getvalue())))
    inputs.standard_input.cache_clear()
    yield
    inputs.standard_input.cache_clear()


@pytest.mark.usefixtures("model", "piped")
def test_describe_reads_standard_input(capsys):
    main(["describe", "-"])
    assert capsys.readouterr().out == "level 77\n"


@pytest.mark.usefixtures("model", "piped")
def test_graph_reads_a_picture_on_standard_input_once_for_all_who_ask(tmp_path, capsys):
    depth = tmp_path / "depth.png"
    levels = np.linspace(4000, 4100, 70 * 90).reshape(70, 90)
    Image.fromarray(levels.astype(np.uint16)).save(depth)
    main(["graph", "--image", "-", "--depth", str(depth)])
    graph = SceneGraph.from_json(capsys.readouterr().out)
    assert [item.label for item in graph.objects] == ["cup"]


@pytest.mark.usefixtures("model")
def test_standard_input_that_is_no_picture_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"text")))
    inputs.standard_input.cache_clear()
    with pytest.raises(SystemExit, match="1 of 1 images"):
        main(["describe", "-"])
    assert "-: not a readable picture" in capsys.readouterr().err
    inputs.standard_input.cache_clear()


# what strangers named


@pytest.mark.usefixtures("model", "piped")
def test_standard_input_that_never_ends_is_named(monkeypatch):
    monkeypatch.setattr(inputs, "PICTURE_BYTES", 100)
    with pytest.raises(SystemExit, match="standard input: more than 100 bytes"):
        main(["describe", "-"])


@given(st.text(st.characters()))
def test_printable_text_holds_no_control_and_visible_text_stays(text):
    shown = printable(text)
    assert all(
        sign.isprintable() or sign in "\xa0\u3000\u1680\u202f\u205f" or "\u2000" <= sign <= "\u200a"
        for sign in shown
    )
    assert shown == text or not text.isprintable()
    shown.encode("utf-8")


@given(
    st.recursive(
        st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_line_of_json_is_one_line_and_equal_json(body):
    line = json_line(body)
    assert line.isprintable()
    assert json.loads(line) == body


def test_printable_keeps_words_and_shows_escapes():
    assert printable("café 杯子 👋\xa0: ok") == "café 杯子 👋\xa0: ok"
    shown = r"\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\u2028\u202e\ud800end"
    assert printable(HOSTILE) == shown


def test_runs_of_strangers_cannot_write_to_the_terminal(data, capsys):
    main(["runs", "list", "--data", str(data)])
    printed = capsys.readouterr().out
    assert printed[:-1].isprintable()
    assert printed.endswith("\n")
    with pytest.raises(SystemExit) as stopped:
        main(["runs", "show", "x", "--data", str(data)])
    assert str(stopped.value).isprintable()


def test_names_of_pictures_cannot_write_to_the_terminal(model, tmp_path, capsys):
    folder = os.fsencode(tmp_path)
    good, bad = (folder + b"/" + name + b"\x1b[2J\n\xff.png" for name in (b"good", b"bad"))
    Image.new("L", (8, 8)).save(os.fsdecode(good), "PNG")
    Path(os.fsdecode(bad)).write_bytes(b"")
    with suppress(SystemExit):
        main(["describe", os.fsdecode(good), os.fsdecode(bad)])
    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert text.count("\n") == 1
        assert text[:-1].isprintable()
    assert r"good\x1b[2J\n\udcff.png: level 0" in printed.out
    main(["draw", "a cup", "-o", str(tmp_path / "a\x1b\n.png")])
    assert r"a\x1b\n.png" in capsys.readouterr().out
