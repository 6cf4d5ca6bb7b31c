"""Scenes per CPU-second of one core at 128 x 128: layout, picture, gold graph and captions."""

import sys
import time

from spatial_dual.render.scenes import render_scene

if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    render_scene(0, "train", 0)
    start = time.process_time()
    for index in range(count):
        render_scene(0, "train", index)
    print(f"{count / (time.process_time() - start):.0f} scenes/s")
