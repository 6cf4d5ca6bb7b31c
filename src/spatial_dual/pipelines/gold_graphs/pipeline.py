"""Records of gold graphs, the ``dgae`` stage on them, and what comes back."""

from kedro.pipeline import Pipeline, node

from spatial_dual.pipelines import dgae, scenes
from spatial_dual.pipelines.gold_graphs.nodes import evaluate_gold_graphs, take_gold_graphs
from spatial_dual.pipelines.scene_graphs.nodes import collect_vocabulary

SPLITS = ("train", "val", "test")


def create_pipeline() -> Pipeline:
    """``scenes``, their graphs, ``dgae``, and its reconstruction of the validation split."""
    graphs = [
        node(take_gold_graphs, f"scenes_{split}", f"graphs_{split}", name=f"take_graphs_{split}")
        for split in SPLITS
    ]
    vocabulary = node(
        collect_vocabulary,
        inputs=["graphs_train", "params:scene_graphs"],
        outputs="vocabulary",
        name="collect_vocabulary",
    )
    evaluate = node(
        evaluate_gold_graphs,
        inputs=["graphs_val", "aligned_val", "vocabulary", "dgae"],
        outputs="reconstruction",
        name="evaluate_gold_graphs",
    )
    # the stages keep their names, by which costs are counted
    stages = [
        Pipeline(scenes.create_pipeline(), tags="scenes"),
        Pipeline(dgae.create_pipeline(), tags="dgae"),
    ]
    return sum(stages, Pipeline([*graphs, vocabulary, evaluate]))
