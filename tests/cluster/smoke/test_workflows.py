"""Argo Workflows on the real cluster: handing over, checking, retrying."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cluster.bed.cluster import Space
from tests.cluster.bed.objects import Object
from tests.cluster.bed.problem import BedError
from tests.cluster.bed.storage import Bucket
from tests.cluster.smoke.samples import SCRATCH, TEMPORARY, dag, step, workflow

DATA = "id,amount\n1,3.5\n2,4.25\n"
MAKE = f"""
import hashlib, pathlib, sys
data = sys.argv[1].encode()
pathlib.Path("{SCRATCH}/data.csv").write_bytes(data)
pathlib.Path("{SCRATCH}/digest").write_text(hashlib.sha256(data).hexdigest())
"""
CHECK = f"""
import hashlib, pathlib, sys
found = hashlib.sha256(pathlib.Path("{SCRATCH}/data.csv").read_bytes()).hexdigest()
sys.exit(0 if found == sys.argv[1] else f"expected {{sys.argv[1]}}, found {{found}}")
"""


def handing_over(bucket: Bucket) -> Object:
    """Two steps: a file goes through MinIO, its digest as a parameter."""
    # Another user writes the file into the pod: without a mode the step may not read it.
    file = {"name": "data", "path": f"{SCRATCH}/data.csv", "archive": {"none": {}}, "mode": 0o444}
    kept = {**file, "s3": {"key": f"{bucket.prefix}data.csv"}}
    digest = {"name": "digest", "valueFrom": {"path": f"{SCRATCH}/digest", "default": ""}}
    handed = {
        "parameters": [{"name": "digest", "value": "{{tasks.make.outputs.parameters.digest}}"}],
        "artifacts": [{"name": "data", "from": "{{tasks.make.outputs.artifacts.data}}"}],
    }
    return workflow(
        dag(
            {"name": "make", "template": "make"},
            {"name": "check", "template": "check", "depends": "make.Succeeded", "arguments": handed},
        ),
        step("make", MAKE, [DATA], outputs={"parameters": [digest], "artifacts": [kept]}),
        step(
            "check",
            CHECK,
            ["{{inputs.parameters.digest}}"],
            inputs={"parameters": [{"name": "digest"}], "artifacts": [file]},
        ),
    )


def attempts(space: Space, name: str, task: str) -> list[str]:
    """Return how each attempt of a retried task ended, in their order."""
    nodes = space.nodes(name)
    tried = [f"{task}({number})" for number in range(10)]
    return [str(nodes[attempt]["phase"]) for attempt in tried if attempt in nodes]


def test_a_digest_goes_as_a_parameter_and_a_file_through_minio(namespace: Space, bucket: Bucket) -> None:
    said = namespace.argo("submit", "-", "--wait", "-o", "json", stdin=json.dumps(handing_over(bucket)))
    name = json.loads(said)["metadata"]["name"]

    assert namespace.phase(name) == "Succeeded"
    assert bucket.read("data.csv") == DATA.encode()
    outputs = namespace.nodes(name)["make"]["outputs"]
    handed = {parameter["name"]: parameter["value"] for parameter in outputs["parameters"]}
    assert handed == {"digest": hashlib.sha256(DATA.encode()).hexdigest()}


def test_lint_offline_accepts_a_good_workflow_and_names_the_fault_of_a_bad_one(
    namespace: Space, bucket: Bucket, tmp_path: Path
) -> None:
    good, bad = handing_over(bucket), handing_over(bucket)
    text = json.dumps(bad).replace("tasks.make.outputs.parameters.digest", "tasks.make.outputs.parameters.missing")
    (tmp_path / "good.json").write_text(json.dumps(good))
    (tmp_path / "bad.json").write_text(text)

    assert "no linting errors" in namespace.argo("lint", "--offline", str(tmp_path / "good.json"))
    with pytest.raises(BedError, match=r"tasks\.make\.outputs\.parameters\.missing"):
        namespace.argo("lint", "--offline", str(tmp_path / "bad.json"))


def test_exit_75_is_retried_and_exit_2_is_not(namespace: Space) -> None:
    first_time = "import sys; sys.exit(int(sys.argv[1]) if sys.argv[2] == '0' else 0)"
    name = namespace.submit(
        workflow(
            dag({"name": "temporary", "template": "temporary"}, {"name": "contract", "template": "contract"}),
            step("temporary", first_time, ["75", "{{retries}}"], retryStrategy=TEMPORARY),
            step("contract", first_time, ["2", "{{retries}}"], retryStrategy=TEMPORARY),
        )
    )

    assert namespace.finish(name) == "Failed"
    assert attempts(namespace, name, "temporary") == ["Failed", "Succeeded"]
    assert attempts(namespace, name, "contract") == ["Failed"]


def test_a_step_killed_for_its_memory_ends_with_137_and_is_retried(namespace: Space) -> None:
    greedy_once = "import sys; x = b'x' * (1 << 30 if sys.argv[1] == '0' else 1)"
    name = namespace.submit(
        workflow(
            dag({"name": "greedy", "template": "greedy"}),
            step("greedy", greedy_once, ["{{retries}}"], memory="64Mi", retryStrategy=TEMPORARY),
        )
    )

    assert namespace.finish(name) == "Succeeded"
    assert attempts(namespace, name, "greedy") == ["Failed", "Succeeded"]
    assert namespace.nodes(name)["greedy(0)"]["outputs"]["exitCode"] == "137"


def test_a_step_that_is_killed_each_time_is_tried_three_times_and_no_more(namespace: Space) -> None:
    name = namespace.submit(
        workflow(
            dag({"name": "killed", "template": "killed"}),
            step("killed", "import sys; sys.exit(137)", retryStrategy=TEMPORARY),
        )
    )

    assert namespace.finish(name) == "Failed"
    assert attempts(namespace, name, "killed") == ["Failed"] * 3
