import numpy as np
import pandas as pd
import pytest

from spatial_dual.tables.ratings import (
    RATING_COLUMNS,
    krippendorff_alpha,
    rating_cells,
    rating_notes,
)

NAN = np.nan


def test_alpha_of_a_known_table():
    # Krippendorff (2011), example of four observers and twelve units: interval α = .849
    ratings = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
            [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
        ]
    )
    assert krippendorff_alpha(ratings) == pytest.approx(0.849, abs=5e-4)


def test_bounds_of_alpha():
    assert krippendorff_alpha(np.array([[1, 2, 5], [1, 2, 5]])) == 1
    noise = np.random.default_rng(0).integers(1, 6, (2, 5000)).astype(float)
    assert abs(krippendorff_alpha(noise)) < 0.05
    assert krippendorff_alpha(np.array([[1, NAN], [NAN, 2]])) is None


def test_cells_and_notes():
    rows = [
        (rater, "sd3", "diversity", item, rating)
        for rater, ratings in (("a", [4, 5]), ("b", [2, 3]))
        for item, rating in enumerate(ratings)
    ]
    frame = pd.DataFrame(rows, columns=list(RATING_COLUMNS))
    cell = rating_cells(frame)["SD³"]["diversity"]
    assert (cell.mean, cell.seeds, cell.samples) == (3.5, 2, 2)
    assert cell.deviation == pytest.approx(2**0.5)
    assert "2 raters, 2 items" in rating_notes(frame)[1]
    assert rating_notes(frame.head(0)) == []
