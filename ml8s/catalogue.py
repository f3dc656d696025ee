"""The one table of steps: what each reads, takes and gives. Pure data.

The local runner, cache keys, the Argo DAG, the container entry point, ``ml8s explain`` and the docs are derived from
it. Adding a step is one spec here, one file in ``ml8s/steps/`` and one test file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SNAPSHOT: Final = "snapshot"


@dataclass(frozen=True, slots=True)
class Port:
    """A named, typed input or output of a step.

    ``many`` marks an input that collects one artifact from each item of a fanned-out producer: the step then gets a
    mapping from item to folder.
    """

    name: str
    kind: str
    summary: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step.

    Attributes:
        name: the step's name, also that of its module in ``ml8s.steps``.
        summary: one sentence, shown by ``ml8s explain``.
        inputs: ports that it takes; ``snapshot`` comes from outside, every other from one producer.
        outputs: ports that it gives.
        reads: config sections (dotted paths) that decide its result; their digests are in its key.
        unkeyed: config sections that it uses and that never change its result.
        image: the image family that it runs in.
        cpu: default CPUs of its container.
        memory: default memory of its container, as Kubernetes writes it.
        timeout: deadline in seconds, beside a search's own budget.
        fan_out: the config list (dotted path) of which each item gets its own execution.
        budgeted: the clock decides the number of trials; its cache entry is a decision, the first writer wins.
        effect: it writes to the registry; it has no cache entry.
        version: raised with every change of its result for the same inputs, a changed default included.
    """

    name: str
    summary: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    reads: tuple[str, ...]
    unkeyed: tuple[str, ...] = ("resources",)
    image: str = "train"
    cpu: int = 1
    memory: str = "2Gi"
    timeout: int = 3600
    fan_out: str | None = None
    budgeted: bool = False
    effect: bool = False
    version: int = 1

    @property
    def entry(self) -> str:
        """Where the step's function is: ``module:function``."""
        return f"ml8s.steps.{self.name}:run"


_SNAPSHOT = Port(SNAPSHOT, "snapshot", "the immutable data set, as files")
_DATASET = Port("dataset", "dataset", "the checked contract: columns, types, roles, classes, the snapshot's manifest")
_FOLDS = Port("folds", "folds", "the fold of each row: fit, tune, test or dropped")
_FEATURES = Port("features", "features", "the feature manifest: every feature's definition, learned on the fit fold")
_MATRIX = Port("matrix", "matrix", "features, target, weight and group of the fit and tune rows, as float64 arrays")
_AGGREGATES = Port("aggregates", "aggregates", "the features of the past, of every row of all files")
_STATE = Port("state", "state", "what is known of each key as of the last boundary, for predictions")
_MODEL = Port("model", "model", "the chosen model, in files that only need numpy, LightGBM or XGBoost to score")
_TUNE_SCORES = Port("tune_scores", "scores", "scores of the tune rows by a model that never saw them")
_SELECTION = Port("selection", "selection", "every estimator's best score on tune, and which was chosen")
_VERDICT = Port("verdict", "verdict", "pass or fail, with reasons")
_METRICS = Port("metrics", "metrics", "the metrics on the test fold, of the model and of the baseline")
_REPORT = Port("report", "report", "what people read: report.html, report.md, report.json")
_TEST_SCORES = Port("test_scores", "scores", "scores of the test rows")
_PROFILE = Port("profile", "profile", "the distribution of each source column and of the score on the test fold")

STEPS: Final[tuple[StepSpec, ...]] = (
    StepSpec(
        "validate",
        "Checks every row of the snapshot against its schema and the config, and fixes its content by digest.",
        inputs=(_SNAPSHOT,),
        outputs=(_DATASET,),
        reads=(
            "task",
            "target_column",
            "positive_class",
            "metric",
            "columns",
            "split.strategy",
            "split.time_column",
            "split.group_column",
            "split.identity",
            "forecasting",
        ),
        image="core",
        version=2,
    ),
    StepSpec(
        "split",
        "Assigns each row to a fold: fit, tune, test or dropped.",
        inputs=(_SNAPSHOT, _DATASET),
        outputs=(_FOLDS,),
        reads=(
            "task",
            "target_column",
            "split",
            "seed",
            "columns.group",
            "feature_engineering.label_history",
            "forecasting",
        ),
        image="core",
        version=3,
    ),
    StepSpec(
        "featurize",
        "Learns the feature manifest on the fit rows and applies it; aggregates earlier rows as of each row's time.",
        inputs=(_SNAPSHOT, _DATASET, _FOLDS),
        outputs=(_FEATURES, _MATRIX, _AGGREGATES, _STATE),
        reads=(
            "task",
            "target_column",
            "positive_class",
            "columns",
            "split.time_column",
            "feature_engineering",
            "forecasting",
        ),
        version=4,
    ),
    StepSpec(
        "search",
        "Searches one estimator's hyperparameters: trained on fit, judged on tune, in turns where it is small.",
        inputs=(_MATRIX,),
        outputs=(
            Port("candidate", "candidate", "the best configuration, its model fitted on fit, its scores on tune"),
            Port("trials", "trials", "how many trials were done"),
            Port("trial_log", "trial_log", "every trial: configuration and metric"),
        ),
        reads=(
            "task",
            "metric",
            "seed",
            "split.strategy",
            "automl.engine",
            "automl.time_budget",
            "automl.max_trials",
            "automl.cross_validation",
        ),
        cpu=1,
        fan_out="automl.estimators",
        budgeted=True,
        version=3,
    ),
    StepSpec(
        "select",
        "Chooses the best candidate on tune and fits the final model.",
        inputs=(_MATRIX, Port("candidate", "candidate", "one candidate of each estimator", many=True)),
        outputs=(_MODEL, _TUNE_SCORES, _SELECTION),
        reads=(
            "task",
            "metric",
            "seed",
            "automl.blend",
            "automl.refit",
            "evaluation.threshold",
            "evaluation.calibration",
        ),
        version=3,
    ),
    StepSpec(
        "evaluate",
        "Scores the test fold, compares it with the gates and writes the report.",
        inputs=(
            _SNAPSHOT,
            _DATASET,
            _FOLDS,
            _FEATURES,
            _AGGREGATES,
            _MODEL,
            _TUNE_SCORES,
            _SELECTION,
            Port("trial_log", "trial_log", "the trials of each estimator", many=True),
        ),
        outputs=(_VERDICT, _METRICS, _REPORT, _TEST_SCORES, _PROFILE),
        # The report shows the whole config, so all of it that may change a result is read.
        reads=(
            "task",
            "target_column",
            "name",
            "metric",
            "seed",
            "positive_class",
            "columns",
            "split",
            "feature_engineering",
            "forecasting",
            "automl",
            "evaluation",
        ),
        version=4,
    ),
    StepSpec(
        "register",
        "Writes the model's record, its id and its first event, if the verdict is pass.",
        inputs=(
            _DATASET,
            _FOLDS,
            _FEATURES,
            _AGGREGATES,
            _STATE,
            _MODEL,
            _TUNE_SCORES,
            _SELECTION,
            _VERDICT,
            _METRICS,
            _REPORT,
            _TEST_SCORES,
            _PROFILE,
            Port("trials", "trials", "the trial counts of each estimator", many=True),
        ),
        outputs=(),
        reads=("name",),
        image="core",
        effect=True,
    ),
)


def step(name: str) -> StepSpec:
    """The spec of a step by its name; KeyError where there is none."""
    for spec in STEPS:
        if spec.name == name:
            return spec
    raise KeyError(name)
