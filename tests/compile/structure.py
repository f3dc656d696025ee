"""What must hold of every compiled WorkflowTemplate; each fault in words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ml8s.catalogue import StepSpec, step
from ml8s.config.model import Config
from ml8s.pipelines.pipeline import Task
from ml8s.pipelines.train import TRAIN
from ml8s.platform.names import node_name
from ml8s.runner.program import fan_out_items

Object = Mapping[str, Any]
IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}")
REFERENCE = re.compile(r"\{\{([^}]*)\}\}")
SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
RETRY = 'lastRetry.status == "Error" || asInt(lastRetry.exitCode) in [75, 143, retries < "2" ? 137 : 0]'
# What a person opens in the Argo UI: artifact to file, and what is read beside a node's name.
SHOWN = {"evaluate": {"report": "report.html", "metrics": "metrics.json"}}
TOLD = {"evaluate": ("decision", "metric")}
POD_SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def faults(template: Object, config: Config) -> list[str]:
    """Everything that is wrong with a compiled WorkflowTemplate."""
    return [*_spec(template), *_dag(template, config), *_containers(template, config), *_names(template, config)]


def _templates(template: Object) -> dict[str, Object]:
    return {each["name"]: each for each in template["spec"]["templates"]}


def _leaves(template: Object) -> dict[str, Object]:
    return {name: each for name, each in _templates(template).items() if name != "main"}


def _tasks(config: Config) -> dict[str, Task]:
    wiring = TRAIN.wire()
    return {node_name(task): task for task in wiring.tasks(lambda path: fan_out_items(config, path))}


def _producers(config: Config, task: Task) -> list[str]:
    sources = TRAIN.wire().sources(task, lambda path: fan_out_items(config, path))
    return list(dict.fromkeys(node_name(source.producer) for source in sources if source.producer))


def _spec(template: Object) -> Iterator[str]:
    spec = template["spec"]
    expected = {
        "entrypoint": "main", "automountServiceAccountToken": False, "archiveLogs": True,
        "podGC": {"strategy": "OnPodSuccess"}, "artifactGC": {"strategy": "Never"},
    }  # fmt: skip
    yield from (f"spec.{name} is not {value}" for name, value in expected.items() if spec.get(name) != value)
    for name in ("ttlStrategy", "activeDeadlineSeconds", "serviceAccountName", "artifactRepositoryRef"):
        if not spec.get(name):
            yield f"spec.{name} is missing"
    if not spec.get("executor", {}).get("serviceAccountName"):
        yield "the executor has no account"
    security = spec.get("securityContext", {})
    if any(security.get(name) != value for name, value in POD_SECURITY.items()) or not security.get("runAsUser"):
        yield "the pods' security context is not hardened"
    dags = [name for name, each in _templates(template).items() if "dag" in each or "steps" in each]
    if dags != ["main"]:
        yield f"there is not one DAG: {dags}"
    if len(_templates(template)) != len(spec["templates"]):
        yield "two templates have one name"


def _parameters(template: Object) -> dict[str, str]:
    return {each["name"]: each["value"] for each in template["spec"]["arguments"]["parameters"]}


def _dag(template: Object, config: Config) -> Iterator[str]:
    tasks = {task["name"]: task for task in _templates(template)["main"]["dag"]["tasks"]}
    expected = _tasks(config)
    if list(tasks) != list(expected):
        yield f"the tasks are {list(tasks)}"
    parameters = _parameters(template)
    for name, task in tasks.items():
        if name not in expected:
            continue
        yield from _task(name, task, expected[name], config)
        have = f"have-{name}"
        if not expected[name].spec.effect and parameters.get(have) != "":
            yield f"{have} is no parameter with an empty default"
    if parameters.get("until") != "" or parameters.get("replay") != "":
        yield "a run stops early, or replays, without being asked"
    if _templates(template)["main"]["dag"].get("target") != "{{workflow.parameters.until}}":
        yield "the DAG does not stop where it is told to"
    for name in parameters:
        if name not in ("config", "until", "replay") and name.removeprefix("have-") not in expected:
            yield f"the parameter {name} belongs to no task"


def _task(name: str, task: Object, expected: Task, config: Config) -> Iterator[str]:
    if task["template"] != expected.spec.name:
        yield f"{name} runs {task['template']}"
    arguments = {each["name"]: each["value"] for each in task.get("arguments", {}).get("parameters", [])}
    if arguments.pop("item", None) != expected.item:
        yield f"{name} works on another item"
    made = _producers(config, expected)
    fed = ",".join(f"{{{{tasks.{m}.outputs.parameters.result}}}}{{{{workflow.parameters.have-{m}}}}}" for m in made)
    if arguments.pop("from", "") != fed or arguments:
        yield f"{name} is not fed by {made}"
    when = None if expected.spec.effect else f"'{{{{workflow.parameters.have-{name}}}}}' == ''"
    if task.get("when") != when:
        yield f"{name} is skipped by {task.get('when')}"
    if not set(made) <= _ancestors(config, task):
        yield f"{name} does not wait for all of {made}"


def _parts(task: Object) -> list[str]:
    return str(task["depends"]).split(" && ") if "depends" in task else []


def _ancestors(config: Config, task: Object) -> set[str]:
    waited = set(_parts(task))
    if not all(re.fullmatch(r"[a-z-]+", part) for part in waited):  # a name alone: it succeeded, or was skipped
        return set()
    tasks = _tasks(config)
    return waited | {above for one in waited if one in tasks for above in _producers_of_all(config, tasks[one])}


def _producers_of_all(config: Config, task: Task) -> set[str]:
    tasks = _tasks(config)
    direct = set(_producers(config, task))
    return direct | {above for one in direct for above in _producers_of_all(config, tasks[one])}


def _containers(template: Object, config: Config) -> Iterator[str]:
    for name, each in _leaves(template).items():
        if "container" not in each:
            yield f"{name} is no container"
            continue
        container, spec = each["container"], step(name)
        if not IMAGE.fullmatch(container.get("image", "")):
            yield f"{name} has no image by digest"
        if f"/ml8s-{spec.image}@" not in container.get("image", ""):
            yield f"{name} runs in the image of another family"
        if container.get("imagePullPolicy") != "IfNotPresent":
            yield f"{name} pulls its image again"
        if container.get("command") != ["/opt/ml8s/bin/python", "-m", "ml8s.steps"]:
            yield f"{name} leaves its command to a registry"
        if container.get("securityContext") != SECURITY:
            yield f"{name} is not hardened"
        if set(container.get("resources", {}).get("limits", {})) != {"cpu", "memory"}:
            yield f"{name} has no limits"
        if _secrets(container) != _purposes(spec):
            yield f"{name} is given the keys {_secrets(container)}"
        yield from _arguments(name, each)
        yield from _limits(name, each, f"register-{_kubernetes(config.name)}" if spec.effect else None)
        yield from _environment(name, container, _parameters(template).get("config", ""))


def _secrets(container: Object) -> dict[str, str]:
    return {each.get("prefix", ""): each["secretRef"]["name"] for each in container.get("envFrom", [])}


def _purposes(spec: StepSpec) -> dict[str, str]:
    """Who registers has the registry's keys, who reads the snapshot the data's; every step has the store's."""
    found = {"ML8S_STORE_": "ml8s-store"}
    if "snapshot" in {port.name for port in spec.inputs}:
        found["ML8S_DATA_"] = "ml8s-data"
    if spec.name == "register":
        found["ML8S_REGISTRY_"] = "ml8s-registry"
    return found


