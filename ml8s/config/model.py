"""The config of a model: what the ML engineer's YAML may say.

Every field has a description, a default and an example, and where it has them a unit and a range; ``ml8s explain``,
``ml8s schema`` and the reference are made from these. Rules between fields are in ``ml8s.config.rules``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from ml8s.artifacts import Json
from ml8s.config.durations import canonical_duration

NAME_PATTERN = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
DURATION_PATTERN = r"^[1-9][0-9]{0,5}(s|m|h|d)$"

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN), AfterValidator(canonical_duration)]
Window = Annotated[
    str, StringConstraints(pattern=r"^(all|[1-9][0-9]{0,5}(s|m|h|d))$"), AfterValidator(canonical_duration)
]
Refresh = Annotated[
    str, StringConstraints(pattern=r"^(none|[1-9][0-9]{0,5}(s|m|h|d))$"), AfterValidator(canonical_duration)
]
EntityName = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=64)]
Estimator = Literal["lgbm", "xgboost", "rf", "extra_tree", "linear"]


def field(default: Any, description: str, *, example: Json, unit: str = "", **constraints: Any) -> Any:  # noqa: ANN401
    """A field with what ``ml8s explain`` shows of it; ``...`` as default marks a required one.

    As pydantic's own ``Field`` it answers Any: only the annotation beside it knows the field's type.
    """
    extra: JsonDict | None = {"unit": unit} if unit else None
    return Field(default, description=description, examples=[example], json_schema_extra=extra, **constraints)


class Section(BaseModel):
    """A frozen part of the config that knows all its keys and converts nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=False)


class Columns(Section):
    """Columns that are not plain features."""

    ignore: tuple[ColumnName, ...] = field((), "Columns that the model never sees.", example=["customer_name"])
    weight: ColumnName | None = field(None, "Column of row weights, zero or greater.", example="exposure")
    group: ColumnName | None = field(None, "Column that names a ranking's query.", example="query_id")


class Split(Section):
    """How rows are assigned to the folds fit, tune and test."""

    strategy: Literal["time", "random", "stratified", "group"] = field(
        ..., "How rows are cut: by time, by a hash of the row, within each class, or by whole groups.", example="random"
    )
    time_column: ColumnName | None = field(
        None,
        "Column that says when a row happened: strategy `time` cuts by it, features count from it.",
        example="transaction_time",
    )
    group_column: ColumnName | None = field(
        None, "Column whose equal values stay in one fold, for strategy `group`.", example="customer_id"
    )
    identity: tuple[ColumnName, ...] = field(
        (), "Columns that say which row is which, where the snapshot has no primary key.", example=["order_id"]
    )
    test: float = field(
        0.2,
        "Share of rows for the test fold, where the snapshot has no validation.parquet.",
        example=0.2,
        unit="fraction",
        gt=0.0,
        lt=0.9,
    )
    tune: float = field(
        0.2, "Share of train.parquet's other rows that guide the search.", example=0.2, unit="fraction", gt=0.0, lt=0.9
    )
    gap: Duration | None = field(
        None,
        "Rows this close before a time cut are dropped; by default the delay of label_history.",
        example="7d",
        unit="s, m, h or d",
    )
    overlap: Literal["error", "allow"] = field(
        "error", "What happens where validation.parquet begins before train.parquet ends.", example="allow"
    )


class Entity(Section):
    """What past rows are gathered by: a customer, a terminal, a shop."""

    key: tuple[ColumnName, ...] = field(
        (), "Columns that name one; those of schema.json where not given.", example=["shop_id"]
    )
    table: str | None = field(
        None, "The further table that holds the key columns; train where not given.", example="customers", max_length=64
    )
    ignore: tuple[ColumnName, ...] = field((), "Columns that are not aggregated by it.", example=["discount"])


class LabelHistory(Section):
    """Aggregates past targets, each known only after a delay."""

    delay: Duration = field(..., "How long after a row its target is known.", example="7d", unit="s, m, h or d")


class FeatureEngineering(Section):
    """Aggregates over earlier rows of the same customer, terminal, … as known at each row's time."""

    enabled: bool = field(False, "Whether aggregates over earlier rows are made.", example=True)
    time_column: ColumnName | None = field(
        None, "Time column of aggregates, where the split is not by time.", example="transaction_time"
    )
    max_depth: int = field(2, "How many aggregations may be stacked.", example=2, ge=1, le=2)
    primitives: tuple[
        Literal[
            "count",
            "sum",
            "mean",
            "min",
            "max",
            "std",
            "num_unique",
            "mode",
            "first",
            "last",
            "trend",
            "time_since_last",
            "percent_true",
        ],
        ...,
    ] = field(("count", "mean", "sum"), "Which aggregations are made.", example=["sum", "mean", "count"])
    windows: tuple[Window, ...] = field(
        ("1d", "7d", "30d", "all"),
        "How far back each aggregation looks.",
        example=["1d", "30d"],
        unit="s, m, h, d or all",
    )
    refresh: Refresh = field(
        "1d",
        "Aggregates are those known at the last such boundary, in training as in serving.",
        example="1h",
        unit="s, m, h, d or none",
    )
    entities: dict[EntityName, Entity] = field(
        {},
        "Keys to aggregate by beyond those of schema.json, or what is ignored for one of those: key, table, ignore.",
        example={"shop": {"key": ["shop_id"], "ignore": ["discount"]}},
    )
    label_history: LabelHistory | None = field(
        None, "Aggregates past targets, each known only after a delay.", example={"delay": "7d"}
    )
    max_features: int = field(500, "Upper bound of the number of features.", example=500, ge=1, le=5000)


