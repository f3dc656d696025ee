"""From a config and a platform to Argo objects: a WorkflowTemplate, and a small Workflow that refers to it.

A function of its arguments: offline, without a clock, byte-stable. One pod a step, the search unrolled; the tasks hand
each other one digest, that of a result object. User text enters only as the config itself, one base64 parameter.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import hera.workflows.models as m

from ml8s import step_variables
from ml8s.artifacts import sha256
from ml8s.catalogue import StepSpec
from ml8s.config.digests import pipeline_digest
from ml8s.config.loader import LoadedConfig
from ml8s.errors import BeyondPlatform
from ml8s.pipelines.pipeline import Pipeline, Task, Wiring
from ml8s.pipelines.train import TRAIN
from ml8s.platform.documents import document
from ml8s.platform.identities import PodIdentity, pod_identity, purposes
from ml8s.platform.limits import check_snapshot, resources_of
from ml8s.platform.model import Platform
from ml8s.platform.names import GROUP, MODEL_LABEL, PIPELINE_LABEL, kubernetes_name, node_name

API: Final = "argoproj.io/v1alpha1"
PYTHON: Final = "/opt/ml8s/bin/python"
SCRATCH: Final = "/scratch"
RESULT: Final = f"{SCRATCH}/result"
SHOW: Final = f"{SCRATCH}/show"
USER: Final = 10001
LARGEST_OBJECT: Final = 512 * 1024
START_SECONDS: Final = 600  # for pulling an image and being scheduled, beside a step's own deadline
# exitCode and retries are texts; retries is "0" after the first try and never has two digits. 75: temporary. 143: ended
# from outside. 137: killed, most often for its memory, so twice at most. All else would end the same way again.
RETRY: Final = 'lastRetry.status == "Error" || asInt(lastRetry.exitCode) in [75, 143, retries < "2" ? 137 : 0]'
# What evaluate leaves for people, from its ports: file in the port's artifact.
SHOWN: Final = {"report": "report.html", "metrics": "metrics.json"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """The objects of one config. ``template`` and ``workflow`` are YAML documents; ``name`` is the template's."""

    name: str
    namespace: str
    template: str
    workflow: str

    def files(self) -> dict[str, str]:
        """The documents by file name."""
        return {f"{self.name}-template.yaml": self.template, f"{self.name}-workflow.yaml": self.workflow}


def compile_config(loaded: LoadedConfig, platform: Platform, pipeline: Pipeline = TRAIN) -> Compiled:
    """Compiles a valid config for a platform.

    Raises:
        BeyondPlatform: pods cannot read the snapshot's address, or the config asks for more than the maximum.
    """
    check_snapshot(loaded.config.dataset_uri, platform)
    compiler = _Compiler(loaded, platform, pipeline.wire())
    name = f"{kubernetes_name(loaded.config.name or '')}-{pipeline.name}"
    template, workflow = _dump(compiler.template(name)), _dump(compiler.workflow(name))
    if len(template) > LARGEST_OBJECT:
        raise BeyondPlatform(
            f"{loaded.origin} compiles to {len(template)} bytes, and at most {LARGEST_OBJECT} fit into Kubernetes",
            where=loaded.origin,
            cure="shorten the lists of the config",
        )
    return Compiled(name, platform.namespace, template, workflow)


