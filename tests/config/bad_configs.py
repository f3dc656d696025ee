"""Bad configs and what is said about them, in one table.

Each row: YAML, code, line:column, words of the message, words of the cure. The YAML stands on top of the fields of
``BASE`` that it does not give itself, so positions count within it. Every row has exactly one problem.
"""

from __future__ import annotations

from typing import Final, NamedTuple

BASE: Final = {
    "dataset_uri": "dataset_uri: s3://ml-datasets/fraud/v3/",
    "task": "task: classification",
    "target_column": "target_column: is_fraud",
    "split": "split: {strategy: random}",
}


class Bad(NamedTuple):
    """One bad config."""

    yaml: str
    code: str
    where: str
    message: str
    cure: str

    @property
    def text(self) -> str:
        """The whole file."""
        given = {line.split(":")[0] for line in self.yaml.split("\n")}
        return "\n".join([self.yaml, *(line for key, line in BASE.items() if key not in given)]) + "\n"


YAML: Final = "ML8S-C002"
VALUES: Final = "ML8S-C003"
BY_TIME: Final = "split: {strategy: time, time_column: t}"
ENTITIES: Final = "feature_engineering: {entities: {%s: {}}}"
RANKING: Final = "task: ranking\ncolumns: {group: query}\n"

SYNTAX: Final = [
    Bad("seed: &x 1", YAML, "1:7", "anchors (`&x`)", "remove it"),
    Bad("columns: &c {}", YAML, "1:10", "anchors (`&c`)", "values out"),
    Bad("metric: *m", YAML, "1:9", "aliases (`*m`)", "write the value out"),
    Bad("metric: !!str roc_auc", YAML, "1:9", "tags (`!!str`)", "remove the tag"),
    Bad("seed: !!python/object:os.system 1", YAML, "1:7", "tags (`!!python/object:os.system`)", "remove"),
    Bad("metric: ! roc_auc", YAML, "1:9", "tags (`!`)", "remove the tag"),
    Bad("columns: !!map {}", YAML, "1:10", "tags (`!!map`)", "remove"),
    Bad("<<: {seed: 1}", YAML, "1:1", "merge keys", "write the values out"),
    Bad("seed: 1\nseed: 2", YAML, "2:1", "`seed` is written twice, first in line 1", "keep one"),
    Bad("automl:\n  blend: true\n  blend: false", YAML, "3:3", "`blend` is written twice, first in line 2", "keep one"),
    Bad("columns: {}\ncolumns: {ignore: [a]}", YAML, "2:1", "`columns` is written twice", "keep one"),
    Bad("1: x", YAML, "1:1", "the key `1` is not text", 'quotes: "1"'),
    Bad("true: x", YAML, "1:1", "the key `true` is not text", 'quotes: "true"'),
    Bad("null: x", YAML, "1:1", "the key `null` is not text", "quotes"),
    Bad("? [a, b]\n: 1", YAML, "1:3", "a key must be one word", "key: value"),
    Bad("&k seed: 1", YAML, "1:1", "not allowed on keys", "remove"),
    Bad("seed: 010", YAML, "1:7", "`010` begins with 0", 'write 10 for the number, "010" for text'),
    Bad("seed: -007", YAML, "1:7", "begins with 0", "write 7"),
    Bad("seed: " + "9" * 5000, YAML, "1:7", "beyond 2**53", "smaller"),
    Bad("seed: 9007199254740993", YAML, "1:7", "9007199254740993 is beyond 2**53", "smaller"),
    Bad("seed: 0xFFFFFFFFFFFFFFFF", YAML, "1:7", "beyond 2**53", "smaller"),
    Bad("seed: .nan", YAML, "1:7", "no finite number", "finite number"),
    Bad("automl: {time_budget: .inf}", YAML, "1:23", "no finite number", "finite number"),
    Bad("automl: {time_budget: 1e999}", YAML, "1:23", "`1e999` is no finite number", "finite number"),
    Bad("name: '{{inputs.x}}'", YAML, "1:8", "`{{` is not allowed", "plain data"),
    Bad("# {{ in a comment", YAML, "1:3", "`{{` is not allowed", "no template"),
    Bad('metric: "\\x7b\\x7bx"', YAML, "1:9", "`{{` is not allowed", "no template"),
    Bad('metric: "\\ud800"', YAML, "1:9", "`\\ud800` is half of a character", "eight digits"),
    Bad('columns: {ignore: [a, "x\\uDC00y"]}', YAML, "1:23", "`\\udc00` is half of a character", "itself"),
    Bad('columns: {"\\ude00\\ud83d": 1}', YAML, "1:11", "`\\ude00` is half of a character", "itself"),
    Bad("evaluation:\n  gates:\n    roc_auc: >= 0.9", YAML, "3:15", "`>` and `|` begin a text", "put it in quotes"),
    Bad("metric: a: b", YAML, "1:10", "a second `:`", "quotes"),
    Bad("automl:\n\tblend: true", YAML, "2:1", "a tab", "indent with spaces"),
    Bad("metric: 'roc_auc", YAML, "1:9", "a quote is opened and never closed", "close the quote"),
    Bad('metric: "\\q"', YAML, "1:11", "unknown escape", "single quotes"),
    Bad('metric: "\\xZZ"', YAML, "1:12", "incomplete escape", "single quotes"),
    Bad("metric: @roc", YAML, "1:9", "cannot begin with this character", "quotes"),
    Bad("metric: `roc`", YAML, "1:9", "cannot begin with this character", "quotes"),
    Bad("automl:\n  blend: true\n engine: flaml", YAML, "3:2", "indentation does not fit", "align"),
    Bad("columns: {ignore: [a, b}", YAML, "1:24", "a list is opened", "close it with `]`"),
    Bad("roc_auc\nseed: 1", YAML, "2:5", "a second `:`", "the line above lacks"),
    Bad("metric: - a", YAML, "1:9", "a list cannot begin here", "next line"),
    Bad("metric: \u200b\u202eroc", YAML, "1:10", "U+202E", "remove it"),
    Bad("metric: a\x07b", YAML, "1:10", "U+0007", "remove it"),
    Bad("metric: a\u2028b", YAML, "1:10", "U+2028", "remove it"),
    Bad("columns: " + "[" * 3000, YAML, "1:30", "nested deeper than 20 levels", "flatten"),
    Bad("x: " + "{a: " * 25, YAML, "1:84", "nested deeper than 20 levels", "flatten"),
    Bad("columns: {ignore: [" + ",".join(["a"] * 5001) + "]}", YAML, "1:10010", "more than 5,000 values", "shorten"),
    Bad("seed: 1\n---\nseed: 2", YAML, "2:1", "a second document", "one config per file"),
]

