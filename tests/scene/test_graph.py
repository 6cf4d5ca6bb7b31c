"""Scene graphs as JSON: exact round trip, and bad files refused where they are bad."""

import copy
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial_dual.render.scenes import render_scene
from spatial_dual.scene.graph import (
    GEOMETRIC_PREDICATES,
    INVERSE_PREDICATE,
    Box3D,
    GraphFormatError,
    Relation,
    SceneGraph,
    SceneObject,
)

GRAPH = SceneGraph(
    objects=(
        SceneObject(
            label="cup",
            attributes=("red", "small"),
            box=Box3D(center=(0.1, -0.2, 2), size=(0.1, 0.1, 0.1), yaw=-1.5),
            region=(0.25, 0.5, 1.125, 0.75),
            distance=2,
            visibility=0.5,
            confidence=1,
        ),
        SceneObject(label="table"),
    ),
    relations=(
        Relation(subject=0, predicate="on", object=1),
        Relation(subject=1, predicate="holds", object=0, source="text", confidence=0.25),
    ),
    place="kitchen",
)

numbers = st.floats(-1e6, 1e6)
lengths = st.floats(1e-6, 1e6)
shares = st.none() | st.floats(0, 1)
objects = st.builds(
    SceneObject,
    label=st.text(min_size=1),
    attributes=st.lists(st.text(), max_size=3).map(tuple),
    box=st.none()
    | st.builds(
        Box3D,
        center=st.tuples(numbers, numbers, numbers),
        size=st.tuples(lengths, lengths, lengths),
        yaw=numbers,
    ),
    region=st.none() | st.tuples(numbers, numbers, numbers, numbers),
    distance=st.none() | lengths,
    visibility=shares,
    confidence=shares,
)
relations = st.builds(
    Relation,
    subject=st.just(0),
    predicate=st.sampled_from(GEOMETRIC_PREDICATES),
    object=st.integers(1, 3),
    source=st.sampled_from(["gold", "depth", "mask", "text", "diffusion"]),
    confidence=shares,
)
graphs = st.builds(
    SceneGraph,
    objects=st.lists(objects, min_size=4, max_size=5).map(tuple),
    relations=st.lists(relations, max_size=4, unique_by=lambda r: (r.predicate, r.object)).map(
        tuple
    ),
    place=st.none() | st.text(),
)


@given(graphs)
def test_json_gives_back_the_same_graph(graph: SceneGraph) -> None:
    text = graph.to_json()
    assert SceneGraph.from_json(text) == graph
    assert SceneGraph.from_json(text).to_json() == text
    assert "\n" not in text


def test_json_of_a_rendered_scene_is_unchanged_by_reading() -> None:
    text = render_scene(1, "train", 0, 32)["graph"]
    assert SceneGraph.from_json(text).to_json() == text


def test_json_leaves_out_what_is_not_known() -> None:
    body = GRAPH.to_dict()
    assert body["schema_version"] == 1
    assert body["objects"][1] == {"label": "table", "attributes": []}
    assert body["relations"][0] == {"subject": 0, "predicate": "on", "object": 1, "source": "gold"}


def test_triplets_name_both_ends() -> None:
    assert GRAPH.triplets() == [("cup", "on", "table"), ("table", "holds", "cup")]


def test_inverses_are_mutual() -> None:
    assert all(INVERSE_PREDICATE[INVERSE_PREDICATE[p]] == p for p in INVERSE_PREDICATE)


def changed(path: tuple[str | int, ...], value: object) -> str:
    """JSON of ``GRAPH`` with ``value`` put at ``path``."""
    body = copy.deepcopy(GRAPH.to_dict())
    holder = body
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return json.dumps(body)


