"""Model folders of strangers that name published checkpoints: no code, no request, no pickle."""

import json
from pathlib import Path

import numpy as np
import pytest

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
    with pytest.raises(ValueError, match=r"'someone/depth' and 'someone/things'.*--allow-hub"):
        load_perceiver(tmp_path / "p").perceive(IMAGES)
    assert asked == []
    with pytest.raises(SystemExit):
        load_perceiver(tmp_path / "p", allow_hub=True).perceive(IMAGES)
    assert asked == ["someone/depth"]


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
