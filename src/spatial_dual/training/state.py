"""Tensors of a checkpoint against those of a training that has just begun."""

from collections.abc import Mapping

from torch import Tensor


class DamagedStateError(ValueError):
    """Tensors that no training of this kind leaves; the message names the first and the reason."""


def check_state(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Names, shapes and types are equal: PyTorch's kernels trust them and write beyond the end.

    Raises:
        DamagedStateError: they are not.
    """
    if different := sorted(found.keys() ^ wanted.keys()):
        there = "not expected" if different[0] in found else "missing"
        raise DamagedStateError(f"{different[0]} is {there}")
    for name, tensor in wanted.items():
        if found[name].shape != tensor.shape or found[name].dtype != tensor.dtype:
            raise DamagedStateError(
                f"{name} is {found[name].dtype} {tuple(found[name].shape)}, expected "
                f"{tensor.dtype} {tuple(tensor.shape)}"
            )