TYPES: Final = [
    Bad("seed: yes", VALUES, "1:7", 'a whole number at least 0 and at most 2147483647, not the text "yes"', "seed: 42"),
    Bad("automl: {blend: no}", VALUES, "1:17", 'true or false, not the text "no"', "write `blend: false`"),
    Bad(
        "automl: {blend: on}", VALUES, "1:17", "true or false", "a plain `on` is text in YAML 1.2: write `blend: true`"
    ),
    Bad("automl: {blend: 'no'}", VALUES, "1:17", "true or false", "blend: true"),
    Bad("automl: {blend: 1}", VALUES, "1:17", "not the number 1", "blend: true"),
    Bad("automl: {time_budget: 12:30:45}", VALUES, "1:23", 'not the text "12:30:45"', "time_budget: 600"),
    Bad("automl: {time_budget: 10m}", VALUES, "1:23", 'not the text "10m"', "time_budget: 600"),
    Bad("automl: {max_trials: 1_000}", VALUES, "1:22", 'not the text "1_000"', "write 1000, without `_`"),
    Bad('automl: {max_trials: "50"}', VALUES, "1:22", 'not the text "50"', "write 50, without quotes"),
    Bad("automl: {max_trials: 1.5}", VALUES, "1:22", "a whole number", "max_trials: 50"),
    Bad("seed: 2026-01-01", VALUES, "1:7", 'not the text "2026-01-01"', "seed: 42"),
    Bad("seed: 1.0", VALUES, "1:7", "a whole number", "seed: 42"),
    Bad("seed:", VALUES, "1:6", "`seed` has no value", "remove the line"),
    Bad("resources:", VALUES, "1:11", "`resources` has no value", "remove the line"),
    Bad("target_column: 1", VALUES, "1:16", "must be text, not the number 1", 'put it in quotes: "1"'),
    Bad("target_column: true", VALUES, "1:16", "not the truth value true", 'put it in quotes: "true"'),
    Bad("target_column: [a]", VALUES, "1:16", "must be text, not a list", "target_column: is_fraud"),
    Bad("target_column: {}", VALUES, "1:16", "must be text, not a mapping", "target_column: is_fraud"),
    Bad("target_column: ''", VALUES, "1:16", "`target_column` is empty", "write a value"),
    Bad(f"target_column: {'x' * 257}", VALUES, "1:16", "has 257 characters, more than 256", "shorten"),
    Bad("columns: {ignore: name}", VALUES, "1:19", "a list of text", "`ignore: [name]`"),
    Bad("columns: {ignore: {a: 1}}", VALUES, "1:19", "not a mapping", "ignore: [customer_name]"),
    Bad("columns: {ignore: [1]}", VALUES, "1:20", "`columns.ignore[0]` must be text", 'quotes: "1"'),
    Bad("columns: name", VALUES, "1:10", "must be a section", "columns: {ignore"),
    Bad("split: time", VALUES, "1:8", "`split` must be a section", "split: {strategy: random}"),
    Bad("split: [time]", VALUES, "1:8", "`split` must be a section", "strategy"),
    Bad("evaluation: {threshold: [0.5]}", VALUES, "1:25", "a number or text, not a list", "threshold: f1"),
    Bad("evaluation: {gates: [roc_auc]}", VALUES, "1:21", "not a list", 'gates: {roc_auc: ">= 0.9"}'),
    Bad("evaluation: {gates: {roc_auc: 0.9}}", VALUES, "1:31", 'a bound such as ">= 0.9"', "roc_auc"),
    Bad("positive_class: 1.5", VALUES, "1:17", "not the number 1.5", "positive_class"),
    Bad(
        f"feature_engineering: {{enabled: true, time_column: at, entities: {{shop: {{key: [s], table: {'x' * 65}}}}}}}",
        VALUES,
        "1:90",
        "has 65 characters, more than 64",
        "shorten",
    ),
    Bad("feature_engineering: {entities: [customer]}", VALUES, "1:33", "a mapping, not a list", "entities"),
]

