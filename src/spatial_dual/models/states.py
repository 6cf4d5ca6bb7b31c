"""How denoisers read the states of a kernel: class indices by tables, vectors by linear maps."""

import torch
from torch import Tensor, nn


def state_embedding(codes: int, state_dim: int | None, dim: int) -> nn.Module:
    """Maps states to (batch, tokens, dim).

    Args:
        codes: K; one row more stands for the mask.
        state_dim: ``Kernel.state_dim``; None for indices (batch, tokens).
        dim: width of the denoiser.
    """
    return nn.Embedding(codes + 1, dim) if state_dim is None else nn.Linear(state_dim, dim)


class TypedCodes(nn.Module):
    """Class indices or masks (batch, nodes) to vectors (batch, nodes, dim), a table for each type.

    Args:
        types: type of each node, (nodes,) long.
        count: number of types.
        codes: K.
        dim: width of the vectors.
    """

    starts: Tensor

    def __init__(self, types: Tensor, count: int, codes: int, dim: int) -> None:
        super().__init__()
        self.table = nn.Embedding(count * (codes + 1), dim)
        nn.init.normal_(self.table.weight, std=0.5)
        self.register_buffer("starts", types * (codes + 1), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Look up the codes of every node in its type's table."""
        embedded: Tensor = self.table(codes + self.starts)
        return embedded


class TypedVectors(nn.Module):
    """Vectors (batch, nodes, state_dim) to (batch, nodes, dim), a linear map for each type."""

    types: Tensor

    def __init__(self, types: Tensor, count: int, state_dim: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.5 * state_dim**-0.5 * torch.randn(count, state_dim, dim))
        self.bias = nn.Parameter(torch.zeros(count, dim))
        self.register_buffer("types", types, persistent=False)

    def forward(self, states: Tensor) -> Tensor:
        """Map the state of every node by its type's matrix."""
        mapped = torch.einsum("bns,nsd->bnd", states, self.weight[self.types])
        return mapped + self.bias[self.types]


def typed_states(
    types: Tensor, count: int, codes: int, state_dim: int | None, dim: int
) -> nn.Module:
    """``TypedCodes`` for indices (``state_dim`` None), ``TypedVectors`` for vectors."""
    if state_dim is None:
        return TypedCodes(types, count, codes, dim)
    return TypedVectors(types, count, state_dim, dim)
