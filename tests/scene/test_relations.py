"""Geometry to words: hand-made boxes, converses, and a scalar reference."""

import math

import numpy as np
import pytest

from spatial_dual.scene import relations as rel
from spatial_dual.scene.forms import SOLID, Form, form_of
from spatial_dual.scene.graph import INVERSE_PREDICATE, SPATIAL_PREDICATES, Box3D, SceneObject

INDEX = {name: position for position, name in enumerate(SPATIAL_PREDICATES)}


def words(first, second, labels=("thing", "thing")):
    """Predicates of two boxes ((center), (size)), in both directions."""
    boxes = [np.array(part, dtype=float) for part in zip(first, second, strict=True)]
    holds = rel.relations_from_boxes(*boxes, np.zeros(2), [form_of(label) for label in labels])
    return tuple(
        {SPATIAL_PREDICATES[p] for p in np.flatnonzero(holds[i, j])} for i, j in [(0, 1), (1, 0)]
    )


CUBE = (0.2, 0.2, 0.2)
TABLE = ((0, -0.65, 3), (1.2, 0.7, 0.8))
CHAIR = ((0, -0.55, 3), (0.5, 0.9, 0.5))
BOWL = ((0, -0.25, 3), (0.3, 0.15, 0.3))
SHELF = ((0, -0.2, 3), (0.8, 1.6, 0.3))

HAND_MADE = [
    # subject box, object box, labels, subject->object, object->subject
    (((-1, 0, 3), CUBE), ((1, 0, 3), CUBE), None, {"to the left of"}, {"to the right of"}),
    (((0, 0, 2), CUBE), ((0, 0, 4), CUBE), None, {"in front of"}, {"behind"}),
    (
        ((-1, 0, 2), CUBE),
        ((1, 0, 4), CUBE),
        None,
        {"to the left of", "in front of"},
        {"to the right of", "behind"},
    ),
    (((0, 1, 3), CUBE), ((0, 0, 3), CUBE), None, {"above"}, {"under"}),
    (((0, 0.2, 3), CUBE), ((0, 0, 3), CUBE), None, {"on"}, set()),
    (((-0.45, -0.2, 3), CUBE), TABLE, ("cup", "table"), {"on"}, set()),
    (((0.2, -0.9, 3), CUBE), TABLE, ("ball", "table"), {"under"}, {"above"}),
    (((0.2, -0.9, 3), CUBE), TABLE, ("ball", "thing"), set(), set()),
    (((0, -0.43, 3), CUBE), CHAIR, ("cat", "chair"), {"on"}, set()),
    (((0, -0.85, 3), CUBE), CHAIR, ("ball", "chair"), {"under"}, {"above"}),
    (((0, -0.28, 3), (0.08, 0.08, 0.08)), BOWL, ("apple", "bowl"), {"in"}, set()),
    (((0, -0.28, 3), (0.08, 0.08, 0.08)), BOWL, ("apple", "thing"), set(), set()),
    (((0.1, -0.4, 3), CUBE), SHELF, ("book", "shelf"), {"in"}, set()),
    (((0.1, 0.7, 3), CUBE), SHELF, ("vase", "shelf"), {"on"}, set()),
    (
        ((0, -0.9, 3), CUBE),
        ((0.3, -0.9, 3), CUBE),
        None,
        {"to the left of", "next to"},
        {"to the right of", "next to"},
    ),
    # ties and near misses
    (((0, 0, 3), CUBE), ((0, 0, 3), CUBE), None, set(), set()),
    (((0, 0, 3), CUBE), ((0.12, 0, 3), CUBE), None, set(), set()),
    (((0, 0, 3), CUBE), ((0, 0, 3.19), CUBE), None, {"next to"}, {"next to"}),
    # left in space but right in the picture: neither
    (((-0.5, 0, 1), CUBE), ((-0.3, 0, 0.3), CUBE), None, {"behind"}, {"in front of"}),
    # beside, but at another height
    (((0, 1, 3), CUBE), ((0.3, 0, 3), CUBE), None, {"to the left of"}, {"to the right of"}),
]


