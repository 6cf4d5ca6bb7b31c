import torch
from torch import Tensor

from spatial_dual.perception.grouping import group_instances, smooth_within

SIZE = 16
SETTINGS = {"threshold": 0.3, "min_pixels": 4, "max_instances": 8}


def blank(batch: int = 1, classes: int = 3) -> dict[str, Tensor]:
    maps = {
        "class": torch.zeros(batch, classes, SIZE, SIZE),
        "centre": torch.full((batch, 1, SIZE, SIZE), -8.0),
        "offset": torch.zeros(batch, 2, SIZE, SIZE),
        "colour": torch.zeros(batch, 2, SIZE, SIZE),
    }
    maps["class"][:, 0] = 6.0
    return maps


def paint(
    maps: dict[str, Tensor],
    box: tuple[int, int, int, int],
    label: int,
    colour: int = 0,
    image: int = 0,
) -> None:
    x0, y0, x1, y1 = box
    centre_x, centre_y = (x0 + x1) // 2, (y0 + y1) // 2
    maps["class"][image, label, y0:y1, x0:x1] = 12.0
    maps["colour"][image, colour, y0:y1, x0:x1] = 5.0
    maps["centre"][image, 0, centre_y, centre_x] = 8.0
    maps["offset"][image, 0, y0:y1, x0:x1] = (centre_x - torch.arange(x0, x1)).float()
    maps["offset"][image, 1, y0:y1, x0:x1] = (centre_y - torch.arange(y0, y1))[:, None].float()


def test_touching_objects_of_one_class_are_told_apart_by_their_centres():
    maps = blank()
    paint(maps, (2, 4, 8, 12), label=1, colour=0)
    paint(maps, (8, 4, 14, 12), label=1, colour=1)
    found = group_instances(maps, **SETTINGS)
    assert found.count.tolist() == [2]
    left, right = found.ids[0, 4:12, 2:8].unique(), found.ids[0, 4:12, 8:14].unique()
    assert len(left) == len(right) == 1
    assert {int(left), int(right)} == {1, 2}
    assert (found.ids[0] > 0).sum() == 2 * 6 * 8
    assert found.words["class"][0, :2].tolist() == [0, 0]
    assert found.words["colour"][0, int(left) - 1] == 0
    assert found.words["colour"][0, int(right) - 1] == 1
    assert bool((found.scores[0, :2] > 0.9).all())


def test_an_object_on_the_centre_of_another_class_does_not_take_its_pixels():
    maps = blank()
    paint(maps, (1, 1, 15, 15), label=1)
    paint(maps, (6, 6, 10, 10), label=2)
    maps["class"][0, 1, 6:10, 6:10] = 0.0
    maps["centre"][0] = -8.0
    maps["centre"][0, 0, 8, 8] = 8.0  # of the inner object
    maps["centre"][0, 0, 8, 3] = 8.0  # of the outer one, on its visible part
    found = group_instances(maps, **SETTINGS)
    inner = int(found.ids[0, 8, 8])
    outer = int(found.ids[0, 2, 2])
    assert inner != outer
    assert (found.ids[0] == inner).sum() == 16
    assert (found.ids[0] == outer).sum() == 14 * 14 - 16
    assert found.words["class"][0, [inner - 1, outer - 1]].tolist() == [1, 0]


def test_empty_image_has_no_instances_even_beside_a_full_one():
    maps = blank(batch=2)
    paint(maps, (2, 2, 8, 8), label=2, image=1)
    found = group_instances(maps, **SETTINGS)
    assert found.count.tolist() == [0, 1]
    assert not found.ids[0].any()
    assert not group_instances(blank(), **SETTINGS).ids.any()


def test_objects_without_a_centre_or_too_small_are_dropped_and_ids_stay_dense():
    maps = blank()
    paint(maps, (0, 0, 1, 2), label=1)
    paint(maps, (6, 6, 12, 12), label=2)
    found = group_instances(maps, **SETTINGS)
    assert found.count.tolist() == [1]
    assert found.ids.unique().tolist() == [0, 1]
    assert found.words["class"][0, 0] == 1

    maps["centre"][:] = -8.0
    assert group_instances(maps, **SETTINGS).count.tolist() == [0]


def test_instances_are_sorted_by_score_and_capped():
    maps = blank()
    for column in range(4):
        paint(maps, (4 * column, 0, 4 * column + 4, 4), label=1)
        maps["centre"][0, 0, 2, 4 * column + 2] = float(column)
    found = group_instances(maps, threshold=0.3, min_pixels=4, max_instances=3)
    assert found.count.tolist() == [3]
    scores = found.scores[0, :3]
    assert bool((scores[:-1] >= scores[1:]).all())
    assert int(found.ids[0, 2, 14]) == 1


def test_smoothing_is_the_mean_of_the_neighbours_with_the_same_id():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(2, 6, 5, generator=generator)
    ids = torch.randint(0, 3, (2, 6, 5), generator=generator)
    smooth = smooth_within(values, ids)
    for image in range(2):
        for y in range(6):
            for x in range(5):
                window = (image, slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2))
                own = values[window][ids[window] == ids[image, y, x]]
                assert torch.isclose(smooth[image, y, x], own.mean(), atol=1e-6)
