"""Model folders of strangers that name published checkpoints: no code, no request, no pickle."""

import json
from pathlib import Path

import numpy as np
import pytest

from spatial_dual.datasets.folders import write_folder
from spatial_dual.perception.hub.checkpoints import pretrained
from spatial_dual.perception.hub.config import HubConfig
from spatial_dual.perception.hub.depth import TransformersDepth
from spatial_dual.perception.hub.instances import load_instance_model
from spatial_dual.perception.hub.perceiver import HubPerceiver
from spatial_dual.perception.stored import load_perceiver, save_perceiver
from tests.perception.hub.checkpoints import depth_anything, mask2former

IMAGES = np.zeros((1, 16, 16, 3), np.uint8)


def test_a_stored_model_s_names_need_the_caller_s_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    where = "spatial_dual.perception.hub.perceiver.load_depth_model"
    monkeypatch.setattr(where, lambda name, *_: asked.append(name) or exit(name))
    save_perceiver(tmp_path / "p", HubPerceiver(HubConfig("someone/depth", "someone/things")))
    with pytest.raises(ValueError, match=r"someone/depth and someone/things,.*--allow-hub"):
        load_perceiver(tmp_path / "p").perceive(IMAGES)
    assert asked == []
    with pytest.raises(SystemExit):
        load_perceiver(tmp_path / "p", allow_hub=True).perceive(IMAGES)
    assert asked == ["someone/depth"]


def test_local_checkpoints_move_into_the_model_s_folder(tmp_path: Path) -> None:
    """There the manifest covers them, and nobody's word is needed."""
    depth, things = depth_anything(tmp_path / "d"), mask2former(tmp_path / "i")
    (depth / "pytorch_model.bin").write_bytes(b"code?")
    seen = HubPerceiver(HubConfig(str(depth), str(things), threshold=0.05))
    save_perceiver(tmp_path / "p", seen)
    assert not (tmp_path / "p" / "depth" / "pytorch_model.bin").exists()
    expected = seen.perceive(IMAGES)
    for folder in (depth, things):
        folder.rename(tmp_path / f"away_{folder.name}")
    loaded = load_perceiver(tmp_path / "p")
    assert np.array_equal(loaded.perceive(IMAGES).depth, expected.depth)
    save_perceiver(tmp_path / "again", loaded)
    first, second = (tmp_path / name / "manifest.json" for name in ("p", "again"))
    assert first.read_text() == second.read_text()


@pytest.mark.parametrize("name", ["/etc", "../d", "./../d", "./link", "d", "~/d", "a\\b", ""])
def test_paths_out_of_a_stored_model_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "d").mkdir()
    monkeypatch.chdir(tmp_path)

    def fill(folder: Path) -> None:
        if name == "./link":
            (folder / "link").symlink_to(tmp_path / "d")
        body = {"depth": name, "instances": "someone/things"}
        (folder / "hub.json").write_text(json.dumps(body))

    write_folder(tmp_path / "p", fill)
    with pytest.raises(ValueError, match=r"perception\.hub\.depth|holds link"):
        load_perceiver(tmp_path / "p", allow_hub=True)


def test_hub_names_are_pinned_to_what_was_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = "/cache/snapshots/0123abc/config.json"
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: cached)
    save_perceiver(tmp_path / "p", HubPerceiver(HubConfig("someone/depth", "someone/things@f00")))
    config = load_perceiver(tmp_path / "p").config  # type: ignore[union-attr]
    assert (config.depth, config.instances) == ("someone/depth@0123abc", "someone/things@f00")
    asked = {}

    def load(name: str, **options: object) -> None:
        asked.update(options, name=name)

    pretrained(load, config.depth, "the depth model")
    assert asked == {"name": "someone/depth", "revision": "0123abc", "trust_remote_code": False}


def with_code(folder: Path, trace: Path) -> Path:
    """The checkpoint asks to run a module beside it, which would leave a trace."""
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "theirs"
    config["auto_map"] = {
        name: f"theirs.{name}"
        for name in ("AutoConfig", "AutoModelForDepthEstimation", "AutoModelForObjectDetection")
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "theirs.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    return folder


@pytest.mark.parametrize("kind", ["depth", "instances"])
def test_code_beside_the_weights_is_neither_run_nor_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import torch

    monkeypatch.setattr("builtins.input", lambda *_: "y")
    make = depth_anything if kind == "depth" else mask2former
    folder = with_code(make(tmp_path / kind), tmp_path / "trace")
    with pytest.raises(ValueError, match=f"the {kind.removesuffix('s')} model"):
        (TransformersDepth if kind == "depth" else load_instance_model)(
            str(folder), torch.device("cpu")
        )
    assert not (tmp_path / "trace").exists()


def test_weights_are_safetensors(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = depth_anything(tmp_path / "depth")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="the depth model"):
        TransformersDepth(str(folder), torch.device("cpu"))
