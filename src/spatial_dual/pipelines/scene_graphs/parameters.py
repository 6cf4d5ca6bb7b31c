"""Parameters of the ``scene_graphs`` stage."""

from typing import Annotated, Literal

from pydantic import Field

from spatial_dual.pipelines.parameters import Count, Section


class SplitChoice(Section):
    """Yes or no for each split."""

    train: bool
    val: bool
    test: bool


class VocabularyParameters(Section):
    """Which words become tags."""

    min_count: Count
    max_labels: Count


class SceneGraphsParameters(Section):
    """``parameters_scene_graphs.yml``; what each key means is said there."""

    visual_from: Literal["perceived", "records"]
    perceived_fov_deg: Annotated[float, Field(ge=1, le=179)]
    depth_graphs: SplitChoice
    text_parser: Literal["lexicon", "stanza", "factual"]
    drawn_scenes: Count
    size_prior_scenes: Count
    vocabulary: VocabularyParameters
