"""Projects each object of a 3DSG onto the token grid where its geometry nodes place it."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from spatial_dual.models.box_shapes import draw_shapes
from spatial_dual.scene.layout import GEOMETRY, GEOMETRY_BINS, bins_to_geometry

FEATURES = 8
FREQUENCIES = 3


class LayoutMap(nn.Module):
    """Cross-attention from grid cells to objects whose logits are geometric.

    A cell c looks at the objects s whose image-plane box covers it, nearer ones first, and reads
    what they are and what such a thing is like at that place of its box::

        out_c = W_o ( Σ_s w_cs W_v o_s  +  W_b Σ_s w_cs g(o_s) ⊙ b(place of c in the box of s) )

    The product makes the second term a shape for each kind of object: the coefficients g are the
    object's, the basis b is shared. Each head learns its own sharpness and bias.
    """

    bins: Tensor
    cells: Tensor

    def __init__(self, grid: int, dim: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.value = nn.Linear(dim, dim, bias=False)
        self.coefficients = nn.Linear(dim, dim)
        self.basis = nn.Linear(FEATURES + 4 * FREQUENCIES, dim)
        self.shape = nn.Linear(dim, dim, bias=False)
        learnt = nn.Linear(32, heads)
        nn.init.zeros_(learnt.weight)
        self.bias = nn.Sequential(nn.Linear(FEATURES, 32), nn.GELU(), learnt)
        self.sharpness = nn.Parameter(torch.linspace(2.0, 12.0, heads))
        self.nearness = nn.Parameter(torch.linspace(2.0, 8.0, heads))
        self.background = nn.Parameter(torch.zeros(dim))
        self.out = nn.Linear(dim, dim)
        columns = np.tile(np.arange(GEOMETRY_BINS + 1)[:, None], len(GEOMETRY))
        self.register_buffer("bins", torch.from_numpy(bins_to_geometry(columns)).float(), False)
        centers = (torch.arange(grid) + 0.5) / grid
        rows, cols = torch.meshgrid(centers, centers, indexing="ij")
        self.register_buffer("cells", torch.stack([cols.flatten(), rows.flatten()], dim=1), False)

    def forward(self, objects: Tensor, geometry: Tensor, there: Tensor) -> Tensor:
        """Features (batch, cells, dim) of objects (batch, slots, dim).

        Args:
            objects: embeddings of the object nodes.
            geometry: geometry tags (batch, slots, 5).
            there: which slots hold an object, (batch, slots) bool.
        """
        features, outside, distance, known = self._features(geometry)
        logits = self.bias(features)  # (b, cells, slots, heads)
        logits = logits - self.sharpness * outside[..., None]
        logits = logits - self.nearness * distance[:, None, :, None]
        usable = (known & there)[:, None, :, None]
        logits = logits.masked_fill(~usable, -1e4)
        # a cell that no box covers reads the background: logit of an object one box away
        empty = -self.sharpness.expand(*logits.shape[:2], 1, -1) - 4
        weights = torch.cat([logits, empty], dim=2).softmax(dim=2)[:, :, :-1]
        values = self.value(objects).unflatten(-1, (self.heads, -1))  # (b, slots, heads, e)
        what = torch.einsum("bcsh,bshe->bche", weights.to(values.dtype), values)
        drawn = draw_shapes(
            _waves(features),
            self.basis.weight,
            self.basis.bias,
            self.coefficients(objects),
            weights,
        )
        uncovered = 1 - weights.sum(dim=2).mean(dim=-1, keepdim=True)
        read = what.flatten(2) + self.shape(drawn) + uncovered * self.background
        out: Tensor = self.out(read)
        return out

    def _features(self, geometry: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        columns = torch.arange(len(GEOMETRY), device=geometry.device)
        values = self.bins[geometry, columns]  # (b, slots, 5); NaN where unknown
        known = values[..., :4].isfinite().all(dim=-1)
        values = values.nan_to_num(1.0)
        center, extent = values[..., :2], values[..., 2:4]
        offset = (self.cells[:, None] - center[:, None]) / (extent[:, None] / 2)
        offset = offset.clamp(-4, 4)  # (b, cells, slots, 2), ±1 at the edges of the box
        outside = (offset.abs().amax(dim=-1) - 1).relu()
        distance = values[..., 4].log()
        constant = torch.cat([extent.log(), distance[..., None]], dim=-1)[:, None]
        features = torch.cat(
            [
                offset,
                offset.abs(),
                outside[..., None],
                constant.expand(-1, len(self.cells), -1, -1),
            ],
            dim=-1,
        )
        return features, outside, distance, known


def _waves(features: Tensor) -> Tensor:
    """Features and waves of the place in the box, which draw finer outlines."""
    offset = features[..., :2].clamp(-1.5, 1.5)
    angles = torch.cat([offset * (math.pi / 2 * k) for k in range(1, FREQUENCIES + 1)], dim=-1)
    return torch.cat([features, angles.sin(), angles.cos()], dim=-1)
