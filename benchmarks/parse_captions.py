"""Loading of the Stanza parser, and captions per CPU-second of one core: rendered and given ones.

``python benchmarks/parse_captions.py [FILE [STANZA_FOLDER]]``; FILE as VSD's ``v1_val.json``.
"""

import sys
import time
from pathlib import Path

import torch

from spatial_dual.datasets.graphs.caption_sets import read_captions
from spatial_dual.parsing.default import default_parser
from spatial_dual.render.scenes import render_scene

if __name__ == "__main__":
    torch.set_num_threads(1)
    file, folder = [*sys.argv[1:], None, None][:2]
    start = time.process_time()
    parser = default_parser(folder)
    parser.parse(["a cup on a table"])
    print(f"loaded in {time.process_time() - start:.1f} s, torch not counted")
    texts = {
        "rendered": [t for index in range(300) for t in render_scene(0, "test", index)["captions"]]
    }
    if file is not None:
        texts[file] = list(dict.fromkeys(read_captions(Path(file)).captions))
    for name, captions in texts.items():
        start = time.process_time()
        parser.parse(captions)
        rate = len(captions) / (time.process_time() - start)
        print(f"{name}: {len(captions)} different captions, {rate:.0f} captions/s")
