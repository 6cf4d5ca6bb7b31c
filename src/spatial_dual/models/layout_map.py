"""Projects each object of a 3DSG onto the token grid where its geometry nodes place it."""

import torch
from torch import Tensor, nn

from spatial_dual.scene.layout import GEOMETRY, GEOMETRY_BINS, bins_to_geometry

FEATURES = 8


class LayoutMap(nn.Module):
    """Cross-attention from grid cells to objects whose logits are geometric.

    A cell looks at the objects whose image-plane box covers it, nearer ones first, and reads their
    embeddings and where inside the box it lies. Each head learns its own sharpness and bias.
    """

    bins: Tensor
    cells: Tensor

    def __init__(self, grid: int, dim: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.value = nn.Linear(dim, dim, bias=False)
        self.place = nn.Sequential(nn.Linear(FEATURES, 48), nn.GELU(), nn.Linear(48, dim))
        learnt = nn.Linear(32, heads)
        nn.init.zeros_(learnt.weight)
        self.bias = nn.Sequential(nn.Linear(FEATURES, 32), nn.GELU(), learnt)
        self.sharpness = nn.Parameter(torch.linspace(2.0, 12.0, heads))
        self.nearness = nn.Parameter(torch.linspace(2.0, 8.0, heads))
        self.background = nn.Parameter(torch.zeros(dim))
        self.out = nn.Linear(dim, dim)
        columns = torch.arange(GEOMETRY_BINS + 1)[:, None].repeat(1, len(GEOMETRY)).numpy()
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
        mixed = torch.einsum("bcsh,bshe->bche", weights.to(values.dtype), values)
        where = self.place(features).unflatten(-1, (self.heads, -1))  # (b, cells, slots, heads, e)
        mixed = mixed + torch.einsum("bcsh,bcshe->bche", weights.to(where.dtype), where)
        uncovered = 1 - weights.sum(dim=2).mean(dim=-1, keepdim=True)
        out: Tensor = self.out(mixed.flatten(2) + uncovered * self.background)
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
