"""Hits become colours: albedo, pattern, sky light and shadowed direct light."""

import numpy as np
from numpy.typing import NDArray

from spatial_dual.render.catalogue import COLOURS
from spatial_dual.render.intersect import Field, Float
from spatial_dual.render.primitives import object_axes
from spatial_dual.render.raycast import Hits
from spatial_dual.render.world import Thing, World

AMBIENT, SKY, DIRECT = 0.57, 0.13, 0.46
"""Shares of constant, sky and direct light in the brightness of a surface."""
CELLS = 4.0
"""Cells of a pattern along the longest side of an object."""
_PHASE = 0.37
_CONTRAST, _VEIL = 0.85, 140.0
"""Share of contrast that the lens leaves, and the brightness of its veil, 0..255."""
_DARKER, _LIGHTER = np.float32(0.62), np.float32(0.45)
_FLOOR_CELLS: dict[str, tuple[float, float]] = {"planks": (0.3, 1e3), "tiles": (0.55, 0.55)}
"""Metres across and along; other floors are plain."""
_FLOOR_CONTRAST = np.float32(0.95)
_FLOOR = -4


def shade(world: World, hits: Hits) -> NDArray[np.uint8]:
    """RGB picture of what the rays met.

    Returns:
        (size, size, 3) uint8.
    """
    albedo = np.take(_palette(world), hits.primitive.astype(np.intp) + 4, axis=1)
    _lay_floor(world, hits, albedo)
    plain = _plain_primitives(world)
    for number, thing in enumerate(world.things):
        if thing.material != "plain":
            _decorate(world, hits, number, plain, albedo)
    direct = np.maximum(hits.lambert, 0) * (1 - hits.shadow)
    light = np.float32(AMBIENT) + np.float32(SKY) * hits.sky + np.float32(DIRECT) * direct
    light *= np.float32(255)
    albedo *= light
    np.minimum(albedo, np.float32(255), out=albedo)
    return np.ascontiguousarray(_lens(albedo).astype(np.uint8).transpose(1, 2, 0))


def _lens(picture: Float) -> Float:
    """(3, size, size) picture through a lens: blurred by 1-2-1 both ways, veiled a little.

    One ray a pixel leaves jagged edges; real pictures have none.
    """
    padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    blurred = rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]
    return blurred * np.float32(_CONTRAST / 16) + np.float32((1 - _CONTRAST) * _VEIL)


def _palette(world: World) -> Float:
    """(3, 4 + primitives) colours; the first four are the floor and the walls."""
    rows: list[NDArray[np.float64]] = []
    for thing in world.things:
        paint = np.array(COLOURS[thing.colour])
        for part in thing.kind.parts:
            own = part.tint if isinstance(part.tint, tuple) else None
            rows.append(paint * (part.tint or 1.0) if own is None else np.array(own))
    wall = np.array(world.shell.room.wall) * world.shell.tone[0]
    floor = np.array(world.shell.room.floor) * world.shell.tone[1]
    return np.array([floor, wall, wall, wall, *rows], np.float32).T


def _plain_primitives(world: World) -> NDArray[np.bool_]:
    """(primitives + 4,): parts with a colour of their own, which carry no pattern."""
    flags = [isinstance(part.tint, tuple) for thing in world.things for part in thing.kind.parts]
    return np.array([*flags, True, True, True, True])


def _lay_floor(world: World, hits: Hits, albedo: Float) -> None:
    cells = _FLOOR_CELLS.get(world.shell.room.flooring)
    if cells is None:
        return
    mask = hits.primitive == _FLOOR
    normals = world.shell.normals
    across, along = normals[2] / cells[0], normals[0] / cells[1]
    x, _, z = _positions(world, hits.depth, (slice(None), slice(None)), mask)
    lanes = [np.floor(x * np.float32(a[0]) + z * np.float32(a[2])) for a in (across, along)]
    odd = np.mod(lanes[0] + lanes[1], 2)
    albedo[:, mask] *= 1 - odd * (1 - _FLOOR_CONTRAST)


def _decorate(
    world: World, hits: Hits, number: int, plain: NDArray[np.bool_], albedo: Float
) -> None:
    thing = world.things[number]
    size = len(hits.depth)
    x0, y0, x1, y1 = np.clip(hits.regions[number] * size + (-1, -1, 1, 1), 0, size).astype(int)
    window = (slice(y0, y1), slice(x0, x1))
    mask = (hits.instances[window] == number + 1) & ~plain[hits.primitive[window]]
    if not mask.any():
        return
    points = _positions(world, hits.depth, window, mask)
    odd = _parity(thing, points)
    paint = albedo[:, *window]
    colour = paint[:, mask]
    dark = np.float32(sum(COLOURS[thing.colour]) < 0.6)
    other = colour * _DARKER * (1 - dark) + (colour + (1 - colour) * _LIGHTER) * dark
    paint[:, mask] = np.where(odd, other, colour)


def _parity(thing: Thing, points: Field) -> NDArray[np.bool_]:
    """Which cells of the pattern the points lie in: alternating bands, or cubes."""
    axes = object_axes(thing)
    lengths = np.linalg.norm(axes, axis=0)
    # Rows: from the levelled frame to cells along the object's own axes.
    scale = CELLS / (2 * lengths.max())
    to_cells = (axes / lengths).T * scale
    offset = _PHASE - to_cells @ np.array(thing.center)
    u, v, w = (
        sum(point * np.float32(a) for point, a in zip(points, row, strict=True)) + np.float32(shift)
        for row, shift in zip(to_cells, offset, strict=True)
    )
    if thing.material == "striped":
        return np.asarray(np.mod(np.floor(u + v), 2) > 0)
    return np.asarray(np.mod(np.floor(u) + np.floor(v) + np.floor(w), 2) > 0)


def _positions(
    world: World, depth: Float, window: tuple[slice, slice], mask: NDArray[np.bool_]
) -> Field:
    """Surface points under ``mask`` in the levelled frame, a hair inside, as three vectors."""
    size = len(depth)
    half = world.camera.half_view
    rows, columns = np.nonzero(mask)
    row0, column0 = window[0].start or 0, window[1].start or 0
    t = depth[window][mask] * np.float32(1.002)
    x = ((2 * (columns + column0) + 1) / size - 1) * half
    y = (1 - (2 * (rows + row0) + 1) / size) * half
    x, y = x.astype(np.float32) * t, y.astype(np.float32) * t
    return [
        x * np.float32(a) + y * np.float32(b) + t * np.float32(c) for a, b, c in world.camera.axes
    ]
