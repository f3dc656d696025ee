"""workflow-templates/install: least rights, a restricted namespace, and the names that the compiler uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ml8s.platform.model import Artifacts, Platform, ServiceAccounts

FOLDER = Path(__file__).parents[2] / "workflow-templates" / "install"


def installed() -> list[dict[str, Any]]:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    found = [each for name in kustomization["resources"] for each in yaml.safe_load_all((FOLDER / name).read_text())]
    assert kustomization["namespace"] == Platform.model_fields["namespace"].default
    return found


def named(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in installed() if each["kind"] == kind}


def test_the_namespace_admits_restricted_pods_only() -> None:
    labels = named("Namespace")["ml8s"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_accounts_are_those_that_the_compiler_names() -> None:
    accounts = named("ServiceAccount")
    defaults = ServiceAccounts()
    assert {defaults.runner, defaults.executor} < set(accounts)
    assert all(each["automountServiceAccountToken"] is False for each in accounts.values())


def test_the_runner_has_no_rights_and_the_executor_one() -> None:
    bound = {subject["name"] for each in named("RoleBinding").values() for subject in each["subjects"]}
    assert bound == {"ml8s-executor", "ml8s-deployer"}
    [rule] = named("Role")["ml8s-executor"]["rules"]
    assert rule == {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}


def test_nobody_may_read_secrets_delete_or_use_a_wildcard() -> None:
    for role in named("Role").values():
        for rule in role["rules"]:
            assert not {"secrets", "*", "pods/exec"} & set(rule["resources"])
            assert not {"delete", "deletecollection", "*"} & set(rule["verbs"])
    assert not [each for each in installed() if each["kind"].startswith("Cluster")]


def test_the_artifact_repository_is_the_one_that_the_compiler_names() -> None:
    repository = named("ConfigMap")[Artifacts().config_map]["data"]
    settings = yaml.safe_load(repository[Artifacts().key])["s3"]
    assert settings["accessKeySecret"] == {"name": "ml8s-store", "key": "AWS_ACCESS_KEY_ID"}


def test_nobody_calls_a_pod_of_a_step() -> None:
    policies = named("NetworkPolicy")
    assert policies["ml8s-no-ingress"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert policies["ml8s-egress"]["spec"]["podSelector"]["matchLabels"] == {"ml8s.dev/pipeline": "train"}
