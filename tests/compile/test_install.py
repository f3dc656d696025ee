"""workflow-templates/install: least rights, a restricted namespace, and the names that the compiler uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from ml8s.platform.model import Artifacts, Platform, ServiceAccounts
from ml8s.platform.reading import load_platform

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


def policy(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "policies" / f"{name}.json").read_text())["Statement"]
    return found


def writable(name: str) -> set[str]:
    """The resources below which an identity may write or delete."""
    statements = [each for each in policy(name) if {"s3:PutObject", "s3:DeleteObject"} & set(each["Action"])]
    return {resource.removeprefix("arn:aws:s3:::") for each in statements for resource in each["Resource"]}


def test_each_policy_writes_its_own_part_and_only_the_registry_s_the_registry() -> None:
    assert writable("data") == set()
    assert writable("registry") == {"ml8s/store/registry/*"}
    assert not [each for each in writable("store") if each.endswith("store/*") or "registry" in each]
    assert all(each["Effect"] == "Allow" for name in ("data", "store", "registry") for each in policy(name))
    assert not any("s3:DeleteObject" in each["Action"] for name in ("data", "registry") for each in policy(name))


def test_the_policies_and_secrets_are_those_of_the_example_platform() -> None:
    platform = load_platform(str(FOLDER.parent / "platform.example.yaml"))
    secrets = [
        each["metadata"]["name"] for each in yaml.safe_load_all((FOLDER / "credentials.example.yaml").read_text())
    ]
    named = platform.credentials
    assert named.data is not None
    assert secrets == [named.data.secret, named.store.secret, named.registry.secret]
    place = platform.store.uri.removeprefix("s3://")
    assert f"{place}/blobs/*" in writable("store")
    assert writable("registry") == {f"{place}/registry/*"}
    assert f"{place.partition('/')[0]}/{platform.artifacts.prefix}/*" in writable("store")
    assert {f"arn:aws:s3:::{name}" for name in platform.allowed_buckets} <= set(policy("data")[0]["Resource"])


def test_nobody_calls_a_pod_of_a_step() -> None:
    policies = named("NetworkPolicy")
    assert policies["ml8s-no-ingress"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert policies["ml8s-egress"]["spec"]["podSelector"]["matchExpressions"] == [
        {"key": "ml8s.dev/pipeline", "operator": "Exists"}
    ]
