"""Configs whose every free text is hostile: what the steps receive, and that nothing else happens in the cluster."""

import json
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest
import yaml

from ml8s.artifacts import Json
from ml8s.runner.cache import Result
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key
from ml8s.storage.store import Store
from tests.cluster.bed import leftovers
from tests.cluster.train.command import User
from tests.cluster.train.platform import Platform, ml8s
from tests.cluster.train.receiving import received, receiving
from tests.config import hostile

EXPECTED_KINDS = {"Pod", "Workflow", "WorkflowTaskResult"}


@pytest.mark.parametrize("name", hostile.everywhere())
def test_a_config_with_every_text_in_every_free_field_arrives_unchanged_in_one_pod(
    platform: Platform, name: str
) -> None:
    config, _ = hostile.everywhere()[name]
    address = str(config["dataset_uri"]).replace(hostile.ADDRESS, f"{platform.bucket.uri}/")
    text = json.dumps({**config, "dataset_uri": address, "resources": {"cpu": 0.5, "memory": "512Mi"}})
    written, out = platform.folder / "hostile.yaml", platform.folder / "objects"
    written.write_text(text)
    done = ml8s("compile", written, "-o", out, "--platform", platform.folder / "platform.yaml")
    assert done.returncode == 0, done.stderr
    [path] = out.glob("*-template.yaml")
    before = leftovers.inventory(platform.space.cluster)

    run = platform.space.submit(receiving(yaml.safe_load(path.read_text())))
    assert platform.space.finish(run) == "Succeeded"

    assert platform.result(run, "validate") == received(text)
    assert platform.pods(run) == ["validate(0)"]
    for row in leftovers.inventory(platform.space.cluster) - before:
        space, kind, thing = row.split()
        assert (space, kind in EXPECTED_KINDS, thing.startswith(run)) == (platform.space.name, True, True), row


COLUMNS = ("is_fraud", "transaction_time", "transaction_id", "terminal_id", "amount", "channel", "distance_km")
FIRST = ["--until", "split"]


def results(store: Store, step: str) -> Iterator[Result]:
    """The results of a step in a store."""
    for item in store.list("cache/"):
        if item.key.count("/") == 1:
            result = Result.from_bytes(store.get(item.key))
            if result.parts.step == step:
                yield result


def publish(user: User) -> dict[str, str]:
    """Publish the rows of the fraud example under hostile names; the names by the plain ones."""
    texts = [text for _, there in hostile.everywhere().values() for text in there.values()]
    names = dict(zip(COLUMNS, texts[: len(COLUMNS)], strict=True))
    folder = user.platform.folder / "hostile"
    folder.mkdir()
    table = pq.read_table(user.platform.folder / "data" / "train.parquet")
    pq.write_table(
        table.rename_columns([names.get(name, name) for name in table.column_names]), folder / "rows.parquet"
    )
    done = user.ml8s("data", "publish", folder / "rows.parquet", f"{user.platform.bucket.uri}/hostile")
    assert done.status == 0, done.err
    return names


def config_of(names: dict[str, str], address: str) -> dict[str, Json]:
    """A config that names each of the columns."""
    return {
        "name": "hostile", "dataset_uri": address, "task": "classification", "target_column": names["is_fraud"],
        "columns": {"ignore": [names["distance_km"]], "weight": names["amount"]},
        "split": {
            "strategy": "group", "group_column": names["terminal_id"], "time_column": names["transaction_time"],
            "identity": [names["transaction_id"]],
        },
        "evaluation": {"slices": [names["channel"]]}, "resources": {"cpu": 0.7, "memory": "1Gi"},
    }  # fmt: skip


def test_hostile_columns_of_a_real_run_give_the_folds_of_a_local_one_and_nothing_else(platform: Platform) -> None:
    user = User(platform)
    config = config_of(publish(user), f"{platform.bucket.uri}/hostile")
    (platform.folder / "hostile.yaml").write_text(json.dumps(config))
    kinds = "secrets,configmaps,serviceaccounts"
    before = {each["metadata"]["name"] for each in platform.space.list(kinds)}
    done = user.ml8s("run", "hostile.yaml", *FIRST)
    assert done.status == 0, done.err
    folder = platform.folder / "local"
    local = user.ml8s("run", "hostile.yaml", *FIRST, "--local", "--store", folder)
    assert local.status == 0, local.err
    there = Result.from_bytes(platform.opened().get(blob_key(platform.result(done.run, "split"))))
    [here] = results(open_store(str(folder)), "split")
    assert (here.outputs, here.parts.sections) == (there.outputs, there.parts.sections)
    assert {each["metadata"]["name"] for each in platform.space.list(kinds)} == before
    assert platform.pods(done.run) == ["split(0)", "validate(0)"]
    refused = user.ml8s("run", "hostile.yaml", "--set", "target_column='{{workflow.name}}'")
    assert refused.status == 2
    assert "{{" in refused.err
