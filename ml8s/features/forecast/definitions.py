"""Which features of its own past a series gets: lags, the same season before, rolling statistics. Pure data.

A row at period t that is forecast h periods ahead has its origin at t - h. Every feature reads periods at or before
the origin only. Lags of a cycle of m periods go back from the row itself by whole cycles, the fewest that reach the
origin: t - m * ceil(h / m), then one cycle more each.

Values are in units of the series' own level at the origin, and so is what is learned: large and small series, and a
series that grows, look alike. The level is the mean absolute target of a window, and a small constant more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from ml8s.artifacts import Json
from ml8s.config.frequencies import Frequency

STEPS: Final = "steps"
LEVEL: Final = "level"
LAG: Final = "lag"
SEASON: Final = "season"
SEASON_MEAN: Final = "season_mean"
SINCE: Final = "since"
STATISTICS: Final = ("mean", "std", "min", "max", "zeros")

IN_LEVELS: Final = ", in levels"

LAGS: Final = 3
SEASONS: Final = 4
LONG_CYCLE: Final = 200
SHORT_CYCLE: Final = 12
LONGEST_WINDOW: Final = 1000


@dataclass(frozen=True, slots=True)
class LagFeature:
    """One feature of a series' past.

    Attributes:
        name: unique among the features.
        definition: what it is, in one plain sentence.
        kind: how it is computed: steps, level, lag, season, season_mean, since, or a statistic of a window.
        length: the periods before the origin of a lag, the cycles before the first of a season, the number of cycles
            of a season's mean, the periods of a window.
        cycle: the periods of a season's cycle, 0 for other kinds.
    """

    name: str
    definition: str
    kind: str
    length: int = 0
    cycle: int = 0

    def reach(self, horizon: int) -> int:
        """How many periods up to the origin, itself included, it may read in a forecast up to ``horizon`` ahead."""
        if self.kind == STEPS:
            return 0
        if self.kind == LAG:
            return self.length + 1
        if self.kind in (SEASON, SEASON_MEAN):
            # h - 1 periods lie between the origin and the row; the row 1 ahead of the origin reaches back furthest.
            cycles = self.length + 1 if self.kind == SEASON else self.length
            return cycles * self.cycle
        return self.length

    @property
    def relative(self) -> bool:
        """Whether it is in units of the series' level."""
        return self.kind not in (STEPS, LEVEL, SINCE, "zeros")

    def to_json(self) -> dict[str, Json]:
        """The feature as the manifest holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> LagFeature:
        """Reads what ``to_json`` gave."""
        return cls(
            str(value["name"]),
            str(value["definition"]),
            str(value["kind"]),
            int(str(value["length"])),
            int(str(value["cycle"])),
        )


def define(target: str, frequency: Frequency, horizon: int) -> tuple[LagFeature, ...]:
    """The features of a target's own past, by its frequency's cycles, in a fixed order."""
    return tuple(_define(target, frequency, horizon))


def windows(frequency: Frequency) -> tuple[int, ...]:
    """The lengths of rolling windows in periods: half a season, each cycle and four of it, at most 1,000."""
    cycles = [length for _, length in frequency.cycles] or [4]
    found = {max(2, cycles[0] // 2), *cycles, *(SEASONS * length for length in cycles)}
    return tuple(sorted(length for length in found if length <= LONGEST_WINDOW))


def level_window(frequency: Frequency) -> int:
    """The periods of a series' level: the longest cycle of at most 200, four of it where it is shorter than 12."""
    cycles = [length for _, length in frequency.cycles if length <= LONG_CYCLE]
    longest = cycles[-1] if cycles else SEASONS
    return longest if longest >= SHORT_CYCLE else SEASONS * longest


def _define(target: str, frequency: Frequency, horizon: int) -> Iterator[LagFeature]:
    length = level_window(frequency)
    words = f"the mean absolute `{target}` over the {_periods(length)} up to the origin: the unit of what is learned"
    yield LagFeature(f"{target} level", words, LEVEL, length)
    if horizon > 1:
        yield LagFeature("steps ahead", "how many periods after the origin the row lies", STEPS)
    for back in range(LAGS):
        where = "at the origin" if not back else f"{_periods(back)} before the origin"
        yield LagFeature(f"{target} {where}", f"`{target}` {where}{IN_LEVELS}", LAG, back)
    for name, length in frequency.cycles:
        seasons = SEASONS if length <= LONG_CYCLE else 1
        for back in range(seasons):
            words = (
                f"`{target}` in the same part of the {name} ({_periods(length)}), {_ordinal(back)} that the origin "
                f"knows{IN_LEVELS}"
            )
            yield LagFeature(f"{target} same of {name} -{back + 1}", words, SEASON, back, length)
        if seasons > 1:
            words = (
                f"the mean of `{target}` in the same part of the last {seasons} {name}s that the origin "
                f"knows{IN_LEVELS}"
            )
            yield LagFeature(f"{target} same of {name} mean", words, SEASON_MEAN, seasons, length)
    for length in windows(frequency):
        for statistic in STATISTICS:
            words = f"{_WORDS[statistic]} of `{target}` over the {_periods(length)} up to the origin{_unit(statistic)}"
            yield LagFeature(f"{target} {statistic} of {length}", words, statistic, length)
    longest = windows(frequency)[-1]
    words = f"periods from the last `{target}` other than 0 to the origin, at most {longest}"
    yield LagFeature(f"{target} since other than 0", words, SINCE, longest)


def lookback(features: tuple[LagFeature, ...], frequency: Frequency, horizon: int) -> int:
    """How many periods up to the origin a forecast reads: what must be kept of each series."""
    return max(frequency.season, *(feature.reach(horizon) for feature in features))


def _unit(statistic: str) -> str:
    return "" if statistic == "zeros" else IN_LEVELS


def _periods(count: int) -> str:
    return f"{count} period{'' if count == 1 else 's'}"


def _ordinal(back: int) -> str:
    return "the last" if not back else f"number {back + 1} from the last"


_WORDS: Final = {
    "mean": "the mean",
    "std": "the standard deviation",
    "min": "the least",
    "max": "the largest",
    "zeros": "the share of zeros",
}
