"""What ``platform.yaml`` may say: the platform team's one file. Nothing of it is needed to train on a laptop."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints, model_validator

from ml8s.config.model import Section, field
from ml8s.errors import InvalidStoreUri
from ml8s.storage.uri import parse_address

DNS_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
IMAGE_PATTERN = r"^[a-z0-9]([a-z0-9._:/-]{0,200}[a-z0-9])?@sha256:[0-9a-f]{64}$"
URL_PATTERN = r"^https?://[A-Za-z0-9.:_-]+(/[A-Za-z0-9._~/-]*)?$"
BUCKET_PATTERN = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
PREFIX_PATTERN = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"

DnsName = Annotated[str, StringConstraints(pattern=DNS_PATTERN)]
ImageByDigest = Annotated[str, StringConstraints(pattern=IMAGE_PATTERN)]
Url = Annotated[str, StringConstraints(pattern=URL_PATTERN)]
STORE_PATTERN = r"^s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[A-Za-z0-9._-]+)*$"


def _opens(uri: str) -> str:
    """The address, where pods will be able to open it: their reader of addresses has the last word."""
    try:
        parse_address(uri)
    except InvalidStoreUri as error:
        raise ValueError(f"{error.message}: {error.cure}") from error
    return uri


StoreUri = Annotated[str, StringConstraints(pattern=STORE_PATTERN), AfterValidator(_opens)]
Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}(Mi|Gi)$")]


class StorePlace(Section):
    """Where artifacts, cache and registry lie."""

    uri: StoreUri = field(..., "Address of the store, the same for every user.", example="s3://ml8s/store")
    endpoint: Url | None = field(
        None, "Endpoint of the S3 server; AWS where not given.", example="http://minio.minio:9000"
    )
    region: DnsName = field("us-east-1", "Region of the S3 server.", example="eu-west-1")


class Credential(Section):
    """One identity: the keys of a Secret, or a service account with a workload identity."""

    secret: DnsName | None = field(
        None, "Name of a Secret with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.", example="ml8s-store"
    )
    workload_identity: DnsName | None = field(
        None, "Name of a service account that the cloud knows.", example="ml8s-store"
    )

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Credential:
        if (self.secret is None) == (self.workload_identity is None):
            raise ValueError("give either `secret` or `workload_identity`")
        return self


class Credentials(Section):
    """Who a pod is towards the object store, by purpose: data, store, registry."""

    data: Credential | None = field(
        None,
        "Reads snapshots and nothing else; the store's identity where not given.",
        example={"secret": "ml8s-data"},
    )
    store: Credential = field(
        ..., "Reads the store, writes blobs and cache, no records.", example={"secret": "ml8s-store"}
    )
    registry: Credential = field(
        ..., "Creates records and events; only the step register has it.", example={"secret": "ml8s-registry"}
    )

    @model_validator(mode="after")
    def _one_workload_identity_in_a_pod(self) -> Credentials:
        data = self.data.workload_identity if self.data else None
        if data and self.store.workload_identity and data != self.store.workload_identity:
            raise ValueError("a pod has one workload identity: name the same for data and store, or a secret for one")
        return self


class Images(Section):
    """The step images, by digest; `make images` prints them."""

    core: ImageByDigest = field(
        ..., "Image of validate, split, featurize and register.", example=f"localhost/ml8s-core@sha256:{'0' * 64}"
    )
    train: ImageByDigest = field(
        ..., "Image of search, select and evaluate.", example=f"localhost/ml8s-train@sha256:{'0' * 64}"
    )


class ServiceAccounts(Section):
    """The service accounts of `workflow-templates/install`."""

    runner: DnsName = field("ml8s-runner", "Account of a step's pod; it has no rights.", example="ml8s-runner")
    executor: DnsName = field(
        "ml8s-executor", "Account with which Argo reports a step's outputs.", example="ml8s-executor"
    )


class Maximum(Section):
    """The most that a config may ask for one step."""

    cpu: float = field(16, "CPUs.", example=16, unit="cores", gt=0, le=256)
    memory: Memory = field("64Gi", "Memory.", example="64Gi", unit="Mi or Gi")


class Artifacts(Section):
    """Where what people open in the Argo UI goes: reports, metrics, logs."""

    config_map: DnsName = field(
        "artifact-repositories", "ConfigMap that names the artifact repository.", example="artifact-repositories"
    )
    key: DnsName = field("default", "Key of the repository in that ConfigMap.", example="default")
    prefix: Annotated[str, StringConstraints(pattern=PREFIX_PATTERN, max_length=200)] = field(
        "argo", "What the keys of reports begin with.", example="argo"
    )


class Platform(Section):
    """Where and with what ML8s runs on a cluster."""

    store: StorePlace = field(..., "Where everything is kept.", example={"uri": "s3://ml8s/store"})
    credentials: Credentials = field(..., "Identities by purpose.", example={"store": {"secret": "ml8s-store"}})
    namespace: DnsName = field("ml8s", "Namespace of runs.", example="ml8s")
    images: Images = field(..., "Step images by digest.", example={"core": "localhost/ml8s-core@sha256:…"})
    service_accounts: ServiceAccounts = field(ServiceAccounts(), "Service accounts.", example={"runner": "ml8s-runner"})
    allowed_buckets: tuple[Annotated[str, StringConstraints(pattern=BUCKET_PATTERN)], ...] = field(
        (), "Buckets that a snapshot may lie in; any where the list is empty.", example=["ml-datasets"]
    )
    maximum: Maximum = field(
        Maximum(), "Most resources of one step; what a step gets by default is cut to it.", example={"cpu": 16}
    )
    artifacts: Artifacts = field(Artifacts(), "Reports and logs in the Argo UI.", example={"prefix": "argo"})
    keep_runs: int = field(
        604800, "How long a finished Workflow object is kept.", example=604800, unit="seconds", ge=60, le=31536000
    )
    ui: Url | None = field(None, "Address of the Argo UI.", example="https://argo.example.com")
