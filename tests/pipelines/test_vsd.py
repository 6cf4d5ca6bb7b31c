"""``kedro run --env=vsd`` on a folder laid out as VSD, with small checkpoints of the real classes.

Those have random weights and stand in for the hub's: a test does not ask the hub.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from spatial_dual.datasets.records import Records
from spatial_dual.datasets.weights import load_model
from spatial_dual.models.image_tokenizer import ImageTokenizer
from spatial_dual.models.spatial_dual import SpatialDual
from spatial_dual.models.text_tokenizer import TextTokenizer
from spatial_dual.scene.graph import SceneGraph
from tests.datasets.photos.vsd_folder import make_vsd
from tests.models import published_folders
from tests.perception.hub import checkpoints

pytest.importorskip("diffusers", reason="published VQGANs need diffusers")
from tests.models import vqgan_folders as published_vqgan

COUNTS = {"train": 5, "val": 2, "test": 2}
TINY = {"dim": 16, "depth": 1, "heads": 2}
FIT = {"fit": {"batch_size": 2}}


def run_vsd(project: Path, folder: Path, stages: list[str], parameters: dict[str, Any]) -> Path:
    """Run the stages; gives the folder of the data."""
    perceivers = {
        "depth": str(checkpoints.depth_anything(folder / "depth_anything")),
        "instances": str(checkpoints.mask2former(folder / "mask2former")),
    }
    given = {"perception": {"hub": perceivers}, "train": {"device": "cpu", "max_steps": 2}}
    bootstrap_project(project)
    with KedroSession.create(
        folder,  # so that the data lie there
        env="vsd",
        conf_source=str(project / "conf"),
        runtime_params=given | parameters,
    ) as session:
        session.run(pipeline_names=stages)
    return folder / "data/vsd"


def test_scenes_to_scene_graphs(project_path: Path, tmp_path: Path) -> None:
    annotations, images = make_vsd(tmp_path, COUNTS)
    gone = sorted(images.rglob("train*.png"))[0]
    gone.unlink()
    parameters = {
        "vsd": {"path": str(annotations), "images": str(images)},
        "image_size": 64,
        "scenes": {"max_bad_share": 0.3},
    }
    data = run_vsd(project_path, tmp_path, ["scenes", "perception", "scene_graphs"], parameters)
    quarantine = json.loads((data / "08_reporting/quarantine_train.json").read_text())
    assert quarantine["counts"] == {"record": 1}
    assert quarantine["findings"][0]["id"] == gone.stem
    for split, count in (COUNTS | {"train": COUNTS["train"] - 1}).items():
        graphs = Records(data / f"03_primary/graphs_{split}")
        scenes = Records(data / f"02_intermediate/scenes_{split}")
        assert len(graphs) == len(scenes) == count
        rows = json.loads((annotations / f"{split}.json").read_text())
        stated = {
            row["img_id"]: [(t["s"], t["p"], t["o"]) for t in row["triple_list"]] for row in rows
        }
        for name, text in zip(graphs.values("id"), graphs.values("gold"), strict=True):
            assert set(stated[name]) <= set(SceneGraph.from_json(text).triplets())


def published(folder: Path, vqgan: Path) -> dict[str, Any]:
    """Parameters of a tiny run on published parts: 32² pixels, 16×16 tokens."""
    annotations, images = make_vsd(folder, COUNTS)
    gpt2 = str(published_folders.gpt2(folder / "gpt2"))
    clip = str(published_folders.clip(folder / "clip"))
    token_diffuser = {"model": {**TINY, "coarse_dim": 16}}
    pixels = {"side": 16, "channels": 8, "blocks": 1, "mixtures": 2}
    return {
        "vsd": {"path": str(annotations), "images": str(images), "gpt2": gpt2},
        "image_size": 32,
        "tokens": {
            "image_tokenizer": {"pretrained": str(vqgan)},
            "text": {"length": 40},
            "clip": {"pretrained": clip},
        },
        "dgae": {"model": {"dim": 16, "levels": [5, 3], "rounds": 1, "heads": 2}, **FIT},
        "alignment": {"visual_decoder": FIT, "text_decoder": {"model": TINY | {"depth": 2}, **FIT}},
        "graph_diffusion": {
            "condition": "tokens",  # the paper's global features need less of a checkpoint
            "model": TINY,
            "hidden_dims": {"image_hidden": 16, "text_hidden": 16},
            **FIT,
        },
        "dual": {
            "image_prior": {"model": TINY, "pixels": pixels, **FIT},
            "text_prior": {"model": TINY, **FIT},
            "image_diffuser": token_diffuser,
            "text_diffuser": {"model": TINY},
            **FIT,
        },
    }


STAGES = ["scenes", "perception", "scene_graphs", "tokens", "dgae", "alignment"]


def check_tokens(data: Path) -> ImageTokenizer:
    """K is what the training images use, and every split has codes below it."""
    models = data / "06_models"
    tokenizer: ImageTokenizer = load_model(models / "image_tokenizer", ImageTokenizer)
    codes = Records(data / "05_model_input/tokens_train").array("image_codes", range(5))
    assert codes.shape == (5, 256)
    assert set(codes.flatten().tolist()) == set(range(tokenizer.config.codes))
    assert tokenizer.config.codes < published_vqgan.CODES
    test = Records(data / "05_model_input/tokens_test").array("image_codes", range(2))
    assert test.max() < tokenizer.config.codes
    log = (data / "08_reporting/logs/image_tokenizer.jsonl").read_text()
    assert json.loads(log.splitlines()[0])["steps"] == 0
    return tokenizer


def test_tokens_to_alignment_on_a_file_of_taming(project_path: Path, tmp_path: Path) -> None:
    vqgan = tmp_path / "last.ckpt"
    state = published_vqgan.taming_state()
    torch.save({"state_dict": state}, vqgan)
    data = run_vsd(project_path, tmp_path, STAGES, published(tmp_path, vqgan))
    tokenizer = check_tokens(data)
    kept = state["quantize.embedding.weight"][tokenizer.quantiser.published]
    assert torch.equal(tokenizer.codebook, kept)
    words = json.loads((data / "06_models/text_tokenizer.json").read_text())
    captions = Records(data / "02_intermediate/scenes_train").values("captions")[0]
    tokenizer_of_words = TextTokenizer.from_dict(words)
    ids = tokenizer_of_words.encode_batch(captions, 400)
    assert tokenizer_of_words.decode_batch(ids) == [text.strip() for text in captions]


def test_all_stages_on_a_folder_of_diffusers(project_path: Path, tmp_path: Path) -> None:
    vqgan = published_vqgan.save_diffusers(tmp_path / "vqgan")
    stages = [*STAGES, "graph_diffusion", "dual"]
    data = run_vsd(project_path, tmp_path, stages, published(tmp_path, vqgan))
    check_tokens(data)
    # the whole model is one folder, which needs the checkpoints no more
    (tmp_path / "clip").rename(tmp_path / "elsewhere")
    model = SpatialDual.from_pretrained(data / "06_models/spatial_dual")
    drawing = model.draw("a red cup on a table", steps=2)
    assert drawing.image.shape == (32, 32, 3)
    assert isinstance(model.describe(drawing.image, steps=2)[0].text, str)
