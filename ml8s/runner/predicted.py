"""What ``ml8s predict`` answers: rows of a file through a predictor, or the next horizon of every series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ml8s.artifacts import Json
from ml8s.errors import InvalidUsage
from ml8s.runner.forecasting import Forecaster
from ml8s.runner.prediction import Predictor
from ml8s.runner.rows import read_rows

SHOWN: Final = ("prediction", "score", "value")


@dataclass(frozen=True, slots=True)
class Predicted:
    """The answers, the columns that a table shows of them, and what is said beside them."""

    answers: list[dict[str, Json]]
    shown: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def predict_file(predictor: Predictor | Forecaster, file: str | None) -> Predicted:
    """Predicts the rows of a file, ``-`` for stdin.

    Raises:
        InvalidUsage: the file is missing where it is needed, or given where it says nothing.
        InvalidRows: rows do not fit the model.
    """
    if isinstance(predictor, Forecaster):
        return _forecast(predictor, file)
    from ml8s.features.columns import unknown_columns

    if file is None:
        raise InvalidUsage(
            "predict needs rows", where="-f", cure="name a file of rows: `ml8s predict MODEL -f rows.json`"
        )
    rows = read_rows(file, predictor.manifest)
    answers = predictor.predict(rows)
    unknown = unknown_columns(rows, predictor.manifest)
    warnings = (f"columns that the snapshot did not have were ignored: {', '.join(unknown)}",) if unknown else ()
    as_of = None if predictor.lookup is None else predictor.lookup.as_of
    return Predicted(
        answers,
        tuple(name for name in SHOWN if not answers or name in answers[0]),
        warnings,
        () if as_of is None else (f"aggregates as known at {as_of}",),
    )


def _forecast(predictor: Forecaster, file: str | None) -> Predicted:
    section, as_of = predictor.state.section, predictor.state.as_of
    if predictor.known and file is None:
        columns = ", ".join(column.name for column in predictor.reading.columns)
        raise InvalidUsage(
            f"the model reads columns that are known in advance: {', '.join(predictor.known)}",
            where="-f",
            cure=f"name a file with {columns}: a row for each series and each of the next {section.horizon} periods "
            f"after {as_of}",
        )
    if file is not None and not predictor.known:
        raise InvalidUsage(
            "the model forecasts from its series alone and reads no rows",
            where="-f",
            cure="leave -f out; newer rows reach it by `ml8s features refresh MODEL --snapshot URI`",
        )
    answers = predictor.forecast(() if file is None else read_rows(file, predictor.reading))
    shown = (*(name for name, _ in section.series), section.time[0], "prediction")
    return Predicted(answers, shown, notes=(f"forecast from {as_of}",))