def refusal(text: str) -> str:
    with pytest.raises(GraphFormatError) as error:
        SceneGraph.from_json(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "where", "why"),
    [
        (("relations", 1, "object"), 2, "$.relations[1]", "object 2, but there are 2 objects"),
        (("relations", 0, "subject"), 9, "$.relations[0]", "object 9, but there are 2 objects"),
        (("relations", 0, "subject"), -1, "$.relations[0].subject", "greater than or equal to 0"),
        (("relations", 0, "subject"), 1, "$.relations[0]", "object 1 to itself"),
        (("relations", 0, "subject"), 0.5, "$.relations[0].subject", "integer"),
        (("relations", 0, "predicate"), "holds", "$.relations[0]", "unknown predicate 'holds'"),
        (("relations", 1, "predicate"), "", "$.relations[1].predicate", "pattern"),
        (("relations", 1, "source"), "hearsay", "$.relations[1].source", "'gold'"),
        (("objects", 0, "box", "center", 1), math.nan, "$.objects[0].box.center[1]", "finite"),
        (("objects", 0, "box", "yaw"), math.inf, "$.objects[0].box.yaw", "finite"),
        (("objects", 0, "box", "size"), [1, 0, 1], "$.objects[0].box.size", "positive"),
        (("objects", 0, "region"), [0, 0, 1], "$.objects[0].region[3]", "required"),
        (("objects", 0, "visibility"), 1.5, "$.objects[0].visibility", "less than or equal to 1"),
        (("objects", 0, "distance"), -math.inf, "$.objects[0].distance", "finite"),
        (("objects", 1, "label"), "", "$.objects[1].label", "at least 1 character"),
        (("objects", 1, "colour"), "red", "$.objects[1].colour", "not permitted"),
        (("objects", 1), {}, "$.objects[1].label", "required"),
        (("name",), "mine", "$.name", "not permitted"),
        (("schema_version",), 2, "$.schema_version", "expected 1, got 2"),
        (("schema_version",), None, "$.schema_version", "expected 1, got None"),
    ],
)
def test_a_bad_field_is_refused_by_its_path(
    path: tuple[str | int, ...], value: object, where: str, why: str
) -> None:
    message = refusal(changed(path, value))
    assert message.startswith(f"{where}: ")
    assert why in message


def test_a_relation_stated_twice_is_refused() -> None:
    body = GRAPH.to_dict()
    body["relations"].append({"subject": 0, "predicate": "on", "object": 1})
    assert refusal(json.dumps(body)).startswith("$.relations[2]: relation 2 repeats (0, 'on', 1)")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"schema_version": 1, "schema_version": 1}', "$.schema_version"),
        ('{"objects": [{"label": "a"}, {"label": "a", "label": "a"}]}', "$.objects[1].label"),
        ('{"objects": [{"box": {"yaw": 0, "size": [], "yaw": 0}}]}', "$.objects[0].box.yaw"),
        # the repeated key of the outer object hides one below it
        ('{"objects": [{"label": "a", "label": "b"}], "objects": []}', "$.objects"),
    ],
)
def test_a_key_that_appears_twice_is_refused_by_its_path(text: str, where: str) -> None:
    assert refusal(text) == f"{where}: key appears twice"


@pytest.mark.parametrize("text", ["", "{", "cup on table", '{"schema_version": 1,}', "[" * 100_000])
def test_text_that_is_not_json_is_refused(text: str) -> None:
    assert refusal(text).startswith("$: not JSON: ")


@pytest.mark.parametrize("text", ["[]", "null", "1", '"cup"', "NaN"])
def test_json_that_is_not_an_object_is_refused(text: str) -> None:
    assert refusal(text).startswith("$: expected an object, got ")


def test_graphs_made_in_python_are_checked_too() -> None:
    with pytest.raises(ValueError, match="relation 0 points to object 3, but there are 2 objects"):
        SceneGraph(
            objects=GRAPH.objects, relations=(Relation(subject=0, predicate="on", object=3),)
        )
    with pytest.raises(ValueError, match="unknown predicate 'holds' for source 'depth'"):
        Relation(subject=0, predicate="holds", object=1, source="depth")
