"""What a config may ask of a platform: a snapshot that pods can read, and resources within the maximum."""

from __future__ import annotations

from ml8s.catalogue import StepSpec
from ml8s.config.model import Config
from ml8s.errors import BeyondPlatform
from ml8s.platform.model import Platform


def check_snapshot(uri: str, platform: Platform) -> None:
    """Refuses a snapshot outside of the platform's buckets. A courtesy: what enforces it are the credentials.

    Raises:
        BeyondPlatform: the address is none of S3, or in a bucket that the platform does not list.
    """
    scheme, _, rest = uri.partition("://")
    bucket = rest.partition("/")[0]
    if scheme != "s3":
        raise BeyondPlatform(
            f"the snapshot {uri!r} is a place that pods cannot read",
            where="dataset_uri",
            cure="publish it with `ml8s data publish` and name its s3:// address: `--set dataset_uri=s3://…`",
        )
    if platform.allowed_buckets and bucket not in platform.allowed_buckets:
        raise BeyondPlatform(
            f"the bucket {bucket!r} of the snapshot is none of this platform's",
            where="dataset_uri",
            cure=f"use one of {', '.join(platform.allowed_buckets)}, or ask the platform team for this one",
        )


def resources_of(spec: StepSpec, config: Config, platform: Platform) -> tuple[float, str]:
    """CPUs and memory of a step: what the config asks for, or else the step's default, as far as the platform gives it.

    Raises:
        BeyondPlatform: the config asks for more than the platform's maximum.
    """
    asked, most = config.resources.model_fields_set, platform.maximum
    cpu = config.resources.cpu if "cpu" in asked else min(float(spec.cpu), most.cpu)
    memory = config.resources.memory if "memory" in asked else min(spec.memory, most.memory, key=mebibytes)
    if cpu > most.cpu:
        raise _beyond("cpu", f"{cpu:g}", f"{most.cpu:g}")
    if mebibytes(memory) > mebibytes(most.memory):
        raise _beyond("memory", memory, most.memory)
    return cpu, memory


def mebibytes(text: str) -> int:
    """The MiB of a size as Kubernetes writes it, such as 4Gi."""
    return int(text[:-2]) * (1024 if text.endswith("Gi") else 1)


def _beyond(name: str, asked: str, most: str) -> BeyondPlatform:
    return BeyondPlatform(
        f"the config asks for {name} {asked}, and this platform gives at most {most}",
        where=f"resources.{name}",
        cure=f"set `resources: {{{name}: {most}}}` or less",
    )