@pytest.mark.parametrize(("first", "second", "labels", "forward", "backward"), HAND_MADE)
def test_hand_made_boxes(first, second, labels, forward, backward):
    assert words(first, second, labels or ("thing", "thing")) == (forward, backward)


def test_every_predicate_has_a_hand_made_case():
    named = set().union(*[case[3] | case[4] for case in HAND_MADE])
    assert named == set(SPATIAL_PREDICATES)


def random_boxes(seed, count=7):
    """Crowded boxes of mixed kinds, so that every predicate turns up."""
    generator = np.random.default_rng(seed)
    centers = generator.uniform([-1, -0.5, 1.5], [1, 0.5, 4], (count, 3))
    sizes = generator.uniform(0.05, 0.9, (count, 3))
    yaws = generator.uniform(-math.pi, math.pi, count)
    kinds = [form_of(generator.choice(["cup", "table", "bowl", "chair"])) for _ in range(count)]
    for upper in range(0, count - 1, 3):  # put some on, some into the next one
        centers[upper] = centers[upper + 1]
        sizes[upper] = sizes[upper + 1] * 0.3
        carrier = kinds[upper + 1]
        height = generator.choice([carrier.support, 0.02, -0.6, 1.4])
        base = centers[upper + 1, 1] + (height - 0.5) * sizes[upper + 1, 1]
        centers[upper, 1] = base + sizes[upper, 1] / 2
        sizes[upper, 2] = sizes[upper, 0]
    return centers, sizes, yaws, kinds


def reference(i, j, centers, sizes, yaws, kinds):
    """Plain scalar statement of the rules, for one ordered pair."""

    def box(k):
        w, h, d = sizes[k]
        turned = not (kinds[k].round and abs(w - d) < rel.ROUND_TOLERANCE * w)
        c, s = (abs(math.cos(yaws[k])), abs(math.sin(yaws[k]))) if turned else (1, 0)
        x, y, z = centers[k]
        hx, hz = (c * w + s * d) / 2, (s * w + c * d) / 2
        return x, y, z, hx, h / 2, hz

    x1, y1, z1, hx1, hy1, hz1 = box(i)
    x2, y2, z2, hx2, hy2, hz2 = box(j)
    form1, form2 = kinds[i], kinds[j]

    def over(ax, az, bx, bz, bhx, bhz):
        return abs(ax - bx) < bhx and abs(az - bz) < bhz

    def on(a, b, form):
        ax, ay, az, _, ahy, _ = a
        bx, by, bz, bhx, bhy, bhz = b
        surface = by - bhy + form.support * 2 * bhy
        fits = abs(ay - ahy - surface) < rel.SUPPORT_TOLERANCE and ay > by
        return fits and over(ax, az, bx, bz, bhx, bhz) and not inside(a, b, form)

    def inside(a, b, form):
        ax, ay, az, ahx, ahy, ahz = a
        bx, by, bz, bhx, bhy, bhz = b
        base, floor = ay - ahy, by - bhy
        low = floor - rel.SUPPORT_TOLERANCE < base < floor + (1 - rel.RIM_FRACTION) * 2 * bhy
        fits = max(ahx, ahz) < max(bhx, bhz)
        return form.contains and low and fits and over(ax, az, bx, bz, bhx, bhz)

    def under(a, b, form_a, form_b):
        ax, ay, az, ahx, ahy, ahz = a
        bx, by, bz, bhx, bhy, bhz = b
        ceiling = by - bhy + form_b.clearance * 2 * bhy
        touching = on(a, b, form_b) or on(b, a, form_a)
        touching = touching or inside(a, b, form_b) or inside(b, a, form_a)
        return (
            ay + ahy + rel.VERTICAL_CLEARANCE < ceiling
            and abs(ax - bx) < max(ahx, bhx)
            and abs(az - bz) < max(ahz, bhz) + rel.PLAN_SLACK
            and not touching
        )

    one, two = (x1, y1, z1, hx1, hy1, hz1), (x2, y2, z2, hx2, hy2, hz2)

    def left(a, b):
        clear = b[0] - a[0] > max(a[3], b[3]) + rel.LATERAL_CLEARANCE
        return clear and b[0] / b[2] - a[0] / a[2] > rel.BEARING_CLEARANCE

    def front(a, b):
        return b[2] - a[2] > max(a[5], b[5]) + rel.DEPTH_CLEARANCE

    sx, sz = abs(x1 - x2) - hx1 - hx2, abs(z1 - z2) - hz1 - hz2
    extent = (hx1 + hz1 + hx2 + hz2) / 2
    reach = min(rel.NEXT_TO_REACH * extent, rel.NEXT_TO_LIMIT)
    apart = sx > -rel.NEXT_TO_OVERLAP * 2 * min(hx1, hx2) or sz > -rel.NEXT_TO_OVERLAP * 2 * min(
        hz1, hz2
    )
    level = min(y1 + hy1, y2 + hy2) - max(y1 - hy1, y2 - hy2)
    beside = (
        math.hypot(max(sx, 0), max(sz, 0)) < reach
        and apart
        and level > rel.NEXT_TO_OVERLAP * 2 * min(hy1, hy2)
    )
    return {
        "to the left of": left(one, two),
        "to the right of": left(two, one),
        "in front of": front(one, two),
        "behind": front(two, one),
        "above": under(two, one, form2, form1),
        "under": under(one, two, form1, form2),
        "on": on(one, two, form2),
        "in": inside(one, two, form2),
        "next to": beside,
    }


