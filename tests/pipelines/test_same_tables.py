"""Same seed, same machine, same versions: the real pipelines give the paper's tables byte for byte.

Trained once, a step each, on few small scenes; then drawn, described, judged and tabulated twice,
by two processes whose sets are in different orders. Table 8 tells how long the trainings took, and
both share these, so it is compared like the others.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

TABLES = [f"table_{number}" for number in range(2, 9)]
SAMPLED = ("generate_samples", "draw_gold_graphs", "make_table_3", "make_table_8")
TINY = {
    "globals": {"data": "data", "image_size": 64},
    "catalog_scenes": {
        "scene_source": {
            "type": "spatial_dual.datasets.rendered.RenderedScenesDataset",
            "counts": {"train": 12, "val": 4, "test": 4},
            "seed": 0,
            "image_size": 64,
        }
    },
    "parameters": {
        "train": {"device": "cpu", "max_steps": 1},
        "ablations": {"variants": "sd3", "seeds": [0]},  # the fewer, the sooner Kedro starts
        "perception": {"model": {"widths": [8, 16, 16]}},
        "scene_graphs": {"text_parser": "lexicon"},  # of the training graphs: loads at once
        "sampling": {"candidates": 2, "drawings": 2},
        "generate": {"count": 4, "from_gold_count": 2, "steps": 2},
        "evaluate": {
            "round_trips": 2,
            "visor": {"captions": 2, "drawings": 2},
            "bounds": 1,
            "judge": {"model": {"widths": [8, 8, 16]}},
        },
    },
}


def copied(project: Path, folder: Path) -> Path:
    """The project's settings with an environment of its own, ``tiny``."""
    (folder / "src").mkdir(parents=True)
    shutil.copy(project / "pyproject.toml", folder)
    shutil.copytree(project / "conf", folder / "conf")
    (folder / "conf/tiny").mkdir()
    for name, content in TINY.items():
        (folder / f"conf/tiny/{name}.yml").write_text(yaml.safe_dump(content))
    return folder


def test_tables_and_samples_are_the_same_bytes_twice(
    project_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = copied(project_path, tmp_path / "one")
    monkeypatch.chdir(one)
    bootstrap_project(project_path)
    with KedroSession.create(one, env="tiny", conf_source=str(one / "conf")) as session:
        session.run(to_outputs=TABLES)
    two = tmp_path / "two"
    made = shutil.ignore_patterns("07_model_output", "paper", "metrics*", "sample_scores*")
    shutil.copytree(one, two, ignore=made)
    command = [sys.executable, "-m", "kedro", "run", "--env=tiny"]
    command += [f"--from-nodes={','.join(SAMPLED)}", f"--to-outputs={','.join(TABLES)}"]
    place = os.environ | {"PYTHONPATH": str(project_path / "src"), "PYTHONHASHSEED": "1"}
    ran = subprocess.run(command, cwd=two, env=place, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written = [
        f"data/08_reporting/paper/{t}.{kind}" for t in TABLES for kind in ("csv", "md", "tex")
    ]
    samples = sorted((one / "data/07_model_output").rglob("*"))
    written += [str(path.relative_to(one)) for path in samples if path.is_file()]
    for name in written:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    assert len(written) > len(TABLES) * 3 + 5
