"""What every entry of the catalog, factories included, must say of itself."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

LAYERS = (
    *("raw", "intermediate", "primary", "feature", "model_input", "models", "model_output"),
    "reporting",
)
VARIANTS = "{variant}.seed_{seed}."  # one box each: see conf/base/catalog_ablations.yml
# in memory, or what a training goes on from: no step of the data's way
WITHOUT_LAYER = ("MemoryDataset", "spatial_dual.datasets.progress.ProgressDataset")


@pytest.mark.parametrize("env", ["local", "smoke", "photos", "vsd", "order", "gpu"])
def test_every_kept_entry_has_a_layer(project_path: Path, env: str) -> None:
    loader = OmegaConfigLoader(str(project_path / "conf"), env=env, base_env="base")
    layers = {
        name: entry.get("metadata", {}).get("kedro-viz", {}).get("layer")
        for name, entry in loader["catalog"].items()
        if entry["type"] not in WITHOUT_LAYER and not name.startswith(VARIANTS)
    }
    assert len(layers) > 50
    assert {name: layer for name, layer in layers.items() if layer not in LAYERS} == {}