class AutoML(Section):
    """The search for the best model."""

    engine: Literal["flaml"] = field("flaml", "The library that searches.", example="flaml")
    time_budget: float = field(
        600, "Wall-clock time of the whole search on the CPUs offered.", example=600, unit="seconds", ge=1, le=604800
    )
    max_trials: int | None = field(
        None, "Trials per estimator; given alone, no clock takes part in the result.", example=50, ge=1, le=100000
    )
    estimators: tuple[Estimator, ...] = field(
        ("lgbm", "xgboost"), "The families of models to search.", example=["lgbm", "xgboost"], min_length=1
    )
    cross_validation: Literal["auto", "off"] = field(
        "auto",
        "Whether a trial is judged in five rounds where tune has at most 2,000 rows and the split is random or "
        "stratified; else, and with `off`, on tune alone.",
        example="off",
    )
    blend: bool = field(False, "Whether the mean of the two best estimators may win.", example=True)
    refit: Literal["auto", "fit", "fit+tune"] = field(
        "auto", "The rows that the final model is fitted on.", example="fit+tune"
    )


class Evaluation(Section):
    """What the model must show before it is registered."""

    required: tuple[str, ...] = field((), "Metrics that must be computable.", example=["average_precision"])
    gates: dict[
        str, Annotated[str, StringConstraints(pattern=r"^\s*(>=|<=|>|<)\s*-?[0-9.]+([eE][+-]?[0-9]+)?\s*$")]
    ] = field({}, "Bounds that metrics on the test fold must keep.", example={"roc_auc": ">= 0.9"})
    slices: tuple[ColumnName, ...] = field((), "Columns whose values get metrics of their own.", example=["country"])
    threshold: float | str | None = field(
        None,
        "Decision threshold of a binary score: a number, or a metric to maximise on tune; 0.5 where not given.",
        example="f1",
    )
    calibration: Literal["off", "sigmoid", "isotonic"] = field(
        "off", "Calibration of probabilities, learned on tune.", example="isotonic"
    )


class Forecasting(Section):
    """Series on a regular grid of time, and how far ahead they are forecast."""

    series_columns: tuple[ColumnName, ...] = field(
        (), "Columns that together name a series; one series where not given.", example=["store_id", "product_id"]
    )
    horizon: int = field(..., "How many periods ahead are forecast.", example=28, unit="periods", ge=1, le=10000)
    frequency: str = field(
        ..., "How far two rows of a series are apart.", example="1d", unit="s, m, h, d, w or mo", max_length=32
    )
    gaps: Literal["error", "zero", "previous"] = field(
        "error",
        "What a period means that a series lacks, from its first row to the snapshot's last period: an error, a target "
        "of 0, or the row before it again.",
        example="zero",
    )
    known_columns: tuple[ColumnName, ...] = field(
        (), "Columns known in advance for the whole horizon: holidays, promotions, prices.", example=["promotion"]
    )


class Resources(Section):
    """What a step's container gets. It never changes a result."""

    cpu: float = field(2, "CPUs that a step may use.", example=4, unit="cores", gt=0, le=256)
    memory: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}(Mi|Gi)$")] = field(
        "4Gi", "Memory that a step may use.", example="8Gi", unit="Mi or Gi"
    )


class Config(Section):
    """One model, from its data to its gates."""

    dataset_uri: str = field(
        ...,
        "Address of the snapshot: a folder, s3:// or abfs://.",
        example="s3://ml-datasets/fraud/v3/",
        min_length=1,
        max_length=1024,
    )
    task: Literal["classification", "regression", "ranking", "forecasting"] = field(
        ..., "What is learned.", example="classification"
    )
    target_column: ColumnName = field(..., "The column to predict.", example="is_fraud")
    name: Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=36)] | None = field(
        None, "The model's name; by default the config file's stem.", example="fraud_v3"
    )
    positive_class: bool | int | str | None = field(
        None, "The class whose probability is the score; needed unless the target is boolean or 0/1.", example="yes"
    )
    metric: str | None = field(
        None, "The metric that decides; by default one that fits the task.", example="roc_auc", max_length=64
    )
    seed: int = field(0, "The seed of every random choice.", example=42, ge=0, le=2**31 - 1)
    columns: Columns = field(
        Columns(), "Columns with a part of their own: ignored, weight, group.", example={"ignore": ["name"]}
    )
    split: Split = field(..., "How rows are assigned to folds.", example={"strategy": "random"})
    feature_engineering: FeatureEngineering = field(
        FeatureEngineering(), "Aggregates over earlier rows.", example={"enabled": True}
    )
    forecasting: Forecasting | None = field(
        None, "Series, horizon and frequency of the task forecasting.", example={"horizon": 28, "frequency": "1d"}
    )
    automl: AutoML = field(AutoML(), "The search for the best model.", example={"max_trials": 50})
    evaluation: Evaluation = field(Evaluation(), "Gates and what the report shows.", example={"gates": {}})
    resources: Resources = field(Resources(), "Resources of each step.", example={"cpu": 4})


LOCATORS = ("dataset_uri",)
UNBUILT_SECTIONS = {
    "package": "packaging a model for serving",
    "serving": "serving",
    "deploy": "deployment",
    "monitoring": "monitoring",
    "promotion": "promotion",
}
