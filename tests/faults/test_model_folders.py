"""Model folders of strangers: refused in one sentence, whatever is in them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from spatial_dual.datasets.folders import MANIFEST, file_digest
from spatial_dual.models.parts import SETTINGS
from spatial_dual.models.spatial_dual import SpatialDual
from tests.faults.child import outcomes
from tests.models.whole import make_whole

Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "whole"
    make_whole().save_pretrained(folder)
    return folder


def agree(folder: Path) -> None:
    """Write the manifests that a stranger would, inner ones first."""
    for manifest in sorted(folder.rglob(MANIFEST), key=lambda path: -len(path.parts)):
        place = manifest.parent
        files = [path for path in sorted(place.rglob("*")) if path.is_file() and path != manifest]
        listed = {
            str(path.relative_to(place)): {
                "bytes": path.stat().st_size,
                "sha256": file_digest(path),
            }
            for path in files
        }
        manifest.write_text(json.dumps({"files": listed}))


def edited(name: str, edit: Callable[[Any], Any]) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(edit(json.loads(path.read_text()))))

    return change


def without(key: str) -> Callable[[Any], Any]:
    return lambda body: {name: value for name, value in body.items() if name != key}


def having(**changes: Any) -> Callable[[Any], Any]:
    return lambda body: body | changes


def weights(edit: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Change:
    def change(folder: Path) -> None:
        path = folder / "clip" / "model.safetensors"
        save_file(edit(load_file(path)), path)

    return change


def first(tensors: dict[str, torch.Tensor], make: Callable[[torch.Tensor], Any]) -> dict:
    name = next(name for name, value in tensors.items() if value.is_floating_point())
    made = make(tensors[name])
    rest = {key: value for key, value in tensors.items() if key != name}
    return rest if made is None else rest | {name: made.contiguous()}


CLIP = "clip/config.json"
CHANGES: dict[str, Change] = {
    "NaN": weights(lambda t: first(t, lambda x: x * float("nan"))),
    "infinity": weights(lambda t: first(t, lambda x: x / 0)),
    "missing weights": weights(lambda t: first(t, lambda x: None)),
    "other shape": weights(lambda t: first(t, lambda x: x.repeat(2, *[1] * (x.ndim - 1)))),
    "unknown weights": weights(lambda t: t | {"theirs": torch.ones(2)}),
    "no safetensors": lambda f: (f / "clip" / "model.safetensors").write_bytes(b"\x80\x04."),
    "wide": edited(CLIP, having(width=10**6)),
    "deep": edited(CLIP, having(layers=10**6)),
    "many words": edited(CLIP, having(vocabulary_size=10**9)),
    "somewhat deep": edited(CLIP, having(layers=60_000)),
    "somewhat wide": edited(CLIP, having(width=60_000)),
    "text for number": edited(CLIP, having(width="8")),
    "list for number": edited(CLIP, having(width=[8])),
    "zero": edited(CLIP, having(heads=0)),
    "negative": edited(CLIP, having(width=-8)),
    "missing field": edited(CLIP, without("width")),
    "unknown field": edited(CLIP, having(theirs=1)),
    "no mapping": edited(CLIP, lambda body: [1]),
    "no JSON": lambda f: (f / CLIP).write_text("{"),
    "nested": lambda f: (f / CLIP).write_text("[" * 100_000),
    "dual nested wrong": edited("dual/config.json", having(image={"codes": 1})),
    "dual nested missing": edited("dual/config.json", having(image=None)),
    **{
        f"settings without {key}": edited(SETTINGS, without(key))
        for key in ("vocabulary", "size_prior", "text_tokenizer", "kernels", "sampling")
    },
    **{
        f"settings with {value!r} for {key}": edited(SETTINGS, having(**{key: value}))
        for key in ("vocabulary", "size_prior", "text_tokenizer", "kernels", "sampling", "fov_deg")
        for value in (300, [], {"a": 1}, "text")
    },
    "settings are a list": edited(SETTINGS, lambda body: [body]),
    "settings nested": lambda f: (f / SETTINGS).write_text("[" * 100_000),
    "settings cut": lambda f: (f / SETTINGS).write_text('{"vocabulary": '),
    "no part": lambda f: shutil.rmtree(f / "clip"),
    "no perceiver": lambda f: shutil.rmtree(f / "perceiver"),
}


def load(given: tuple[Path, Path, str]) -> str:
    whole, place, change = given
    shutil.copytree(whole, place)
    CHANGES[change](place)
    agree(place)
    try:
        SpatialDual.from_pretrained(place)
    except (ValueError, FileNotFoundError) as error:
        return f"refused: {error}"
    return "loaded"


def test_strange_folders_are_refused_in_one_sentence(whole: Path, tmp_path: Path) -> None:
    tries = [(whole, tmp_path / str(k), name) for k, name in enumerate(CHANGES)]
    said = dict(zip(CHANGES, outcomes(load, tries), strict=True))
    wrong = {name: each for name, each in said.items() if not each.startswith("refused: ")}
    assert list(wrong.items()) == []
    assert {name: each for name, each in said.items() if str(tmp_path) not in each} == {}
    assert {name: each for name, each in said.items() if "\n" in each or len(each) > 600} == {}


@pytest.mark.parametrize("name", ["theirs.bin", "clip/theirs.py", "perceiver/hub.json"])
@pytest.mark.parametrize("is_link", [False, True])
def test_files_that_no_manifest_lists_are_refused(
    whole: Path, tmp_path: Path, name: str, is_link: bool
) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    path = tmp_path / "copy" / name
    path.symlink_to("/etc") if is_link else path.write_text("{}")
    with pytest.raises(ValueError, match=f"holds {name}, which its manifest"):
        SpatialDual.from_pretrained(tmp_path / "copy")


MANIFESTS = [
    *('{"files": {"../x": {"bytes": 1, "sha256": "a"}}}', '{"files": {"a": 3}}'),
    *('{"files": {"a": {"bytes": 1}}}', '{"files": [1]}', "[]", "3", "{", "[" * 100_000),
]


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_manifests_that_are_none_or_lead_out_are_refused(
    whole: Path, tmp_path: Path, manifest: str
) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    (tmp_path / "x").write_text("x")
    (tmp_path / "copy" / MANIFEST).write_text(manifest)
    with pytest.raises(ValueError, match=r"missing|unreadable manifest"):
        SpatialDual.from_pretrained(tmp_path / "copy")


def test_an_untouched_folder_is_loaded(whole: Path, tmp_path: Path) -> None:
    CHANGES["nothing"] = lambda folder: None
    (said,) = outcomes(load, [(whole, tmp_path / "copy", "nothing")])
    del CHANGES["nothing"]
    assert said == "loaded"
