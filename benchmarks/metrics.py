"""Speed of the metrics on one core: `python -m benchmarks.metrics [--json FILE]`.

FID of two sets of 10 000 × 2048 features, and SPICE of parsed captions; CPU seconds.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from spatial_dual.metrics.distribution import fid
from spatial_dual.metrics.spice import Spice
from spatial_dual.metrics.synonyms import load_synonyms
from spatial_dual.parsing.lexicon_parser import LexiconParser
from spatial_dual.render.scenes import render_scene

PICTURES, FEATURES = 10_000, 2048
SCENES = 300


def fid_seconds() -> float:
    """CPU time of the Fréchet distance, extraction not included."""
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.rand(PICTURES, FEATURES, generator=generator) for _ in range(2))
    started = time.process_time()
    fid(real, fake)
    return time.process_time() - started


def spice_rate(wordnet: str | None) -> float:
    """Captions a CPU second, each against three references, once parsed."""
    groups = [render_scene(0, "test", index, 32)["captions"] for index in range(SCENES)]
    graphs = [LexiconParser().parse(group) for group in groups]
    spice = Spice(load_synonyms(wordnet))
    started = time.process_time()
    spice.score([group[0] for group in graphs], [group[1:] for group in graphs])
    return SCENES / (time.process_time() - started)


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--wordnet", help="folder of WordNet's files; default: the own lexicon")
    options = parser.parse_args()
    torch.set_num_threads(1)
    figures = {
        "fid_10000x2048_cpu_s": round(fid_seconds(), 2),
        "spice_captions_per_cpu_s": round(spice_rate(options.wordnet)),
    }
    print("\n".join(f"{name:28} {value}" for name, value in figures.items()))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