RANGES: Final = [
    Bad("task: clasification", VALUES, "1:7", "one of classification, regression", "did you mean `classification`?"),
    Bad("task: Regression", VALUES, "1:7", "one of classification", "did you mean `regression`?"),
    Bad("task: clustering", VALUES, "1:7", "not the text", "for example"),
    Bad("split: {strategy: stratify}", VALUES, "1:19", "one of time, random", "did you mean `stratified`?"),
    Bad("automl: {engine: optuna}", VALUES, "1:18", "can only be flaml", "flaml"),
    Bad("automl: {estimators: [lightgbm]}", VALUES, "1:23", "`automl.estimators[0]` must be one of", "`lgbm`"),
    Bad("automl: {estimators: [lgbm, catboost]}", VALUES, "1:29", "`automl.estimators[1]`", "did you mean"),
    Bad("automl: {estimators: []}", VALUES, "1:22", "`automl.estimators` is empty", "remove the line"),
    Bad("automl: {refit: tune}", VALUES, "1:17", "one of auto, fit, fit+tune", "did you mean `fit+tune`?"),
    Bad("evaluation: {calibration: platt}", VALUES, "1:27", "one of off, sigmoid, isotonic", "isotonic"),
    Bad("feature_engineering: {primitives: [median]}", VALUES, "1:36", "one of count, sum", "mean"),
    Bad("seed: -1", VALUES, "1:7", "at least 0 and at most 2147483647, not -1", "seed: 42"),
    Bad("seed: 2147483648", VALUES, "1:7", "at most 2147483647", "seed: 42"),
    Bad("split: {strategy: random, test: 20}", VALUES, "1:33", "(fraction), not 20", "write 0.2 for 20 %"),
    Bad("split: {strategy: random, test: 0}", VALUES, "1:33", "above 0", "test: 0.2"),
    Bad("split: {strategy: random, tune: 0.9}", VALUES, "1:33", "below 0.9", "tune: 0.2"),
    Bad("automl: {time_budget: 0}", VALUES, "1:23", "at least 1", "time_budget: 600"),
    Bad("automl: {time_budget: 1000000}", VALUES, "1:23", "at most 604800 (seconds)", "time_budget: 600"),
    Bad("automl: {max_trials: 0}", VALUES, "1:22", "at least 1", "max_trials: 50"),
    Bad("feature_engineering: {max_depth: 3}", VALUES, "1:34", "at most 2", "max_depth: 2"),
    Bad("feature_engineering: {windows: [1 week]}", VALUES, "1:33", "s, m, h or d, such as 7d", "windows: [1d, 30d]"),
    Bad("feature_engineering: {refresh: daily}", VALUES, "1:32", "such as 1d, or `none`", "refresh: 1h"),
    Bad("split: {strategy: time, time_column: t, gap: 1w}", VALUES, "1:46", "s, m, h or d", "gap: 7d"),
    Bad("resources: {cpu: 0}", VALUES, "1:18", "above 0", "cpu: 4"),
    Bad("resources: {memory: 4GB}", VALUES, "1:21", "Mi or Gi", "memory: 8Gi"),
    Bad("name: Fraud", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad("name: fraud__v3", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad("name: fraud-v3", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad(
        f"forecasting: {{horizon: 1, frequency: {'d' * 33}}}",
        VALUES,
        "1:38",
        "has 33 characters, more than 32",
        "shorten",
    ),
    Bad(
        f"feature_engineering: {{enabled: true, entities: {{shop: {{table: {'x' * 65}}}}}}}",
        VALUES,
        "1:63",
        "has 65 characters, more than 64",
        "shorten",
    ),
    Bad(f"evaluation: {{slices: [{'x' * 257}]}}", VALUES, "1:23", "has 257 characters, more than 256", "shorten"),
    Bad(f"name: {'x' * 37}", VALUES, "1:7", "has 37 characters, more than 36", "shorten"),
    Bad(f"name: {'x' * 64}", VALUES, "1:7", "has 64 characters, more than 36", "shorten"),
    Bad("name: fraud.v3", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad("name: .", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad("name: ..", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad("name: ./x", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad('name: "fraud\\nv3"', VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad("name: fr\u0430ud", VALUES, "1:7", "lower-case letters", "name: fraud_v3"),
    Bad(ENTITIES % ("x" * 65), VALUES, "1:34", "has 65 characters, more than 64", "shorten"),
    Bad(
        ENTITIES % "a.b", VALUES, "1:34", "the name `a.b` in `feature_engineering.entities` must be lower-case", "shop"
    ),
    Bad(ENTITIES % "CON", VALUES, "1:34", "the name `CON` in", "shop"),
    Bad(ENTITIES % '"a\\nb"', VALUES, "1:34", "must be lower-case letters", "shop"),
    Bad(ENTITIES % "sh\u043ep", VALUES, "1:34", "must be lower-case letters", "shop"),
    Bad("name: fraud_20260211", VALUES, "1:7", "`_` and 8 digits", "name: fraud"),
]

KEYS: Final = [
    Bad("metrics: roc_auc", VALUES, "1:1", "no field `metrics` at the top level", "did you mean `metric`?"),
    Bad("estimators: [lgbm]", VALUES, "1:1", "no field `estimators`", "belongs in section `automl`: move it"),
    Bad("time_column: t", VALUES, "1:1", "no field `time_column`", "`split` or `feature_engineering`"),
    Bad("automl: {seed: 1}", VALUES, "1:10", "no field `seed` in section `automl`", "the top level: move it"),
    Bad("automl: {tme_budget: 1}", VALUES, "1:10", "no field `tme_budget`", "did you mean `automl.time_budget`?"),
    Bad("random_state: 1", VALUES, "1:1", "no field `random_state`", "did you mean `seed`?"),
    Bad("label: y", VALUES, "1:1", "no field `label`", "did you mean `target_column`?"),
    Bad("n_trials: 5", VALUES, "1:1", "no field `n_trials`", "did you mean `automl.max_trials`?"),
    Bad("Seed: 5", VALUES, "1:1", "no field `Seed`", "did you mean `seed`?"),
    Bad("zzz: 5", VALUES, "1:1", "no field `zzz`", "known fields here: dataset_uri"),
    Bad("evaluation: {gate: {}}", VALUES, "1:14", "no field `gate`", "did you mean `evaluation.gates`?"),
    Bad(
        "split: {strategy: random, shuffle: true}", VALUES, "1:27", "no field `shuffle`", "known fields here: strategy"
    ),
    Bad("deploy: {strategy: canary}", VALUES, "1:1", "`deploy` is not built yet", "this version trains"),
    Bad("monitoring: {}", VALUES, "1:1", "`monitoring` is not built yet", "this version trains"),
    Bad("package:", VALUES, "1:1", "`package` is not built yet", "this version trains"),
    Bad("serving: {}", VALUES, "1:1", "`serving` is not built yet", "this version trains"),
    Bad("promotion: {}", VALUES, "1:1", "`promotion` is not built yet", "this version trains"),
    Bad("split: {}", VALUES, "1:1", "`split.strategy` is missing", "strategy: random"),
    Bad("split: {test: 0.3}", VALUES, "1:1", "`split.strategy` is missing", "one of time, random"),
]

RULES: Final = [
    Bad("metric: auc", VALUES, "1:9", "no metric `auc`", "did you mean `roc_auc`?"),
    Bad("metric: ROC-AUC", VALUES, "1:9", "no metric `ROC-AUC`", "did you mean `roc_auc`?"),
    Bad("metric: lift", VALUES, "1:9", "no metric `lift`", "metrics of this task: roc_auc"),
    Bad(
        "metric: rmse",
        VALUES,
        "1:9",
        "judges regression and forecasting, and the task is classification",
        "roc_auc, average_precision",
    ),
    Bad("task: regression\nmetric: f1", VALUES, "2:9", "judges binary, and the task is regression", "rmse, mae"),
    Bad(RANKING + "metric: roc_auc", VALUES, "3:9", "the task is ranking", "ndcg@10"),
    Bad(RANKING + "metric: ndcg@0", VALUES, "3:9", "no metric `ndcg@0`", "ndcg@10"),
    Bad(
        "evaluation: {required: [f1, mae]}",
        VALUES,
        "1:29",
        "the metric `mae` judges regression",
        "metrics of classification",
    ),
    Bad("evaluation: {required: [foo]}", VALUES, "1:25", "no metric `foo`", "metrics of this task"),
    Bad('evaluation: {gates: {auc: ">= 0.9"}}', VALUES, "1:22", "no metric `auc`", "did you mean `roc_auc`?"),
    Bad('evaluation: {gates: {rmse: "<= 1"}}', VALUES, "1:22", "`rmse` judges regression", "metrics of classification"),
    Bad('evaluation: {gates: {roc_auc: ">= 90"}}', VALUES, "1:31", "can never be met", "between 0 and 1"),
    Bad('evaluation: {gates: {log_loss: "< 0"}}', VALUES, "1:32", "can never be met", "log_loss lies between 0 and"),
    Bad('evaluation: {gates: {roc_auc: ">= 0.9.1"}}', VALUES, "1:31", "holds no number", '">= 0.9"'),
    Bad('evaluation: {gates: {roc_auc: "0.9"}}', VALUES, "1:31", "a bound such as", "gates"),
    Bad("split: {strategy: time}", VALUES, "1:19", "`time` needs `split.time_column`", "add `time_column"),
    Bad("split: {strategy: group}", VALUES, "1:19", "`group` needs `split.group_column`", "add `group_column"),
    Bad(
        "split: {strategy: random, group_column: c}",
        VALUES,
        "1:27",
        "no meaning for the strategy `random`",
        "strategy: group",
    ),
    Bad("split: {strategy: random, gap: 7d}", VALUES, "1:27", "`split.gap` has no meaning", "strategy: time"),
    Bad(
        "split: {strategy: random, overlap: allow}", VALUES, "1:27", "`split.overlap` has no meaning", "strategy: time"
    ),
    Bad("task: regression\nsplit: {strategy: stratified}", VALUES, "2:19", "needs classes", "strategy: random"),
    Bad("split: {strategy: random, test: 0.8, tune: 0.8}", VALUES, "1:38", "leave 4% of the rows", "at least 10%"),
    Bad("task: ranking", VALUES, "1:7", "needs `columns.group`", "ranked together"),
    Bad("columns: {group: q}", VALUES, "1:11", "no meaning for the task `classification`", "split.group_column"),
    Bad(RANKING + "automl: {estimators: [lgbm, rf]}", VALUES, "3:29", "`rf` cannot rank", "lgbm, xgboost"),
    Bad(RANKING + "automl: {estimators: [linear]}", VALUES, "3:23", "`linear` cannot rank", "lgbm, xgboost"),
    Bad(RANKING + "automl: {estimators: [extra_tree]}", VALUES, "3:23", "`extra_tree` cannot rank", "lgbm"),
    Bad("automl: {blend: true, estimators: [lgbm]}", VALUES, "1:17", "at least two estimators", "add one"),
    Bad("task: regression\npositive_class: 1", VALUES, "2:1", "`positive_class` has no meaning", "remove"),
    Bad(
        "task: regression\nevaluation: {threshold: 0.4}",
        VALUES,
        "2:14",
        "`evaluation.threshold` has no meaning",
        "remove",
    ),
    Bad(
        "task: regression\nevaluation: {calibration: sigmoid}", VALUES, "2:14", "`evaluation.calibration` has", "remove"
    ),
    Bad(
        "feature_engineering: {enabled: true, windows: []}\n" + BY_TIME,
        VALUES,
        "1:47",
        "`feature_engineering.windows` is empty",
        "windows: [1d, 30d]",
    ),
    Bad(
        "feature_engineering: {enabled: true, primitives: []}\n" + BY_TIME,
        VALUES,
        "1:50",
        "`feature_engineering.primitives` is empty",
        "[sum, mean, count]",
    ),
    Bad(
        "feature_engineering: {enabled: true, entities: {shop: {key: [a, a]}}}\n" + BY_TIME,
        VALUES,
        "1:65",
        "`a` stands twice in `feature_engineering.entities.shop.key`",
        "keep one",
    ),
    Bad(
        "feature_engineering: {enabled: true, entities: {shop: {ignore: [b, c, b]}}}\n" + BY_TIME,
        VALUES,
        "1:71",
        "`b` stands twice in `feature_engineering.entities.shop.ignore`",
        "keep one",
    ),
    Bad("evaluation: {threshold: 1.5}", VALUES, "1:25", "between 0 and 1, not 1.5", "threshold: 0.5"),
    Bad("evaluation: {threshold: roc_auc}", VALUES, "1:25", "no metric of binary decisions", "accuracy"),
    Bad('evaluation: {threshold: "0.5"}', VALUES, "1:25", "no metric of binary decisions: 0.5", "without quotes"),
    Bad(
        "automl: {refit: fit+tune}\nevaluation: {threshold: f1}",
        VALUES,
        "1:17",
        "a threshold that is learned",
        "refit: auto",
    ),
    Bad(
        "automl: {refit: fit+tune}\nevaluation: {calibration: isotonic}", VALUES, "1:17", "a calibration", "refit: fit"
    ),
    Bad(
        "feature_engineering: {enabled: true, label_history: {delay: 7d}}", VALUES, "1:38", "random split would", "time"
    ),
    Bad(
        "split: {strategy: time, time_column: t}\nfeature_engineering: {label_history: {delay: 7d}}",
        VALUES,
        "2:23",
        "feature_engineering is off",
        "enabled: true",
    ),
    Bad("columns: {ignore: [is_fraud]}", VALUES, "1:20", "`columns.ignore` names the target", "another column"),
    Bad("columns: {weight: is_fraud}", VALUES, "1:19", "`columns.weight` names the target", "another column"),
    Bad(
        "split: {strategy: random, identity: [is_fraud]}",
        VALUES,
        "1:38",
        "`split.identity` names the target",
        "another",
    ),
    Bad(
        "split: {strategy: time, time_column: is_fraud}",
        VALUES,
        "1:38",
        "`split.time_column` names the target",
        "another",
    ),
    Bad("split: {strategy: group, group_column: is_fraud}", VALUES, "1:40", "`split.group_column` names", "another"),
    Bad("task: ranking\ncolumns: {group: is_fraud}", VALUES, "2:18", "`columns.group` names the target", "another"),
    Bad("task: ranking\ncolumns: {group: q, weight: q}", VALUES, "2:29", "name one column", "two columns"),
    Bad("feature_engineering: {time_column: is_fraud}", VALUES, "1:36", "names the target", "another"),
    Bad("evaluation: {slices: [is_fraud]}", VALUES, "1:23", "`evaluation.slices` names the target", "another"),
    Bad("columns: {ignore: [a, b, a]}", VALUES, "1:26", "`a` stands twice in `columns.ignore`", "keep one"),
    Bad("automl: {estimators: [lgbm, lgbm]}", VALUES, "1:29", "`lgbm` stands twice", "keep one"),
    Bad("feature_engineering: {windows: [1d, 1d]}", VALUES, "1:37", "`1d` stands twice", "keep one"),
    Bad("feature_engineering: {primitives: [sum, sum]}", VALUES, "1:41", "`sum` stands twice", "keep one"),
    Bad("evaluation: {required: [f1, f1]}", VALUES, "1:29", "`f1` stands twice", "keep one"),
    Bad("evaluation: {slices: [a, a]}", VALUES, "1:26", "`a` stands twice", "keep one"),
    Bad("split: {strategy: random, identity: [a, a]}", VALUES, "1:41", "`a` stands twice", "keep one"),
]

FORECASTING: Final = (
    "task: forecasting\nsplit: {strategy: time, time_column: t}\nforecasting: {horizon: 7, frequency: 1d}\n"
)


def forecasting(more: str) -> str:
    """A config that forecasts, with more in its section."""
    return FORECASTING.replace("1d}", f"1d, {more}}}")


TIME: Final = "task: forecasting\nsplit: {strategy: time, time_column: t}"
FORECASTS: Final = [
    Bad(TIME, VALUES, "1:7", "needs the section `forecasting`", "`horizon: 28` and `frequency: 1d`"),
    Bad("forecasting: {horizon: 7, frequency: 1d}", VALUES, "1:1", "no meaning for the task `classif", "remove the"),
    Bad(TIME + "\nforecasting: {frequency: 1d}", VALUES, "3:1", "`forecasting.horizon` is missing", "28"),
    Bad(TIME + "\nforecasting: {horizon: 7}", VALUES, "3:1", "`forecasting.frequency` is missing", "1d"),
    Bad(FORECASTING.replace("7", "0"), VALUES, "3:24", "`forecasting.horizon` must be a whole number at", "horizon"),
    Bad(FORECASTING.replace("7", "a week"), VALUES, "3:24", "`forecasting.horizon` must be", "for example"),
    Bad(FORECASTING.replace("1d", "daily"), VALUES, "3:38", "with s, m, h, d, w or mo, not daily", "mean `1d`?"),
    Bad(FORECASTING.replace("1d", "H"), VALUES, "3:38", "with s, m, h, d, w or mo, not H", "mean `1h`?"),
    Bad(FORECASTING.replace("1d", "15min"), VALUES, "3:38", "not 15min", "mean `15m`?"),
    Bad(FORECASTING.replace("1d", "MS"), VALUES, "3:38", "not MS", "mean `1mo`?"),
    Bad(FORECASTING.replace("1d", "2 weeks"), VALUES, "3:38", "not 2 weeks", "mean `2w`?"),
    Bad(FORECASTING.replace("1d", "now and then"), VALUES, "3:38", "not now and then", "`1mo` for a month"),
    Bad(forecasting("gaps: fill"), VALUES, "3:48", "must be one of error, zero, previous", "for example"),
    Bad(forecasting("lags: [1]"), VALUES, "3:42", "no field `lags`", "known fields here: series_columns"),
    Bad(forecasting("series_columns: shop"), VALUES, "3:58", "must be a list", "`series_columns: [shop]`"),
    Bad(forecasting("series_columns: [is_fraud]"), VALUES, "3:59", "names the target", "another column"),
    Bad(forecasting("series_columns: [t]"), VALUES, "3:59", "names the time column", "another column"),
    Bad(forecasting("series_columns: [a, a]"), VALUES, "3:62", "`a` stands twice", "keep one"),
    Bad(forecasting("series_columns: [a], known_columns: [a]"), VALUES, "3:79", "`a` stands twice", "keep one"),
    Bad(forecasting("known_columns: [is_fraud]"), VALUES, "3:58", "`forecasting.known_columns` names the", "another"),
    Bad(
        FORECASTING.replace("strategy: time, time_column: t", "strategy: random"),
        VALUES,
        "2:19",
        "`random` would let a forecast see",
        "strategy: time",
    ),
    Bad(FORECASTING.replace("t}", "t, gap: 7d}", 1), VALUES, "2:41", "`split.gap` has no meaning", "horizon"),
    Bad(FORECASTING.replace("t}", "t, identity: [a]}", 1), VALUES, "2:41", "`split.identity` has no", "series_col"),
    Bad(FORECASTING + "feature_engineering: {enabled: true}", VALUES, "4:23", "rows after its origin", "remove"),
    Bad(FORECASTING + "columns: {group: q}", VALUES, "4:11", "no meaning for the task `forecasting`", "series_columns"),
    Bad(
        forecasting("gaps: zero") + "columns: {weight: w}", VALUES, "4:19", "cannot stand beside `gaps: zero`", "error"
    ),
    Bad(FORECASTING + "metric: r2", VALUES, "4:9", "judges regression, and the task is forecasting", "rmse, mae"),
    Bad(FORECASTING + "metric: mape", VALUES, "4:9", "the task is forecasting", "wape, mase, rmsse"),
    Bad(FORECASTING + "positive_class: 1", VALUES, "4:1", "`positive_class` has no meaning", "remove"),
    Bad(FORECASTING + "evaluation: {threshold: 0.4}", VALUES, "4:14", "`evaluation.threshold` has no", "remove"),
    Bad("task: regression\nmetric: mase", VALUES, "2:9", "judges forecasting, and the task is regression", "rmse, mae"),
]

ADDRESSES: Final = [
    Bad(f"dataset_uri: {uri}", VALUES, "1:14", message, cure)
    for uri, message, cure in (
        ("s3://key:secret@bucket/x", "holds a user name and password", "from the environment"),
        ("s3://key@bucket/x", "holds credentials", "from the environment"),
        ("https://host/x", "begins with `https:`", "s3://bucket/folder/"),
        ("http://169.254.169.254/latest", "begins with `http:`", "s3://bucket/folder/"),
        ("gs://bucket/x", "begins with `gs:`", "abfs://container/folder/"),
        ("S3://bucket/x", "begins with `S3:`", "s3://bucket/folder/"),
        ("simplecache::s3://bucket/x", "chains addresses", "s3://bucket/folder/"),
        ("s3://bucket/../other", "holds `..`", "whole path"),
        ("../data", "holds `..`", "whole path"),
        ("data/../../etc", "holds `..`", "whole path"),
        ("s3://bucket/%2e%2e/other", "percent escape", "as it is"),
        ("s3://bucket/a?versionId=1", "holds `?`", "no query"),
        ("s3://bucket/a#b", "holds `#`", "no fragment"),
        ("s3://", "names no bucket", "s3://bucket/folder/"),
        ("s3:///x", "names no bucket", "s3://bucket/folder/"),
        ("s3://bucket//x", "an empty folder name", "single `/`"),
        ("s3://b!cket/x", "names the bucket 'b!cket'", "s3://bucket/folder/"),
        ("s3:bucket/x", "begins with `s3:`", "s3://bucket/folder/"),
        ("file://host/x", "names the host 'host'", "file:///folder"),
        ("'C:\\data'", "holds a backslash", "write `/`"),
        ("\u04553://bucket/x", "begins with `\u04553:`", "s3://bucket/folder/"),
        ("s3://buck\u0435t/x", "not ASCII", "plain ASCII"),
        ("\uff0fdata", "only look like plain letters", "type the address anew"),
        ("da\u200bta", "U+200B", "type the address anew"),
        ('"data\\u0000"', "U+0000", "type the address anew"),
        ('" data"', "begins or ends with a space", "remove"),
    )
]

ALL: Final = [*SYNTAX, *TYPES, *RANGES, *KEYS, *RULES, *FORECASTS, *ADDRESSES]
