import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from spatial_dual.metrics.distribution import TooFewImagesError, fid, inception_score, kid


def features(count: int, dim: int = 6, seed: int = 0, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)) + shift


def test_fid_of_a_set_with_itself_is_zero():
    x = features(400)
    assert abs(fid(x, x)) < 1e-6


def test_fid_is_the_formula():
    x, y = features(300).double(), features(200, seed=1, shift=0.5).double() * 1.3
    a, b = x.numpy(), y.numpy()
    cross = sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    want = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * cross)
    assert fid(x, y) == pytest.approx(want, rel=1e-6)


def test_further_sets_are_further_apart():
    near, far = features(300, seed=1), features(300, seed=1, shift=2)
    assert fid(features(300), near) < fid(features(300), far)
    assert kid(features(300), near, seed=0) < kid(features(300), far, seed=0)


def test_kid_is_repeatable_and_leaves_the_global_generator_alone():
    x, y = features(200), features(200, seed=1, shift=0.3)
    torch.manual_seed(5)
    first = kid(x, y, seed=3)
    after = torch.rand(1)
    torch.manual_seed(5)
    assert kid(x, y, seed=3) == first
    assert torch.rand(1) == after


def test_inception_score_reaches_both_bounds():
    sure = torch.eye(5).repeat(40, 1) * 100
    assert inception_score(sure, seed=0) == pytest.approx(5, rel=1e-3)
    same_classes = torch.randn(200, 1).expand(200, 5)
    assert inception_score(same_classes, seed=0) == pytest.approx(1)


def test_too_few_pictures_are_refused():
    with pytest.raises(TooFewImagesError, match="8 pictures, at least"):
        fid(features(100), features(8))
    with pytest.raises(TooFewImagesError):
        kid(features(8), features(100), seed=0)
    with pytest.raises(TooFewImagesError):
        inception_score(torch.zeros(100, 5), seed=0, splits=10)
