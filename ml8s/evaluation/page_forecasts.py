"""The page's section on forecasts: how far ahead they hold, and some series against what really happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ml8s.evaluation.forecasts import DrawnSeries, ForecastSummary
from ml8s.evaluation.markup import Markup, table
from ml8s.evaluation.page_quality import chart, charts, section
from ml8s.evaluation.plots import GREY, Axis, Series, legend, line_chart
from ml8s.evaluation.report import Report
from ml8s.evaluation.wording import count, number, plural, shortened

DAY: Final = 86_400
HOUR: Final = 3_600
FEW_DAYS: Final = 3


def forecasts_section(report: Report) -> Markup | None:
    """The metric by distance from the origin, and forecast against actual for some series."""
    found = report.forecasts
    if found is None:
        return None
    how = (
        f"{plural(found.series, 'series', 'series')}, forecast up to {plural(found.horizon, 'period')} ahead from one "
        f"origin every horizon. The {report.baseline_name} is what the model must beat."
    )
    names = legend([("actual", 0), ("model", 1), (report.baseline_name, GREY)])
    drawn = [_drawn(one) for one in found.drawn]
    head = ("Periods ahead", "Rows", f"{found.metric}, model", f"{found.metric}, {report.baseline_name}")
    rows = [(one.steps, count(one.rows), number(one.model), number(one.baseline)) for one in found.by_steps]
    return section("Forecasts", how, names, charts(*drawn, _by_steps(found)), table(head, rows, numeric=(1, 2, 3)))


def _drawn(one: DrawnSeries) -> Markup:
    begin, end = one.time[0], one.time[-1]
    unit, word = (DAY, "days") if end - begin >= FEW_DAYS * DAY else (HOUR, "hours")
    across = [(time - begin) / unit for time in one.time]
    began = datetime.fromtimestamp(begin, UTC).isoformat(sep=" ", timespec="minutes")[:-6]
    drawn = line_chart(
        f"Forecast against actual of {one.name}",
        Axis(f"{word} from {began} UTC", 0.0, max(across[-1], 1.0)),
        Axis.around("", [*one.actual, *one.forecast, *one.naive]),
        [
            Series(label, list(zip(across, values, strict=True)), colour, shape)
            for label, values, colour, shape in (
                ("naive", one.naive, GREY, "thin"),
                ("actual", one.actual, 0, "line"),
                ("model", one.forecast, 1, "line"),
            )
        ],
    )
    return chart(shortened(one.name, 60), "The first test rows of this series.", drawn)


def _by_steps(found: ForecastSummary) -> Markup | None:
    """The metric by the middle of each group of distances."""
    lines = []
    for label, colour, shape, values in (
        ("baseline", GREY, "thin", [one.baseline for one in found.by_steps]),
        ("model", 1, "line", [one.model for one in found.by_steps]),
    ):
        points = [(float(at), value) for at, value in enumerate(values, start=1) if value is not None]
        lines.append(Series(label, points, colour, shape))
    heights = [height for line in lines for _, height in line.points]
    if len(found.by_steps) < 2 or not heights:
        return None
    across = Axis("group of the table, nearest first", 1.0, float(len(found.by_steps)), whole=True)
    drawn = line_chart(
        f"{found.metric} by how far ahead", across, Axis(found.metric, 0.0, max(heights) * 1.08 or 1.0), lines
    )
    return chart("By how far ahead", "Flat is good: far forecasts are then as good as near ones.", drawn)
