"""What the nodes that train a model have in common."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, node

Parameters = dict[str, Any]


def training_node(
    train: Callable[..., Any], model: str, inputs: list[str], parameters: str
) -> Node:
    """A node ``train_<model>`` that makes ``<model>`` and ``<model>_log``, and can resume.

    ``train`` takes ``inputs``, then progress store, the stage's parameters, those of all
    trainings, and the seed.
    """
    return node(
        train,
        inputs=[
            *inputs,
            f"{model}_progress",
            f"params:{parameters}",
            "params:train",
            "params:seed",
        ],
        outputs=[model, f"{model}_log"],
        name=f"train_{model}",
    )
