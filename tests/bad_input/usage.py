"""Commands called wrongly: unknown verbs and options, values that are none, things that are not there."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bad_input.case import Case, Make
from tests.bad_input.snapshots import write_config, write_snapshot

USAGE, TOPIC, VALUES, EXISTS, NO_MODEL, NO_RUN = "ML8S-C005", "ML8S-C004", "ML8S-C003", "ML8S-C006", "ML8S-R001", "ML8S-R002"
PLATFORM: Final = Path(__file__).parents[2] / "workflow-templates" / "platform.example.yaml"


def usage(arguments: str, *says: str, where: str = "", code: str = USAGE, status: int = 2, make: Make | None = None) -> Case:
    return Case(arguments, arguments, code, says, where, status, make=make)


def with_platform(folder: Path) -> None:
    write_snapshot(folder)
    (folder / "platform.yaml").write_text("store: {uri: s3://b/x}\n")


def with_own_platform(folder: Path) -> None:
    write_config(folder, dataset_uri="s3://ml-datasets/x")
    a_file(folder)
    (folder / "mine.yaml").write_text(PLATFORM.read_text())


def with_churn(folder: Path) -> None:
    (folder / "churn.yaml").write_text("mine\n")


def a_file(folder: Path) -> None:
    (folder / "here").write_text("mine\n")


def set_to(value: str, *says: str, where: str = "--set") -> Case:
    return usage(f"validate config.yaml --set '{value}'", *says, where=where, code=VALUES, make=write_snapshot)


CASES: Final = [
    usage("rnu", "did you mean `ml8s run`?"),
    usage("models lst", "did you mean `ml8s models list`?"),
    usage("deploy x", "has no command 'deploy'", "ml8s --help"),
    usage("--nope", "No such option '--nope'"),
    usage("run", "CONFIG", where="ml8s run"),
    usage("run config.yaml --untl split", "--until", where="ml8s run", make=write_snapshot),
    usage("run config.yaml more", "more", where="ml8s run", make=write_snapshot),
    usage("train", "--config", where="ml8s train"),
    usage("run config.yaml --until splt", "splt", "split", make=write_snapshot),
    usage("run config.yaml --until search[catboost]", "catboost", make=write_snapshot),
    usage("run config.yaml --until ''", "step", make=write_snapshot),
    usage("run config.yaml -o xml", "xml", "table", where="ml8s run", make=write_snapshot),
    usage("run config.yaml --replay nothing", "nothing", code=NO_RUN, status=5, make=write_snapshot),
    usage("run config.yaml --replay model_20260211", "model_20260211", code=NO_MODEL, status=5, make=write_snapshot),
    usage("run config.yaml", "3 problems", "`credentials` is missing", where="platform.yaml", code="ML8S-K001", make=with_platform),
    usage("validate config.yaml --set seed", "--set takes KEY=VALUE, not 'seed'", make=write_snapshot),
    usage("validate config.yaml --set =1", "--set takes KEY=VALUE, not '=1'", make=write_snapshot),
    set_to("sed=1", "did you mean `seed`?"),
    set_to("seed=x", "`seed`"),
    set_to("seed=NaN", "`seed`"),
    set_to("seed=[1", "--set"),
    set_to("automl.estimators=lgbm2", "estimators"),
    set_to("split.strategy.x=1", "split.strategy"),
    set_to("name=../x", "`name`"),
    set_to("metric={{x}}", "`{{`"),
    set_to("seed=1\nname: x", "--set"),
    usage("plan nothing.yaml", "there is no config nothing.yaml", code="ML8S-C001", where="nothing.yaml"),
    usage("config show nothing.yaml", "there is no config nothing.yaml", code="ML8S-C001"),
    usage("explain automl.tim_budget", "automl.time_budget", code=TOPIC),
    usage("explain ML8S-C999", "ML8S-C999", code=TOPIC),
    usage("explain ''", code=TOPIC),
    usage("init --from frud", "there is no example 'frud'", "`--from fraud`"),
    usage("init", "--from"),
    usage("init . --from churn", "churn.yaml", code=EXISTS, make=with_churn),
    usage("init here --from churn", "here exists already", code=EXISTS, make=a_file),
    usage("init here/x --from churn", "here is a file", "name another folder", code=EXISTS, make=a_file),
    usage("init /proc/x --from churn", "/proc/x cannot be written", "name another folder"),
    usage("compile config.yaml --platform mine.yaml -o here", "here is a file", "with -o", code=EXISTS, make=with_own_platform),
    usage("compile config.yaml --platform mine.yaml -o here/x", "here is a file", "with -o", code=EXISTS, make=with_own_platform),
    usage("compile config.yaml --platform mine.yaml -o /proc/x", "/proc/x cannot be written", "with -o", make=with_own_platform),
    usage("completion tcsh", "tcsh", "bash"),
    usage("runs show 20260101t000000-abcdef", "no run '20260101t000000-abcdef'", "ml8s runs list", code=NO_RUN, status=5),
    usage("runs logs nothing", "no run 'nothing'", code=NO_RUN, status=5),
    usage("runs report ''", "no run ''", code=NO_RUN, status=5),
    usage("runs show ../../etc", "no run '../../etc'", code=NO_RUN, status=5),
    usage("runs list --limit 0", "--limit", where="ml8s runs list"),
    usage("runs list --limit 99999999999999999999x", "--limit", where="ml8s runs list"),
    usage("runs settle abc", "no result has this key: abc", code=NO_RUN, status=5),
    usage("models show", "MODEL", where="ml8s models show"),
    usage("models show fraud_20260211", "fraud_20260211", "ml8s models list", code=NO_MODEL, status=5),
    usage("models show Fraud", "Fraud"),
    usage("models show ../../etc/passwd", "../../etc/passwd"),
    usage("models show fraud_20261399", "fraud_20261399"),
    usage("models show fraud_20260211-1", "fraud_20260211-1"),
    usage("models verify fraud_20260211", "fraud_20260211", code=NO_MODEL, status=5),
    usage("models report fraud_20260211", "fraud_20260211", code=NO_MODEL, status=5),
    usage("models report fraud_20260211 --format pdf", "pdf"),
    usage("models reproduce fraud_20260211", "fraud_20260211", code=NO_MODEL, status=5),
    usage("models compare fraud_20260211 fraud_20260211", "fraud_20260211", code=NO_MODEL, status=5),
    usage("models history '*'", "*"),
    usage("models list 'Fraud!'", "is no model's name"),
    usage("predict fraud_20260211 -f rows.json", "fraud_20260211", code=NO_MODEL, status=5),
    usage("predict fraud_20260211", "fraud_20260211", code=NO_MODEL, status=5),
    usage("data publish", "DEST", where="ml8s data publish"),
    usage("data check", "URI", where="ml8s data check"),
    usage("data fingerprint nowhere", "nothing lies there", code="ML8S-D001"),
]
