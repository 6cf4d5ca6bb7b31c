import numpy as np

from spatial_dual.figures.paper_samples import figure_4, figure_9, figure_10, figure_11
from spatial_dual.scene.graph import SceneGraph, SceneObject

GREY, WHITE = (np.full((8, 8, 3), value, np.uint8) for value in (90, 255))
ROW = {
    "caption": "a cup",
    "description": "a table",
    "drawn": GREY,
    "drawn_from_gold": GREY,
    "image": WHITE,
}


def test_sheets_have_a_row_a_sample():
    for draw in (figure_4, figure_10, figure_11):
        one, two = draw([ROW], 32).image, draw([ROW, ROW], 32).image
        assert two.width == one.width
        assert two.height - one.height >= 32


def test_other_descriptions_look_different():
    other = ROW | {"description": "something else"}
    assert figure_11([ROW], 64).to_png() != figure_11([other], 64).to_png()


def test_a_trace_has_a_column_a_time():
    cup = SceneGraph(objects=(SceneObject(label="cup", region=(0.2, 0.2, 0.8, 0.8)),))
    short = {"TSG": (cup, [(100, SceneGraph()), (0, cup)])}
    longer = {"TSG": (cup, [(100, SceneGraph()), (50, cup), (0, cup)])}
    widths = [figure_9(trace, 64).image.width for trace in (short, longer)]
    assert widths[1] - widths[0] >= 64
    both = figure_9(short | {"VSG": short["TSG"]}, 64).image
    assert both.height - figure_9(short, 64).image.height >= 64


def test_objects_of_a_text_graph_are_named():
    cup, nothing = SceneGraph(objects=(SceneObject(label="cup"),)), SceneGraph()
    named, blank = (figure_9({"TSG": (g, [(0, nothing)])}, 64).image for g in (cup, nothing))
    assert (np.asarray(named) != np.asarray(blank))[:60].any()


def test_baselines_that_have_run_stand_beside_ours():
    with_baselines = ROW | {
        "drawn_by_coarse_to_fine": WHITE,
        "described_by_ar_captioner_3d": "a cup on a table",
    }
    for draw, columns in ((figure_4, 2), (figure_10, 1), (figure_11, 1)):
        alone, beside = draw([ROW], 32).image, draw([with_baselines], 32).image
        assert beside.width - alone.width >= columns * 32
