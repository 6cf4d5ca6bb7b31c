"""Captions against the geometry of the same photos, by predicate, with examples to look at.

``python benchmarks/photo_agreement.py FOLDER [PHOTOS]``; FOLDER of sharded Parquet with ``depth``,
``instances`` and ``captions`` (see ``docs/data.md``).
"""

import sys
from itertools import islice
from pathlib import Path

from spatial_dual.datasets.photos.catalog import PhotosDataset
from spatial_dual.metrics.photo_agreement import agreement_figures, relation_verdict
from spatial_dual.metrics.synonyms import load_synonyms
from spatial_dual.parsing.default import default_parser
from spatial_dual.perception.record_graphs import View
from spatial_dual.perception.size_prior import SizePrior
from spatial_dual.scene.truth import geometric_relations

EXAMPLES = 50

if __name__ == "__main__":
    folder, count = Path(sys.argv[1]), int([*sys.argv[2:], "300"][0])
    source = PhotosDataset(str(folder), image_size=128, max_objects=8, val_share=0, test_share=0)
    chunks = (chunk for chunk in source.load().chunks("train", 50) if isinstance(chunk, dict))
    rows = (
        dict(zip(chunk, values, strict=True))
        for chunk in chunks
        for values in zip(*chunk.values(), strict=True)
    )
    prior, synonyms = SizePrior(), load_synonyms(None)
    pairs, texts = [], []
    for row in islice(rows, count):
        seen = View.of_record(row).depth_graph(prior)
        pairs += [(graph, seen) for graph in default_parser().parse(row["captions"])]
        texts += [f"{row['id']}: {caption}" for caption in row["captions"]]
    print(
        "| predicate | agrees | contradicts | silent | not seen | agreement |\n" + "|---" * 6 + "|"
    )
    for predicate, own in agreement_figures(pairs, synonyms).items():
        print(f"| {predicate} | {' | '.join(f'{value:.4g}' for value in own.values())} |")
    shown = 0
    for text, (stated, seen) in zip(texts, pairs, strict=True):
        for relation in geometric_relations(stated):
            verdict = relation_verdict(relation, stated, seen, synonyms)
            if verdict in ("contradicts", "silent") and shown < EXAMPLES:
                shown += 1
                ends = (stated.objects[k].label for k in (relation.subject, relation.object))
                facts = "; ".join(" ".join(triplet) for triplet in seen.triplets()[:8])
                print(f"{verdict}: {relation.predicate}({', '.join(ends)}) | {text} | {facts}")
