"""Depth graphs of real pictures against people: run as ``python -m benchmarks.real_depth SHARED``.

For each annotated RGB-D frame the tilt of the found floor against marked vertical edges and the
recall of the annotated relations, with a picture of points, boxes and graph in FOLDER if one is
named; then VSR's depth-decidable statements on photographs with predicted depth.
"""

import math
import sys
import time
from pathlib import Path

from spatial_dual.figures.depth_views import DepthView, depth_figure
from spatial_dual.perception.appearance import appearance
from spatial_dual.perception.lift import depth_graph, lift
from spatial_dual.perception.size_prior import SizePrior
from tests.perception.rgbd_frames import Frame, read_frames, recalled
from tests.perception.vsr import graphs_by_depth, read_statements


def report_frame(name: str, frame: Frame, folder: Path | None) -> tuple[int, int]:
    """Print a frame's figures, draw it where asked; relations found, and annotated."""
    prior = SizePrior()
    start = time.process_time()
    lifted = lift(frame.depth, frame.instances, frame.labels, frame.camera, prior)
    words = appearance(frame.image, frame.instances, len(frame.labels))
    graph = depth_graph(
        frame.depth, frame.instances, frame.labels, frame.camera, prior, attributes=words
    )
    tilt = "no vertical edge marked"
    if frame.up is not None:
        degrees = math.degrees(math.acos(min(1.0, float(lifted.gravity.up @ frame.up))))
        tilt = f"{degrees:.1f} degrees off the vertical edges"
    found = recalled(frame, graph)
    print(
        f"{name}: up by {lifted.gravity.source} ({lifted.gravity.confidence:.2f}), {tilt}; "
        f"{found} of {len(frame.relations)} annotated relations, {len(graph.relations)} edges, "
        f"{time.process_time() - start:.2f} s"
    )
    if folder is not None:
        rotation = lifted.gravity.rotation()
        view = DepthView(name, frame.image, frame.depth, graph, frame.camera, rotation)
        depth_figure([view]).savefig(folder / f"{name}.png", dpi=110)
    return found, len(frame.relations)


if __name__ == "__main__":
    shared = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    totals = [report_frame(*entry, folder) for entry in read_frames(shared).items()]
    print(f"all frames: {sum(n for n, _ in totals)} of {sum(m for _, m in totals)} relations")
    statements = read_statements(shared)
    graphs = dict(graphs_by_depth(shared, {each.photo for each in statements}))
    right = sum(each.is_said_by(graphs[each.photo]) == each.holds for each in statements)
    print(f"VSR: {right} of {len(statements)} depth-decidable statements judged right")
