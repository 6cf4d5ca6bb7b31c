"""Parameters of the ``scenes`` stage."""

from spatial_dual.pipelines.parameters import Count, Section, Share


class ScenesParameters(Section):
    """``parameters_scenes.yml``; what each key means is said there."""

    chunk_rows: Count
    max_bad_share: Share
