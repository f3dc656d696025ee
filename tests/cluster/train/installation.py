"""`kubectl apply -k workflow-templates/install` as a platform team does it, in a namespace of a test."""

import json
import shutil
from pathlib import Path

import yaml

from tests.cluster.bed import objects
from tests.cluster.bed.cluster import Cluster, Space
from tests.cluster.bed.places import ACCESS_KEY, REPOSITORY, S3, SECRET_KEY
from tests.cluster.bed.storage import Bucket

INSTALL = REPOSITORY / "workflow-templates" / "install"


def install(cluster: Cluster, name: str, test: str, bucket: Bucket, folder: Path) -> Space:
    """Apply a copy of the installation, edited as its guide says: bucket, endpoint, and the namespace's name."""
    copy = folder / "install"
    shutil.copytree(INSTALL, copy)
    artifacts = copy / "artifacts.yaml"
    text = artifacts.read_text().replace("minio.minio:9000", S3.removeprefix("http://"))
    text = text.replace("bucket: ml8s", f"bucket: {bucket.name}")
    artifacts.write_text(text.replace("keyFormat: argo/", f"keyFormat: {bucket.prefix}argo/"))
    accounts = copy / "accounts.yaml"  # kustomize leaves the subjects of bindings as they are
    accounts.write_text(accounts.read_text().replace("namespace: ml8s}", f"namespace: {name}}}"))
    network = copy / "network.yaml"
    port = S3.rpartition(":")[2]
    network.write_text(network.read_text().replace("port: 9000", f"port: {port}"))
    overlay = folder / "overlay"
    overlay.mkdir()
    labels = {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {"name": "ml8s", "labels": {objects.TEST_LABEL: test}},
    }
    (overlay / "label.yaml").write_text(yaml.safe_dump(labels))
    here = {"namespace": name, "resources": ["../install"], "patches": [{"path": "label.yaml"}]}
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(here))
    cluster.kubectl("apply", "--server-side", "-k", overlay)
    return Space(cluster, name)


def deployer(space: Space, folder: Path) -> Path:
    """A kubeconfig of the account `ml8s-deployer`, which has the rights of the installation and no more."""
    token = space.kubectl("create", "token", "ml8s-deployer", "--duration=1h").strip()
    admin = yaml.safe_load(space.cluster.places.kubeconfig.read_text())
    [cluster] = admin["clusters"]
    user = {"name": "deployer", "user": {"token": token}}
    context = {"name": "deployer", "context": {"cluster": cluster["name"], "user": "deployer"}}
    value = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [user], "contexts": [context]}
    path = folder / "deployer.kubeconfig"
    path.write_text(yaml.safe_dump({**value, "current-context": "deployer"}))
    path.chmod(0o600)
    return path


def argo_keys(space: Space) -> None:
    """The Secret that the artifact repository names, with the bed's own keys: Argo takes no session token."""
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argo-s3"}, "stringData": keys})
    found = space.get("configmap", "artifact-repositories")
    text = found["data"]["default"].replace("ml8s-store", "argo-s3")
    space.kubectl("patch", "configmap", "artifact-repositories", "-p", json.dumps({"data": {"default": text}}))
