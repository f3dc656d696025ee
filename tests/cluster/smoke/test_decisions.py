"""Asking a person, and starting by the clock."""

from tests.cluster.bed.cluster import Cluster, Space
from tests.cluster.bed.objects import Object
from tests.cluster.smoke.samples import dag, specification, step, workflow


def asking(**duration: str) -> Object:
    """A question whose answer is `no` unless somebody says otherwise, then a guarded step."""
    answer = {"parameters": [{"name": "approved", "valueFrom": {"supplied": {}, "default": "no"}}]}
    return workflow(
        dag(
            {"name": "ask", "template": "ask"},
            {
                "name": "publish",
                "template": "publish",
                "depends": "ask.Succeeded",
                "when": "'{{tasks.ask.outputs.parameters.approved}}' == 'yes'",
            },
        ),
        {"name": "ask", "suspend": duration, "outputs": answer},
        step("publish", ""),
    )


def test_a_suspended_workflow_waits_and_goes_on_with_the_answer(namespace: Space) -> None:
    name = namespace.submit(asking())
    namespace.wait_for_node(name, "ask", "Running")

    namespace.argo(
        "node", "set", name, "--output-parameter", "approved=yes", "--node-field-selector", "displayName=ask"
    )
    namespace.argo("resume", name)

    assert namespace.finish(name) == "Succeeded"
    assert namespace.nodes(name)["publish"]["phase"] == "Succeeded"


def test_a_question_that_expires_means_no(namespace: Space) -> None:
    name = namespace.submit(asking(duration="2s"))

    assert namespace.finish(name) == "Succeeded"
    assert namespace.nodes(name)["publish"]["phase"] == "Skipped"
    assert namespace.list("pods") == []


def test_a_cron_workflow_fires_on_the_minute(cluster: Cluster, namespace: Space) -> None:
    said = {"parameters": [{"name": "window", "value": "{{workflow.scheduledTime}}"}]}
    specified = specification(
        dag({"name": "check", "template": "check", "arguments": said}),
        step("check", "", ["{{inputs.parameters.window}}"], inputs={"parameters": [{"name": "window"}]}),
    )
    namespace.apply(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "CronWorkflow",
            "metadata": {"name": "drift"},
            "spec": {
                "schedules": ["* * * * *"],
                "timezone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": 50,
                "workflowSpec": specified,
            },
        }
    )
    cluster.wait("a workflow made by the clock", lambda: namespace.list("workflows"))
    (made,) = namespace.list("workflows")
    name = made["metadata"]["name"]

    assert namespace.finish(name) == "Succeeded"
    handed = namespace.nodes(name)["check"]["inputs"]
    assert handed["parameters"][0]["value"].endswith(":00Z")
