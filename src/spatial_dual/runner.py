"""Kedro's sequential runner, one namespace after the other."""

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner
from pluggy import PluginManager
from typing_extensions import override


class NamespaceRunner(SequentialRunner):
    """Finishes a namespace, and what it needs, before it begins the next.

    Kedro's own order goes stage by stage through all namespaces, so a killed run of many variants
    would leave many trained models and no result. Without namespaces the order is Kedro's.
    """

    @override
    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        super()._run(_ByNamespace(pipeline.nodes), catalog, hook_manager, run_id)


class _ByNamespace(Pipeline):
    """The same nodes in another topological order."""

    @property
    @override
    def nodes(self) -> list[Node]:
        ordered = super().nodes
        order: dict[Node, None] = {}
        for namespace in dict.fromkeys(node.namespace for node in ordered if node.namespace):
            last = [node.name for node in ordered if node.namespace == namespace]
            order |= dict.fromkeys(Pipeline(ordered).to_nodes(*last).nodes)
        return list(order | dict.fromkeys(ordered))