def test_vectorised_equals_scalar_reference():
    seen = np.zeros(len(SPATIAL_PREDICATES), dtype=int)
    for seed in range(60):
        boxes = random_boxes(seed)
        holds = rel.relations_from_boxes(*boxes)
        seen += holds.sum((0, 1))
        for i, j in np.argwhere(~np.eye(len(boxes[0]), dtype=bool)):
            expected = reference(i, j, *boxes)
            assert {n: bool(holds[i, j, p]) for n, p in INDEX.items()} == expected, (seed, i, j)
    assert seen.min() >= 5, dict(zip(SPATIAL_PREDICATES, seen, strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_converses_are_transposes(seed):
    holds = rel.relations_from_boxes(*random_boxes(seed))
    for name, inverse in INVERSE_PREDICATE.items():
        assert np.array_equal(holds[..., INDEX[name]], holds[..., INDEX[inverse]].T)
    for name in set(SPATIAL_PREDICATES) - {"next to"}:
        one = holds[..., INDEX[name]]
        assert not (one & one.T).any(), name
    assert not holds[np.arange(7), np.arange(7)].any()
    exclusive = holds[..., [INDEX["above"], INDEX["under"], INDEX["on"], INDEX["in"]]]
    assert exclusive.sum(-1).max() <= 1


@pytest.mark.parametrize("seed", range(10))
def test_translation_changes_left_and_right_only(seed):
    centers, sizes, yaws, kinds = random_boxes(seed)
    fixed = [p for name, p in INDEX.items() if name not in ("to the left of", "to the right of")]
    before = rel.relations_from_boxes(centers, sizes, yaws, kinds)
    after = rel.relations_from_boxes(centers + np.array([0.7, -0.4, 2.0]), sizes, yaws, kinds)
    assert np.array_equal(before[..., fixed], after[..., fixed])
    lifted = rel.relations_from_boxes(centers + np.array([0, 1.5, 0]), sizes, yaws, kinds)
    assert np.array_equal(before, lifted)


@pytest.mark.parametrize("seed", range(5))
def test_order_of_objects_does_not_matter(seed):
    centers, sizes, yaws, kinds = random_boxes(seed)
    order = np.random.default_rng(seed).permutation(len(centers))
    before = rel.relations_from_boxes(centers, sizes, yaws, kinds)
    shuffled = [kinds[k] for k in order]
    after = rel.relations_from_boxes(centers[order], sizes[order], yaws[order], shuffled)
    assert np.array_equal(before[np.ix_(order, order)], after)


def test_hull_of_a_quarter_turn_swaps_width_and_depth():
    half = rel.hull_half_extents([[2.0, 1.0, 0.5]], [math.pi / 2])
    np.testing.assert_allclose(half, [[0.25, 0.5, 1.0]], atol=1e-12)


def test_no_boxes_no_relations():
    assert rel.relations_from_boxes(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0)).shape == (
        0,
        0,
        len(SPATIAL_PREDICATES),
    )


def thing(label, center, size):
    return SceneObject(label=label, box=Box3D(center=center, size=size) if center else None)


def test_part_carries_only_part_of():
    objects = [
        thing("lamp", (0, 0, 3), (0.3, 1.5, 0.3)),
        thing("lampshade", (0, 0.6, 3), (0.3, 0.3, 0.3)),
        thing("ghost", None, None),
        thing("cup", (1, 0, 3), CUBE),
    ]
    found = {(r.subject, r.predicate, r.object) for r in rel.relations_of(objects)}
    assert {triplet for triplet in found if {triplet[0], triplet[2]} == {0, 1}} == {
        (1, "part of", 0)
    }
    assert (3, "to the right of", 0) in found
    assert not any(2 in (subject, target) for subject, _, target in found)


def test_part_far_from_its_whole_is_no_part():
    objects = [
        thing("lamp", (0, 0, 3), (0.3, 1.5, 0.3)),
        thing("lampshade", (2, 0.6, 3), (0.3, 0.3, 0.3)),
    ]
    assert {r.predicate for r in rel.relations_of(objects, "depth")} == {
        "to the left of",
        "to the right of",
    }
    assert {r.source for r in rel.relations_of(objects, "depth")} == {"depth"}


def test_confidence_grows_with_the_margin():
    near, far = thing("cup", (0.14, 0, 3), CUBE), thing("cup", (1, 0, 3), CUBE)
    objects = [thing("cup", (0, 0, 3), CUBE), near, far]
    found = {
        (r.subject, r.object): r.confidence
        for r in rel.relations_of(objects, "depth", noise=0.05)
        if r.predicate == "to the left of"
    }
    assert 0.5 < found[0, 1] < 0.65 < found[0, 2]
    assert found[0, 2] > 0.99
    assert {r.confidence for r in rel.relations_of(objects)} == {None}


def shown(predicate):
    evidence = np.zeros((2, 2, len(SPATIAL_PREDICATES)), dtype=bool)
    evidence[0, 1, SPATIAL_PREDICATES.index(predicate)] = True
    return evidence


@pytest.mark.parametrize(("gap", "kept"), [(0.03, True), (0.1, True), (0.2, False)])
def test_what_the_picture_shows_may_fall_a_little_short(gap, kept):
    cup = thing("cup", (0, 0.5 + 0.1 + gap, 3), (0.2, 0.2, 0.2))
    objects = [cup, thing("block", (0, 0.25, 3), (1, 0.5, 1))]
    strict = {r.predicate for r in rel.relations_of(objects, "depth") if r.subject == 0}
    assert ("on" in strict) == (gap < rel.SUPPORT_TOLERANCE)
    found = rel.relations_of(objects, "depth", noise=0.03, shown=shown("on"))
    ahead = {r.predicate: r.confidence for r in found if r.subject == 0}
    assert ("on" in ahead) == kept
    assert ("above" in ahead) == (not kept), "on and above exclude each other"
    if "on" in ahead:
        assert (ahead["on"] < 0.5) == (gap > rel.SUPPORT_TOLERANCE)


def test_on_or_in_but_not_both():
    objects = [thing("ball", (0, 0.34, 3), (0.2, 0.2, 0.2)), thing("bowl", (0, 0.2, 3), CUBE)]
    both = shown("on") | shown("in")
    held = {r.predicate for r in rel.relations_of(objects, "depth", shown=both) if r.subject == 0}
    assert len(held & {"on", "in"}) == 1


def test_unknown_label_is_solid():
    assert form_of("zeppelin") == SOLID
    assert form_of("bowl") == Form(contains=True, round=True)


def test_yaw_of_a_round_thing_says_nothing_while_it_stands():
    standing, lying = [0.2, 0.5, 0.2], [0.5, 0.2, 0.2]
    half = rel.hull_half_extents([standing, lying], [0.6, 0.6], [form_of("bottle")] * 2)
    np.testing.assert_allclose(half[0], [0.1, 0.25, 0.1])
    assert half[1, 2] > 0.2
