"""Charts of measured values."""

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from spatial_dual.figures.chart import Chart, Panel, Series


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_one_seed_has_no_error_bar(kind):
    series = Series("ours", (1.0, 2.0, None), (0.5, None, None))
    chart = Chart("", (Panel("", "", ("a", "b", "c"), (series,)),), kind)
    (axes,) = chart._figure().axes
    (bars,) = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
    caps = [np.isfinite(np.asarray(line.get_ydata(), float)).tolist() for line in bars.lines[1]]
    assert caps == [[True, False]] * 2
    assert chart.to_svg() == chart.to_svg()