def _kubernetes(name: str | None) -> str:
    return str(name).replace("_", "-")


def _arguments(name: str, each: Object) -> Iterator[str]:
    args = each["container"]["args"]
    options = dict(zip(args[1::2], args[2::2], strict=False))
    inputs = [parameter["name"] for parameter in each.get("inputs", {}).get("parameters", [])]
    if args[0] != name or set(options) - {"--store", "--result", "--attempt", "--show", "--item", "--from"}:
        yield f"{name} is called with {args}"
    if options.get("--attempt") != "{{workflow.name}}":
        yield f"{name} does not know its run"
    if {f"--{one}": f"{{{{inputs.parameters.{one}}}}}" for one in inputs} != {
        key: value for key, value in options.items() if key in ("--item", "--from")
    }:
        yield f"{name} does not hand its inputs on"
    if not options.get("--store", "").startswith("s3://"):
        yield f"{name} has no store"
    if ("--show" in options) != (name in SHOWN):
        yield f"{name} leaves nothing to see, or something that nobody shows"
    yield from _outputs(name, each.get("outputs", {}), options)
    yield from _artifacts(name, each.get("outputs", {}).get("artifacts", []), options.get("--show"))


def _limits(name: str, each: Object, mutex: str | None) -> Iterator[str]:
    retry = each.get("retryStrategy", {})
    if retry.get("retryPolicy") != "Always" or retry.get("expression") != RETRY or retry.get("limit") != "3":
        yield f"{name} is retried otherwise"
    if not isinstance(each.get("activeDeadlineSeconds"), int):
        yield f"{name} has no deadline"
    if each.get("synchronization") != (None if mutex is None else {"mutexes": [{"name": mutex}]}):
        yield f"{name} has another mutex than {mutex}"


