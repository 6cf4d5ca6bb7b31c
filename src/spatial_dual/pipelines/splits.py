"""The split that samples are taken from and figures are of."""

from kedro.pipeline import Pipeline

PIPELINES = ("generate", "evaluate", "report", "rating_sheets", "pretrained")
"""Those that read the test split, unless parameters name another."""
TEST = "test"


def on_split(pipeline: Pipeline, split: str) -> Pipeline:
    """The pipeline with the datasets of ``split`` in the place of those of the test split."""
    names = {name for name in pipeline.inputs() if name.endswith(f"_{TEST}")}
    if split == TEST or not names:
        return pipeline
    return Pipeline(pipeline, inputs={n: f"{n.removesuffix(TEST)}{split}" for n in names})
