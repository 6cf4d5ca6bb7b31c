"""Building a model of a stranger's configuration takes no more memory than its weights would."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch.utils._python_dispatch import TorchDispatchMode

LARGEST_NUMBER = 1 << 16
"""In a configuration, unless a tensor of the weights is as long."""
SPARE_ELEMENTS = 1 << 24
"""What a model may hold beside its weights: masks, positions, tables."""
SPARE_TENSORS = 10_000


class TooLargeError(ValueError):
    """A configuration of a larger model than the weights beside it are of."""


def check_numbers(config: Any, weights: Path) -> None:
    """Refuse numbers in a configuration that no model of these weights has.

    Args:
        config: JSON value.
        weights: safetensors file.

    Raises:
        TooLargeError: names the number.
    """
    longest = max((max(shape, default=0) for shape in _shapes(weights)), default=0)
    limit = max(LARGEST_NUMBER, longest)
    todo = [config]
    while todo:
        value = todo.pop()
        if isinstance(value, Mapping):
            todo += value.values()
        elif isinstance(value, list):
            todo += value
        elif isinstance(value, int) and abs(value) > limit:
            raise TooLargeError(f"{str(value)[:20]} in it is larger than any axis of its weights")


class BoundedBuild(TorchDispatchMode):
    """Within it, tensors can be made of a few times as many elements as a file of weights has.

    Args:
        weights: safetensors file.

    Raises:
        TooLargeError: within it, before a tensor is made that would be too much.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        shapes = _shapes(weights)
        # initial values may be drawn elsewhere, and tied weights be made twice
        self._elements = 8 * sum(map(math.prod, shapes)) + SPARE_ELEMENTS
        self._tensors = 100 * len(shapes) + SPARE_TENSORS

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Count what factories are asked for, and run the operation."""
        if not any(hasattr(value, "dim") for value in args):
            size = args[0] if args and isinstance(args[0], list | tuple) else args
            numbers = [int(n) for n in size if isinstance(n, int | float)]
            self._elements -= math.prod(numbers) if size is not args else max(numbers, default=0)
            self._tensors -= 1
            if self._elements < 0 or self._tensors < 0:
                raise TooLargeError("it is of a larger model than its weights")
        return func(*args, **(kwargs or {}))


def _shapes(weights: Path) -> list[list[int]]:
    with safe_open(weights, "pt") as stored:
        return [stored.get_slice(name).get_shape() for name in stored.keys()]  # noqa: SIM118