@dataclass(frozen=True)
class _Compiler:
    loaded: LoadedConfig
    platform: Platform
    wiring: Wiring

    def items(self, path: str) -> Sequence[str]:
        value: object = self.loaded.config
        for name in path.split("."):
            value = getattr(value, name)
        assert isinstance(value, tuple)
        return list(dict.fromkeys(map(str, value)))

    def template(self, name: str) -> m.WorkflowTemplate:
        tasks = self.wiring.tasks(self.items)
        parameters = {"config": self.config(), "until": "", "replay": "", "actor": ""}
        parameters |= {f"have-{node_name(task)}": "" for task in tasks if not task.spec.effect}
        # Without a target all tasks run: `ml8s run --until` names the last ones.
        dag = m.DAGTemplate(target="{{workflow.parameters.until}}", tasks=[self.task(task) for task in tasks])
        return m.WorkflowTemplate(
            api_version=API,
            kind="WorkflowTemplate",
            metadata=self.metadata(name=name),
            spec=m.WorkflowSpec(
                entrypoint="main",
                arguments=_parameters(parameters),
                service_account_name=self.platform.service_accounts.runner,
                automount_service_account_token=False,
                executor=m.ExecutorConfig(service_account_name=self.platform.service_accounts.executor),
                security_context=m.PodSecurityContext(
                    run_as_non_root=True,
                    run_as_user=USER,
                    run_as_group=USER,
                    fs_group=USER,
                    seccomp_profile=m.SeccompProfile(type="RuntimeDefault"),
                ),
                active_deadline_seconds=sum(self.seconds(task.spec) for task in tasks),
                archive_logs=True,
                artifact_repository_ref=m.ArtifactRepositoryRef(
                    config_map=self.platform.artifacts.config_map, key=self.platform.artifacts.key
                ),
                artifact_gc=m.WorkflowLevelArtifactGC(strategy="Never"),
                pod_gc=m.PodGC(strategy="OnPodSuccess"),
                ttl_strategy=m.TTLStrategy(seconds_after_completion=self.platform.keep_runs),
                workflow_metadata=m.WorkflowMetadata(labels=self.labels()),
                pod_metadata=m.Metadata(labels=self.labels()),
                volumes=[m.Volume(name="scratch", empty_dir=m.EmptyDirVolumeSource())],
                templates=[m.Template(name="main", dag=dag), *map(self.step, self.wiring.specs)],
            ),
        )

    def workflow(self, name: str) -> m.Workflow:
        return m.Workflow(
            api_version=API,
            kind="Workflow",
            metadata=self.metadata(generate_name=f"{name}-"),
            spec=m.WorkflowSpec(workflow_template_ref=m.WorkflowTemplateRef(name=name)),
        )

    def config(self) -> str:
        text = self.loaded.config.model_dump_json(exclude_unset=True)
        return base64.b64encode(text.encode("utf-8")).decode("ascii")

    def labels(self) -> dict[str, str]:
        return {MODEL_LABEL: self.loaded.config.name or "", PIPELINE_LABEL: self.wiring.name}

    def metadata(self, **names: str) -> m.ObjectMeta:
        annotations = {
            "workflows.argoproj.io/title": f"{self.loaded.config.name}: {self.wiring.name}",
            f"{GROUP}/config-digest": pipeline_digest(self.loaded.config, self.wiring.specs),
        }
        return m.ObjectMeta(namespace=self.platform.namespace, labels=self.labels(), annotations=annotations, **names)

    def producers(self, task: Task) -> list[Task]:
        sources = self.wiring.sources(task, self.items)
        return list(dict.fromkeys(source.producer for source in sources if source.producer is not None))

    def awaited(self, task: Task) -> list[Task]:
        """The producers that no other producer of the task waits for already."""
        made = self.producers(task)
        return [one for one in made if not any(one in self.producers(other) for other in made)]

    def task(self, task: Task) -> m.DAGTask:
        name, spec = node_name(task), task.spec
        arguments = {"item": task.item} if task.item else {}
        if self.producers(task):
            arguments["from"] = ",".join(_result_of(node_name(made)) for made in self.producers(task))
        awaited = [node_name(made) for made in self.awaited(task)]
        return m.DAGTask(
            name=name,
            template=kubernetes_name(spec.name),
            depends=" && ".join(awaited) or None,  # a name alone: it succeeded, or was skipped
            when=None if spec.effect else f"'{{{{workflow.parameters.have-{name}}}}}' == ''",
            arguments=_parameters(arguments) if arguments else None,
        )

    def step(self, spec: StepSpec) -> m.Template:
        effect, identity = spec.effect, pod_identity(self.platform.credentials, purposes(spec))
        inputs = [name for name, there in (("item", spec.fan_out), ("from", self.wired(spec))) if there]
        mutex = m.Mutex(name=f"register-{kubernetes_name(self.loaded.config.name or '')}")
        item = {f"{GROUP}/item": "{{inputs.parameters.item}}"} if spec.fan_out else {}
        return m.Template(
            name=kubernetes_name(spec.name),
            metadata=m.Metadata(labels={f"{GROUP}/step": spec.name, **item}),
            inputs=m.Inputs(parameters=[m.Parameter(name=name) for name in inputs]) if inputs else None,
            outputs=self.outputs(spec),
            service_account_name=identity.account,
            active_deadline_seconds=m.IntOrString(root=self.seconds(spec)),
            retry_strategy=m.RetryStrategy(
                limit=m.IntOrString(root="3"),
                retry_policy="Always",
                expression=RETRY,
                backoff=m.Backoff(duration="5s", factor=m.IntOrString(root="3")),
            ),
            # Training runs of one model may overlap, what they write to the registry may not.
            synchronization=m.Synchronization(mutexes=[mutex]) if effect else None,
            container=self.container(spec, inputs, identity),
        )

    def wired(self, spec: StepSpec) -> bool:
        return any(consumer == spec.name for _, _, consumer in self.wiring.edges())

    def container(self, spec: StepSpec, inputs: Sequence[str], identity: PodIdentity) -> m.Container:
        cpu, memory = resources_of(spec, self.loaded.config, self.platform)
        image = getattr(self.platform.images, spec.image)
        amounts = {"cpu": m.Quantity(root=f"{cpu:g}"), "memory": m.Quantity(root=memory)}
        args = [spec.name, "--store", self.platform.store.uri, "--result", RESULT]
        args += ["--attempt", "{{workflow.name}}"]
        args += ["--show", SHOW] if _shown(spec) else []
        args += [word for name in inputs for word in (f"--{name}", f"{{{{inputs.parameters.{name}}}}}")]
        return m.Container(
            image=image,
            command=[PYTHON, "-m", "ml8s.steps"],
            args=args,
            env=self.environment(spec, image, max(1, int(cpu))),
            env_from=[
                m.EnvFromSource(prefix=purpose.prefix, secret_ref=m.SecretEnvSource(name=secret))
                for purpose, secret in identity.secrets
            ]
            or None,
            resources=m.ResourceRequirements(limits=amounts),  # what is requested defaults to the limits
            volume_mounts=[m.VolumeMount(name="scratch", mount_path=SCRATCH)],
            security_context=m.SecurityContext(
                allow_privilege_escalation=False,
                capabilities=m.Capabilities(drop=["ALL"]),
                read_only_root_filesystem=True,
            ),
        )

    def environment(self, spec: StepSpec, image: str, threads: int) -> list[m.EnvVar]:
        store = self.platform.store
        values = {
            step_variables.CONFIG: "{{workflow.parameters.config}}",
            step_variables.COMPILED_FROM: sha256(self.config().encode())[
                :16
            ],  # against mistakes, repeated in every step
            step_variables.IMAGE: image.partition("@")[2],
            "OMP_NUM_THREADS": str(threads),
            "AWS_REGION": store.region,
            **({"AWS_ENDPOINT_URL": store.endpoint} if store.endpoint else {}),
            **({step_variables.REPLAY: "{{workflow.parameters.replay}}"} if spec.budgeted else {}),
            **({step_variables.ACTOR: "{{workflow.parameters.actor}}"} if spec.effect else {}),
        }
        return [m.EnvVar(name=name, value=value) for name, value in values.items()]

    def outputs(self, spec: StepSpec) -> m.Outputs:
        parameters = [_output("result", RESULT)]
        if shown := _shown(spec):
            parameters += [_output("decision", f"{SHOW}/decision"), _output("metric", f"{SHOW}/metric")]
        return m.Outputs(parameters=parameters, artifacts=[self.artifact(port) for port in shown] or None)

    def artifact(self, port: str) -> m.Artifact:
        key = f"{self.platform.artifacts.prefix}/{{{{workflow.name}}}}/{SHOWN[port]}"
        return m.Artifact(
            name=port,
            path=f"{SHOW}/{SHOWN[port]}",
            archive=m.ArchiveStrategy(none=m.NoneStrategy()),
            optional=True,
            s3=m.S3Artifact(key=key),
        )

    def seconds(self, spec: StepSpec) -> int:
        budget = self.loaded.config.automl.time_budget if spec.budgeted else 0
        return int(spec.timeout + 2 * budget + START_SECONDS)


def _shown(spec: StepSpec) -> list[str]:
    return [port.name for port in spec.outputs if port.name in SHOWN]


def _parameters(values: Mapping[str, str]) -> m.Arguments:
    return m.Arguments(parameters=[m.Parameter(name=name, value=value) for name, value in values.items()])


def _output(name: str, path: str) -> m.Parameter:
    # Without a default a reference to the output of a skipped task fails the node.
    return m.Parameter(name=name, value_from=m.ValueFrom(path=path, default=""))


def _result_of(node: str) -> str:
    # One of the two is empty: a task that was skipped gives its default, and is skipped only where it has a digest.
    return f"{{{{tasks.{node}.outputs.parameters.result}}}}{{{{workflow.parameters.have-{node}}}}}"


def _dump(thing: m.WorkflowTemplate | m.Workflow) -> str:
    return document(thing.model_dump(mode="json", by_alias=True, exclude_none=True))