def _outputs(name: str, outputs: Object, options: Mapping[str, str]) -> Iterator[str]:
    found = {one["name"]: one["valueFrom"] for one in outputs.get("parameters", [])}
    paths = {"result": options.get("--result")}
    paths |= {told: f"{options.get('--show')}/{told}" for told in TOLD.get(name, ())}
    if {key: value["path"] for key, value in found.items()} != paths:
        yield f"{name} hands on {sorted(found)}"
    if any(value.get("default") != "" for value in found.values()):
        yield f"{name} has an output without an empty default"


def _artifacts(name: str, artifacts: list[Object], show: str | None) -> Iterator[str]:
    files = SHOWN.get(name, {})
    if {one["name"]: one.get("path") for one in artifacts} != {port: f"{show}/{file}" for port, file in files.items()}:
        yield f"{name} shows {[one['name'] for one in artifacts]}"
    for one in artifacts:
        if one.get("archive") != {"none": {}} or set(one.get("s3", {})) != {"key"}:
            yield f"{name} archives {one['name']}, or names a bucket"
        elif not one["s3"]["key"].endswith(f"/{{{{workflow.name}}}}/{files.get(one['name'])}"):
            yield f"{name} keeps {one['name']} where another run's may lie"
        if one.get("optional") is not True:
            yield f"{name} fails without {one['name']}, as after a hit in its cache"


def _environment(name: str, container: Object, config: str) -> Iterator[str]:
    found = {each["name"]: each.get("value") for each in container["env"]}
    if found.get("ML8S_CONFIG_SHA256") != hashlib.sha256(config.encode()).hexdigest()[:16]:
        yield f"{name} does not know what it was compiled from"
    if step(name).budgeted != (found.get("ML8S_REPLAY") == "{{workflow.parameters.replay}}"):
        yield f"{name} replays where it must not, or does not where it must"
    limits = container["resources"].get("limits", {})
    if found.get("ML8S_CONFIG") != "{{workflow.parameters.config}}":
        yield f"{name} has no config"
    if found.get("ML8S_IMAGE_DIGEST") != container.get("image", "").partition("@")[2]:
        yield f"{name} believes to be another image"
    if found.get("OMP_NUM_THREADS") != str(max(1, int(float(limits.get("cpu", 0))))):
        yield f"{name} has other threads than CPUs"
    if any("SECRET" in key or "KEY" in key for key in found):
        yield f"{name} shows a secret"
    mounts = {mount["mountPath"] for mount in container.get("volumeMounts", [])}
    if "/scratch" not in mounts:
        yield f"{name} has no place to write"


def _names(template: Object, config: Config) -> Iterator[str]:
    annotations = template["metadata"].get("annotations", {})
    if annotations.get("workflows.argoproj.io/title") != f"{config.name}: train":
        yield "the title does not say model and pipeline"
    if not re.fullmatch(r"[0-9a-f]{64}", annotations.get("ml8s.dev/config-digest", "")):
        yield "the digest of the config is not told"
    labels = [template["metadata"]["labels"], template["spec"].get("workflowMetadata", {}).get("labels", {})]
    for each in labels:
        if set(each) != {"ml8s.dev/model", "ml8s.dev/pipeline"} or any(len(value) > 63 for value in each.values()):
            yield "the labels do not say model and pipeline"
    fanned_out = {task.spec.name for task in _tasks(config).values() if task.item}
    for name, each in _leaves(template).items():
        if each.get("metadata", {}).get("labels", {}).get("ml8s.dev/step") != name:
            yield f"the pods of {name} do not say their step"
        item = each.get("metadata", {}).get("labels", {}).get("ml8s.dev/item")
        if item != ("{{inputs.parameters.item}}" if name in fanned_out else None):
            yield f"the pods of {name} do not say what they work on"
    known = {"workflow.name", "workflow.parameters.config", "inputs.parameters.from", "inputs.parameters.item"}
    known |= {f"workflow.parameters.{each['name']}" for each in template["spec"]["arguments"]["parameters"]}
    tasks = [task["name"] for task in _templates(template)["main"]["dag"]["tasks"]]
    known |= {f"tasks.{task}.outputs.parameters.result" for task in tasks}
    for reference in REFERENCE.findall(str(template)):
        if reference not in known:
            yield f"{reference} is no reference"
