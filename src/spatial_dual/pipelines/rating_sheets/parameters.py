"""Parameters of the ``rating_sheets`` stage."""

from spatial_dual.pipelines.parameters import Count, Section


class RatingSheetsParameters(Section):
    """``parameters_rating_sheets.yml``; what each key means is said there."""

    samples: Count
    diversity_set: Count
