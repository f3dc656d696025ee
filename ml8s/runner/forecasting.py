"""Forecasts of a registered model: the next horizon of every series, from the end that its state holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ml8s.artifacts import Json
from ml8s.environment import require_pinned
from ml8s.errors import InvalidRows, Problem
from ml8s.runner.rows import Row

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

    from ml8s.features.forecast.history import Asked
    from ml8s.features.forecast.state import SeriesState
    from ml8s.features.manifest import FeatureManifest
    from ml8s.scoring import Model

MOST_PROBLEMS: Final = 20


@dataclass(frozen=True, slots=True)
class Forecaster:
    """A model that forecasts, the manifest of its features, and the end of every series."""

    manifest: FeatureManifest
    model: Model
    state: SeriesState

    @property
    def known(self) -> tuple[str, ...]:
        """The columns known in advance that the model reads; without them no row need be sent."""
        return self.state.section.known

    @property
    def reading(self) -> FeatureManifest:
        """The columns of rows to send: series and time, filled, and those known in advance."""
        from ml8s.features.manifest import SourceColumn

        section = self.state.section
        named = [SourceColumn(name, type_, False) for name, type_ in (*section.series, section.time)]
        return replace(self.manifest, columns=(*named, *(self.manifest.column(name) for name in section.known)))

    def forecast(self, rows: Sequence[Row] = ()) -> list[dict[str, Json]]:
        """The next horizon of every series, by series and time: series columns, time, prediction and value.

        Args:
            rows: where columns are known in advance, one for each series and period of the horizon, in any order;
                rows of other series and times are ignored.

        Raises:
            EnvironmentNotPinned: this process lacks the environment that makes scores equal everywhere.
            InvalidRows: rows are missing, repeated or do not fit the features; all problems at once.
        """
        from ml8s.features.apply import apply

        require_pinned()
        asked = self.state.next_points()
        columns = self.state.columns(asked)
        if self.known:
            columns |= self._known(rows, asked, columns)
        scores = self.model.score(apply(self.manifest, columns))
        time = self.state.section.time[0]
        return [
            {**self.state.name(code), time: when, "prediction": value, "value": value}
            for code, when, value in zip(asked.code.tolist(), self._times(asked), scores.tolist(), strict=True)
        ]

    def _times(self, asked: Asked) -> list[str]:
        from ml8s.data.instants import iso_instant

        texts = [iso_instant(time) for time in self.state.calendar.times(asked.period).tolist()]
        return [text[:10] for text in texts] if self.state.section.time[1] == "date" else texts

    def _known(self, rows: Sequence[Row], asked: Asked, points: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The columns known in advance of each point, found among the rows by series and time."""
        from ml8s.features.columns import columns_from_rows

        read = columns_from_rows(rows, self.reading)
        place = self._places(_keys(self._names, read), _keys(self._names, points), asked)
        return {name: read[name][place] for name in self.known}

    @property
    def _names(self) -> tuple[str, ...]:
        section = self.state.section
        return (*(name for name, _ in section.series), section.time[0])

    def _places(self, sent: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]], asked: Asked) -> NDArray[int64]:
        """The position of each point's row; raises InvalidRows for those that are missing or stand twice."""
        import numpy as np

        problems: list[Problem] = []
        places: dict[tuple[Any, ...], int] = {}
        needed = set(wanted)
        for number, key in enumerate(sent):
            if key in needed and key in places:
                what = f"row {number + 1} repeats the series and time of row {places[key] + 1}"
                problems.append(Problem(what, f"row {number + 1}", "send one row of each"))
            places.setdefault(key, number)
        for point, (key, time) in enumerate(zip(wanted, self._times(asked), strict=True)):
            if key not in places:
                name = self.state.name(int(asked.code[point]))
                series = ", ".join(f"{column}={value}" for column, value in name.items()) or "the series"
                problems.append(Problem(f"there is no row of {series} at {time}", "rows", f"add {self._listed}"))
        if problems:
            raise self._refused(problems)
        return np.array([places[key] for key in wanted], dtype=np.int64)

    @property
    def _listed(self) -> str:
        return ", ".join((*self._names, *self.known))

    def _refused(self, problems: list[Problem]) -> InvalidRows:
        more = f" (the first {MOST_PROBLEMS} are shown)" if len(problems) > MOST_PROBLEMS else ""
        noun = (
            "point of series and time lacks a row, or has two"
            if len(problems) == 1
            else "points lack a row, or have two"
        )
        return InvalidRows(
            f"{len(problems)} {noun}, of the {self.state.section.horizon} periods after {self.state.as_of}{more}",
            cure=f"send {self._listed} of each series and period; `ml8s features refresh` moves the origin",
            problems=problems[:MOST_PROBLEMS],
        )


def _keys(names: Sequence[str], columns: Mapping[str, NDArray[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*(columns[name].tolist() for name in names), strict=True))
