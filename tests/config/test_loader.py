"""Reading a config: where values come from, what files are refused, what is reported together."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml8s.config.loader import load_config, parse_config
from ml8s.errors import ConfigNotFound, ConfigUnreadable, InvalidConfig, InvalidUsage, ML8sError

PRODUCT = Path(__file__).parent / "product.yaml"
SMALL = "dataset_uri: data\ntask: regression\ntarget_column: price\nsplit: {strategy: random}\n"


def write(folder: Path, content: str | bytes, name: str = "pricing.yaml") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path, *overrides: str) -> ML8sError:
    with pytest.raises(ML8sError) as refused:
        load_config(path, overrides)
    return refused.value


def test_the_config_of_the_product_page_works_verbatim(tmp_path: Path) -> None:
    loaded = load_config(write(tmp_path, PRODUCT.read_text(), "fraud_v3.yaml"))
    config = loaded.config
    assert config.name == "fraud_v3"
    assert (config.task, config.target_column, config.metric, config.seed) == (
        "classification",
        "is_fraud",
        "roc_auc",
        0,
    )
    assert (config.split.strategy, config.split.time_column) == ("time", "transaction_time")
    assert config.feature_engineering.primitives == ("sum", "mean", "count")
    assert (config.automl.time_budget, config.automl.estimators) == (600, ("lgbm", "xgboost"))
    assert loaded.text == PRODUCT.read_text()
    assert loaded.dataset_location == "s3://ml-datasets/fraud/v3/"


def test_every_value_says_where_it_came_from(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    loaded = load_config(path, ["automl.max_trials=5", "columns={ignore: [a]}"])
    assert loaded.sources["task"] == f"{path}:2"
    assert loaded.sources["split.strategy"] == f"{path}:4"
    assert loaded.sources["automl.max_trials"] == "set"
    assert loaded.sources["columns.ignore"] == "set"
    assert loaded.sources["name"] == "file name"
    assert loaded.sources["automl.blend"] == "default"
    assert set(loaded.sources.values()) == {f"{path}:{n}" for n in (1, 2, 3, 4)} | {"set", "default", "file name"}


def test_an_override_is_read_as_strictly_as_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    config = load_config(
        path, ["seed=7", "automl.estimators=[rf, linear]", "metric=mae", "split.test=0.3", "name="]
    ).config
    assert (config.seed, config.automl.estimators, config.metric) == (7, ("rf", "linear"), "mae")
    assert (config.split.test, config.split.strategy, config.name) == (0.3, "random", "pricing")


@pytest.mark.parametrize(
    ("override", "where", "message", "cure"),
    [
        ("seed=yes", "--set seed=yes", "whole number", "seed: 42"),
        ("automl.max_trails=5", "--set automl.max_trails=5", "no field `max_trails`", "automl.max_trials"),
        ("task.x=1", "--set task.x=1", "lies in no section", "ml8s explain"),
        ("metric=*x", "--set metric=*x", "aliases", "write the value out"),
        ('columns.ignore="\\ud800"', '--set columns.ignore="\\ud800"', "half of a character", "itself"),
        ("metric='{{x}}'", "--set metric='{{x}}'", "`{{`", "plain data"),
        ("automl.estimators=[lgbm", "--set automl.estimators=[lgbm", "a list is opened", "close it"),
        ("deploy.replicas=3", "--set deploy.replicas=3", "not built yet", "this version"),
        ("split.gap=7d", "--set split.gap=7d", "no meaning for the strategy", "strategy: time"),
    ],
)
def test_a_wrong_override_is_named_as_it_was_given(
    tmp_path: Path, override: str, where: str, message: str, cure: str
) -> None:
    error = refusal(write(tmp_path, SMALL), override)
    assert isinstance(error, InvalidConfig)
    [problem] = error.problems
    assert problem.where == where
    assert message in problem.message
    assert cure in problem.cure


@pytest.mark.parametrize("override", ["seed", "=1", "automl.=1", ".seed=1", "a\udcffb=1"])
def test_an_override_without_a_key_is_bad_usage(tmp_path: Path, override: str) -> None:
    assert isinstance(refusal(write(tmp_path, SMALL), override), InvalidUsage)


def test_all_problems_are_reported_at_once_sorted_by_line(tmp_path: Path) -> None:
    text = (
        "task: regresion\nmetrics: rmse\nsplit:\n  strategy: time\n  tune: 20\n"
        "automl:\n  estimators: [lgbm, lgbm]\n  blend: no\nautoml: {}\n"
    )
    error = refusal(write(tmp_path, text), "seed=x")
    places = [problem.where.removeprefix(str(tmp_path / "pricing.yaml")) for problem in error.problems]
    assert places == [":1:1", ":1:1", ":1:7", ":2:1", ":4:13", ":5:9", ":7:22", ":8:10", ":9:1", "--set seed=x"]


def test_an_excerpt_shows_the_line_and_a_caret_below_the_place(tmp_path: Path) -> None:
    [problem] = refusal(write(tmp_path, SMALL + "automl:\n  blend: no  # never\n")).problems
    assert problem.excerpt == "  blend: no  # never\n         ^"


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    long = ", ".join(f"column_{i}" for i in range(100))
    [problem] = refusal(write(tmp_path, SMALL + f"columns: {{ignore: [{long}, column_7]}}\n")).problems
    line, caret = problem.excerpt.split("\n")
    assert len(line) <= 100
    assert line[caret.index("^") :].startswith("column_7]")


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"\xef\xbb\xbftask: x\n", ConfigUnreadable, "byte order mark"),
        ("task: x\n".encode("utf-16"), ConfigUnreadable, "UTF-16"),
        ("task: x\n".encode("utf-16-be"), ConfigUnreadable, "NUL"),
        (b"task: x\ny: \0\n", ConfigUnreadable, "NUL"),
        (b"task: caf\xe9\n", ConfigUnreadable, "not UTF-8: byte 0xe9 in line 1"),
        (b"x" * 65537, ConfigUnreadable, "65537 bytes"),
    ],
)
def test_a_file_that_is_no_plain_utf8_text_is_refused(
    tmp_path: Path, content: bytes, kind: type[ML8sError], words: str
) -> None:
    error = refusal(write(tmp_path, content))
    assert isinstance(error, kind)
    assert words in error.message
    assert error.cure


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "~\n", "---\n...\n"])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, text: str) -> None:
    [problem] = refusal(write(tmp_path, text)).problems
    assert "the file is empty" in problem.message


@pytest.mark.parametrize(
    ("text", "what"), [("- a\n- b\n", "a list"), ("hello\n", "a single value"), ("3\n", "a single")]
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, what: str) -> None:
    [problem] = refusal(write(tmp_path, text)).problems
    assert what in problem.message


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    assert "50000000 bytes" in refusal(path).message


def test_a_folder_is_refused_with_the_files_in_it(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    error = refusal(tmp_path)
    assert "is a folder" in error.message
    assert "pricing.yaml" in error.cure


def test_a_missing_file_suggests_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    error = refusal(tmp_path / "pricin.yaml")
    assert isinstance(error, ConfigNotFound)
    assert f"did you mean {tmp_path / 'pricing.yaml'}?" in error.cure


def test_a_file_below_a_file_is_not_found(tmp_path: Path) -> None:
    assert isinstance(refusal(write(tmp_path, SMALL) / "x.yaml"), ConfigNotFound)


def test_an_endless_device_is_refused() -> None:
    assert isinstance(refusal(Path("/dev/zero")), ConfigUnreadable)


@pytest.mark.parametrize("address", ["https://host/x.yaml", "gs://bucket/x.yaml", "s3://bucket", "s3://bucket/"])
def test_an_address_that_holds_no_config_is_bad_usage(address: str) -> None:
    with pytest.raises(InvalidUsage):
        load_config(address)


def test_a_resolved_config_beyond_48_kib_is_refused(tmp_path: Path) -> None:
    columns = ", ".join(f"c{i:04d}{'x' * 20}" for i in range(2000))
    assert "is too large" in refusal(write(tmp_path, SMALL + f"columns: {{ignore: [{columns}]}}\n")).message


def test_line_ends_of_windows_and_old_macs_count_as_lines(tmp_path: Path) -> None:
    for end in ("\r\n", "\r"):
        [problem] = refusal(write(tmp_path, (SMALL + "seed: x\n").replace("\n", end))).problems
        assert problem.where.endswith(":5:7")
        assert problem.excerpt == "seed: x\n      ^"


@pytest.mark.parametrize(
    ("file", "name"),
    [("fraud-v3.yaml", "fraud_v3"), ("a.b.yml", "a_b"), ("fraud_v3", "fraud_v3"), ("pricing2.yaml", "pricing2")],
)
def test_the_name_comes_from_the_file(tmp_path: Path, file: str, name: str) -> None:
    assert load_config(write(tmp_path, SMALL, file)).config.name == name


@pytest.mark.parametrize(
    ("file", "cure"),
    [
        ("config.yaml", "name: …"),
        ("ml8s.yaml", "name: …"),
        ("train.yml", "name: …"),
        ("model.yaml", "name: …"),
        ("Fraud.yaml", "name: fraud"),
        ("3rd.yaml", "name: rd"),
        ("my model.yaml", "name: my_model"),
        ("fraud_20260211.yaml", "name: fraud"),
        (f"{'x' * 40}.yaml", f"name: {'x' * 36}"),
        (f"{'x' * 64}.yaml", f"name: {'x' * 36}"),
        ("fraud..v3.yaml", "name: fraud_v3"),
        (".fraud.yaml", "name: fraud"),
        ("Fraud_20260211.yaml", "name: fraud"),
        ("CON.yaml", "name: con"),
        ("fr\u0430ud.yaml", "name: fr_ud"),
        ("$(id).yaml", "name: id"),
    ],
)
def test_a_file_name_that_is_no_model_name_asks_for_one(tmp_path: Path, file: str, cure: str) -> None:
    [problem] = refusal(write(tmp_path, SMALL, file)).problems
    assert "no `name` is given" in problem.message
    assert cure in problem.cure
    assert load_config(write(tmp_path, SMALL + "name: given\n", file)).config.name == "given"


@pytest.mark.parametrize(
    ("uri", "origin", "location"),
    [
        ("/data/v3", "configs/a.yaml", "/data/v3"),
        ("file:///data/v3", "configs/a.yaml", "/data/v3"),
        ("s3://bucket/x/", "configs/a.yaml", "s3://bucket/x/"),
        ("abfs://container/x", "configs/a.yaml", "abfs://container/x"),
        ("abfss://box@account.dfs.core.windows.net/x", "a.yaml", "abfss://box@account.dfs.core.windows.net/x"),
        ("data/v3", "s3://b/configs/a.yaml", "s3://b/configs/data/v3"),
        ("data/v3", "/etc/a.yaml", "/etc/data/v3"),
        ("daten-jürgen", "/etc/a.yaml", "/etc/daten-jürgen"),
    ],
)
def test_a_dataset_is_found_from_the_folder_of_the_config(uri: str, origin: str, location: str) -> None:
    text = SMALL.replace("dataset_uri: data", f"dataset_uri: {uri}") + "name: a\n"
    assert parse_config(text, origin).dataset_location == location


def test_a_relative_dataset_of_a_relative_config_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_config(SMALL, "sub/pricing.yaml").dataset_location == str(tmp_path / "sub" / "data")


@pytest.mark.parametrize(
    ("written", "value"),
    [("no", "no"), ("12:30:45", "12:30:45"), ("1_000", "1_000"), ("2026-01-01", "2026-01-01"), ("0o17", 15),
     ("0x1F", 31),
     ("true", True), ("'010'", "010"), ("y", "y"), ("=", "="), ("+5", 5), ("null", None), ("~", None)],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    text = SMALL.replace("regression", "classification") + f"positive_class: {written}\n"
    given = parse_config(text, "a.yaml").config.positive_class
    assert given == value
    assert type(given) is type(value)
