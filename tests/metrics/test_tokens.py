import numpy as np
import pytest

from spatial_dual.metrics.tokens import (
    code_histogram,
    codes_used,
    perplexity,
    psnr_db,
    recall_at_1,
)


def test_psnr_of_a_known_error():
    images = np.full((2, 4, 4, 3), 100, np.uint8)
    other = images.copy()
    other[1] += 10
    decibels = psnr_db(images, other)
    assert decibels[0] == np.inf
    assert decibels[1] == pytest.approx(10 * np.log10(255**2 / 100))
    assert psnr_db(other, images)[1] == decibels[1]


def test_psnr_wants_uint8_of_one_shape():
    images = np.zeros((1, 2, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="float64"):
        psnr_db(images, images.astype(float))
    with pytest.raises(ValueError, match="shapes differ"):
        psnr_db(images, images[:, :1])


def test_use_and_perplexity_of_an_even_half():
    histogram = code_histogram(np.array([[0, 1], [0, 1]], np.uint16), 4)
    assert histogram.tolist() == [2, 2, 0, 0]
    assert codes_used(histogram) == 0.5
    assert perplexity(histogram) == pytest.approx(2)


def test_code_outside_the_codebook_is_refused():
    with pytest.raises(ValueError, match=r"outside 0\.\.3"):
        code_histogram(np.array([4]), 4)


def test_recall_counts_within_groups():
    similarity = np.eye(6)
    similarity[0, 5] = 2  # the better image is in the other group
    similarity[4, 3] = 2
    assert recall_at_1(similarity, group=3) == pytest.approx(5 / 6)
    assert recall_at_1(similarity, group=6) == pytest.approx(4 / 6)
    assert recall_at_1(similarity[:5, :5], group=4) == 1
