"""One namespace after the other, each with what it needs, nothing twice."""

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner

from spatial_dual.runner import NamespaceRunner


def trace(order: list[str], name: str):
    def run(*inputs: str) -> str:
        order.append(name)
        return name

    return run


def make(order: list[str]) -> Pipeline:
    def chain(namespace: str) -> list:
        return [
            node(trace(order, f"{namespace}.fit"), ["shared"], f"{namespace}.model",
                 name="fit", namespace=namespace),
            node(trace(order, f"{namespace}.judge"), [f"{namespace}.model", "late"],
                 f"{namespace}.rows", name="judge", namespace=namespace),
        ]  # fmt: skip

    shared = [
        node(trace(order, "load"), ["raw"], "shared", name="load"),
        node(trace(order, "late"), ["raw"], "late", name="late"),
        node(trace(order, "report"), ["a.rows", "b.rows"], "page", name="report"),
    ]
    return Pipeline([*chain("a"), *chain("b"), *shared])


def test_a_namespace_is_finished_before_the_next_begins() -> None:
    order: list[str] = []
    pipeline = make(order)
    NamespaceRunner().run(pipeline, DataCatalog({"raw": MemoryDataset(1)}))
    assert order.index("a.judge") < order.index("b.fit")
    assert order[-1] == "report"
    assert len(order) == len(pipeline.nodes)


def test_without_namespaces_the_order_is_kedros() -> None:
    kedros: list[str] = []
    ours: list[str] = []
    for runner, order in ((SequentialRunner(), kedros), (NamespaceRunner(), ours)):
        runner.run(make(order).only_nodes("load", "late"), DataCatalog({"raw": MemoryDataset(1)}))
    assert ours == kedros == ["late", "load"]
