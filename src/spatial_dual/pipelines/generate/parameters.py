"""Parameters of the ``generate`` stage."""

from spatial_dual.pipelines.parameters import Count, NonNegative, Section, Split


class GenerateParameters(Section):
    """``parameters_generate.yml``; what each key means is said there."""

    split: Split
    count: Count | None
    from_gold_count: Count | None
    chunk_rows: Count
    steps: Count | None
    guidance: NonNegative | None
    drawings: Count | None
