from dataclasses import dataclass
from pathlib import Path

import pytest
from kedro.io import DatasetError
from torch import nn

from spatial_dual.datasets.models import ModelDataset
from spatial_dual.datasets.progress import ProgressDataset


@dataclass(frozen=True)
class LayerConfig:
    width: int = 2

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width must be at least 1, got {self.width}")


class Layer(nn.Linear):
    Config = LayerConfig

    def __init__(self, config: LayerConfig) -> None:
        super().__init__(config.width, config.width)
        self.config = config


class LayerWithMore(Layer):
    def __init__(self, config: LayerConfig) -> None:
        super().__init__(config)
        self.more = nn.Linear(1, 1)


def entry(path: Path, class_name: str = "Layer") -> ModelDataset:
    return ModelDataset(filepath=str(path / "layer"), **{"class": f"{__name__}.{class_name}"})


def test_loaded_in_eval_mode(tmp_path: Path) -> None:
    entry(tmp_path).save(Layer(LayerConfig(3)))
    model = entry(tmp_path).load()
    assert model.config == LayerConfig(3)
    assert not model.training


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    entry(tmp_path).save(Layer(LayerConfig()))
    with pytest.raises(DatasetError, match=r"model\.safetensors: not for LayerWithMore(.|\n)*more"):
        entry(tmp_path, "LayerWithMore").load()


def test_another_class_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="got Linear; correct the class"):
        entry(tmp_path).save(nn.Linear(2, 2))
    assert not entry(tmp_path).exists()


@pytest.mark.parametrize("options", [{}, {"class": "Layer"}, {"class": "a.B", "klass": "a.B"}])
def test_bad_catalog_entry(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(DatasetError, match="needs class"):
        ModelDataset(filepath=str(tmp_path), **options)


def test_class_that_is_not_there(tmp_path: Path) -> None:
    entry(tmp_path).save(Layer(LayerConfig()))
    with pytest.raises(DatasetError, match=r"class .*Absent"):
        entry(tmp_path, "Absent").load()


def test_progress_is_never_an_output(tmp_path: Path) -> None:
    progress = ProgressDataset(filepath=str(tmp_path))
    assert not progress.exists()
    assert progress.load().path.parent == tmp_path
    with pytest.raises(DatasetError, match="never an output"):
        progress.save(progress.load())
