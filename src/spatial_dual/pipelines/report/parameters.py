"""Parameters of the ``report`` stage."""

from spatial_dual.pipelines.parameters import Count, Section, left_out


class ContactSheetParameters(Section):
    """Rows of the sheet, and the side of its pictures in pixels."""

    rows: Count
    side: Count


class PaperParameters(Section):
    """Of the paper's figures: samples shown, side of their pictures in pixels, steps of Fig. 9."""

    samples: Count
    side: Count
    trace_steps: Count


class ReportParameters(Section):
    """``parameters_report.yml``; what each key means is said there."""

    contact_sheet: ContactSheetParameters
    paper: PaperParameters = left_out()
