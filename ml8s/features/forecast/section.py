"""What a feature manifest says of forecasts: all that is needed to make features of a series from its past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from ml8s.artifacts import Json
from ml8s.config.frequencies import Frequency, parse_frequency
from ml8s.features.forecast.definitions import LEVEL, LagFeature
from ml8s.features.manifest import FeatureManifest

SERIES: Final = "forecast.series"
STEPS: Final = "forecast.steps"
NAIVE: Final = "forecast.naive"
ORIGIN: Final = "forecast.origin"
SCALE: Final = "forecast.scale"
SQUARED_SCALE: Final = "forecast.squared_scale"
# What evaluation needs of each row beside its features.
FACTS: Final = (SERIES, STEPS, NAIVE, ORIGIN, SCALE, SQUARED_SCALE)

Typed = tuple[str, str]


def at_origin(column: str) -> str:
    """The name of a column's value at the origin."""
    return f"{column} at the origin"


@dataclass(frozen=True, slots=True)
class ForecastSection:
    """How forecasts are made.

    Attributes:
        series: the columns that name a series, with their types.
        time: the time column, with its type.
        target: the target column.
        frequency: the length of a period.
        horizon: how many periods ahead are forecast.
        lookback: how many periods up to the origin features read.
        floor: what is added to a series' level, so that it is never 0.
        known: columns that are known in advance, which predictions are sent; those that features read.
        past: columns whose value at the origin features read, with their types.
        features: the features of the target's past; the level first.
    """

    series: tuple[Typed, ...]
    time: Typed
    target: str
    frequency: Frequency
    horizon: int
    lookback: int
    floor: float
    known: tuple[str, ...]
    past: tuple[Typed, ...]
    features: tuple[LagFeature, ...]

    @property
    def level(self) -> str | None:
        """The name of the feature that is the unit of what is learned, if it is one."""
        return next((feature.name for feature in self.features if feature.kind == LEVEL), None)

    def to_json(self) -> dict[str, Json]:
        """The section as the manifest holds it."""
        return {
            "series_columns": [list(one) for one in self.series],
            "time_column": list(self.time),
            "target": self.target,
            "frequency": self.frequency.text,
            "season": self.frequency.season,
            "horizon": self.horizon,
            "lookback": self.lookback,
            "floor": self.floor,
            "known_columns": list(self.known),
            "past_columns": [list(one) for one in self.past],
            "features": [feature.to_json() for feature in self.features],
        }

    @classmethod
    def of(cls, manifest: FeatureManifest) -> ForecastSection | None:
        """The section of a manifest; None for a model that forecasts nothing."""
        value = manifest.forecast
        if value is None:
            return None
        frequency = parse_frequency(str(value["frequency"]))
        if frequency is None:
            raise ValueError(f"{value['frequency']!r} is no frequency")
        return cls(
            series=_typed(value["series_columns"]),
            time=_typed([value["time_column"]])[0],
            target=str(value["target"]),
            frequency=frequency,
            horizon=int(cast(int, value["horizon"])),
            lookback=int(cast(int, value["lookback"])),
            floor=float(cast(float, value["floor"])),
            known=tuple(str(name) for name in cast(Sequence[Json], value["known_columns"])),
            past=_typed(value["past_columns"]),
            features=tuple(LagFeature.from_json(one) for one in cast(Sequence[Mapping[str, Json]], value["features"])),
        )


def _typed(value: Json) -> tuple[Typed, ...]:
    return tuple((str(name), str(type_)) for name, type_ in cast(Sequence[Sequence[Json]], value))
