"""The cluster's certificate authority, its certificates and its kubeconfigs."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.bed.commands import run
from tests.cluster.bed.places import API, HOST, NODE, SERVICE_OF_APISERVER, Places

_DAYS = "3650"


@dataclass(frozen=True)
class Identity:
    """Who a certificate speaks for; with `kubeconfig`, also a file to log in with."""

    name: str
    subject: str
    addresses: str = ""
    kubeconfig: bool = True


_APISERVER_NAMES = ",".join(
    [
        *(f"DNS:kubernetes{suffix}" for suffix in ("", ".default", ".default.svc", ".default.svc.cluster.local")),
        "DNS:localhost",
        "IP:127.0.0.1",
        f"IP:{HOST}",
        f"IP:{SERVICE_OF_APISERVER}",
    ]
)

IDENTITIES = (
    Identity("apiserver", "/CN=kube-apiserver", _APISERVER_NAMES, kubeconfig=False),
    Identity("apiserver-to-kubelet", "/O=system:masters/CN=apiserver-kubelet", kubeconfig=False),
    Identity("admin", "/O=system:masters/CN=admin"),
    Identity("controller-manager", "/CN=system:kube-controller-manager"),
    Identity("scheduler", "/CN=system:kube-scheduler"),
    Identity("proxy", "/CN=system:kube-proxy"),
    Identity("kubelet", f"/O=system:nodes/CN=system:node:{NODE}", f"DNS:{NODE},IP:{HOST}"),
    # The controllers act as upstream's own service accounts, with upstream's roles.
    Identity("workflow-controller", "/CN=system:serviceaccount:argo:argo"),
    Identity("rollouts-controller", "/CN=system:serviceaccount:argo-rollouts:argo-rollouts"),
    Identity("prometheus", "/O=system:masters/CN=prometheus"),
)


def issue_all(places: Places) -> None:
    """Make the authority, the service account keys, and every identity's files."""
    pki = places.pki
    pki.mkdir(parents=True, mode=0o700)
    _key(pki / "ca.key")
    run(["openssl", "req", "-x509", "-new", "-key", pki / "ca.key", "-days", _DAYS,
         "-subj", "/CN=ml8s-bed", "-out", pki / "ca.crt"])  # fmt: skip
    run(["openssl", "genrsa", "-out", pki / "sa.key", "2048"])
    run(["openssl", "rsa", "-in", pki / "sa.key", "-pubout", "-out", pki / "sa.pub"])
    for identity in IDENTITIES:
        _issue(pki, identity)
        if identity.kubeconfig:
            path = pki / f"{identity.name}.kubeconfig"
            path.write_text(kubeconfig(pki, identity.name))
            path.chmod(0o600)


def _key(path: Path) -> None:
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])


def _issue(pki: Path, identity: Identity) -> None:
    base = pki / identity.name
    key, request, extension = (base.with_suffix(end) for end in (".key", ".csr", ".ext"))
    _key(key)
    run(["openssl", "req", "-new", "-key", key, "-subj", identity.subject, "-out", request])
    names = f"subjectAltName={identity.addresses}\n" if identity.addresses else ""
    extension.write_text(f"keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n{names}")
    run(["openssl", "x509", "-req", "-in", request, "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key",
         "-CAcreateserial", "-days", _DAYS, "-extfile", extension, "-out", base.with_suffix(".crt")])  # fmt: skip


def kubeconfig(pki: Path, name: str) -> str:
    """Return a kubeconfig (JSON, which is YAML) that logs in as an identity."""

    def data(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    cluster = {"server": API, "certificate-authority-data": data(pki / "ca.crt")}
    user = {
        "client-certificate-data": data(pki / f"{name}.crt"),
        "client-key-data": data(pki / f"{name}.key"),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bed", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": name, "namespace": "ml8s"}}],
        "current-context": "bed",
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
