"""How each daemon is started, and the configuration files it reads.

Values in, values out: `files` and the functions that return a Daemon only
describe. What each unusual setting is for stands beside it.
"""

import json

from tests.cluster.bed.builds import Programs
from tests.cluster.bed.daemons import Daemon
from tests.cluster.bed.images import EXECUTOR, PAUSE
from tests.cluster.bed.places import (
    ACCESS_KEY,
    API,
    BRIDGE,
    HOST,
    NODE,
    POD_RANGE,
    PROMETHEUS,
    S3,
    SECRET_KEY,
    SERVICE_RANGE,
    Places,
)

CGROUP = "/ml8s-bed"
_ETCD = "http://127.0.0.1:2379"
_CONTAINERD = """\
version = 2
root = "{places.containerd}"
state = "{places.run}/containerd"
[grpc]
  address = "{places.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without this every pod fails where the shell lacks CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  # So that every pod's network namespace lies in a folder that is the bed's.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "{places.run}/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{places.state}/cni"
"""


def files(places: Places) -> dict[str, str]:
    """Return the configuration files, by their path below `state`."""
    documents = {
        "cni/10-bed.conflist": _pod_network(places),
        "kubelet.yaml": _kubelet_configuration(places),
        "proxy.yaml": _proxy_configuration(places),
        "prometheus.yaml": _prometheus_configuration(places),
    }
    rendered = {name: json.dumps(document, indent=1) + "\n" for name, document in documents.items()}
    return {**rendered, "containerd.toml": _CONTAINERD.format(places=places, pause=PAUSE)}


def _pod_network(places: Places) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": POD_RANGE}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(places.state / "addresses"),
    }
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": True, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "bed", "plugins": [{**bridge, "ipam": addresses}, ports]}


def _kubelet_configuration(places: Places) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": HOST,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{places.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": CGROUP,
        "containerRuntimeEndpoint": f"unix://{places.containerd_socket}",
        # One disk is shared with everything else on the machine.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        # Nothing could pull a deleted image again.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "maxOpenFiles": 20000,
        "maxPods": 60,
        "nodeStatusUpdateFrequency": "5s",
        "oomScoreAdj": 0,
        "podLogsDir": f"{places.state}/pod-logs",
        "resolvConf": "",
        "serializeImagePulls": False,
        "tlsCertFile": f"{places.pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{places.pki}/kubelet.key",
        "volumePluginDir": f"{places.state}/volume-plugins",
    }


def _proxy_configuration(places: Places) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "bindAddress": HOST,
        "clientConnection": {"kubeconfig": f"{places.pki}/proxy.kubeconfig"},
        "clusterCIDR": POD_RANGE,
        # Zeros leave the machine's own connection tracking limits alone.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "hostnameOverride": NODE,
        "mode": "iptables",
        "oomScoreAdj": 0,
    }


def _prometheus_configuration(places: Places) -> dict[str, object]:
    annotation = "__meta_kubernetes_pod_annotation_prometheus_io"
    pods = [
        {"source_labels": [f"{annotation}_scrape"], "regex": "true", "action": "keep"},
        {
            "source_labels": ["__meta_kubernetes_pod_ip", f"{annotation}_port"],
            "separator": ":",
            "target_label": "__address__",
        },
        {"source_labels": [f"{annotation}_path"], "regex": "(.+)", "target_label": "__metrics_path__"},
        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
        {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        {"regex": "__meta_kubernetes_pod_label_(.+)", "action": "labelmap"},
        {"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Succeeded|Failed", "action": "drop"},
    ]
    discovery = [{"role": "pod", "kubeconfig_file": f"{places.pki}/prometheus.kubeconfig"}]
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {"job_name": "workflow-controller", "static_configs": [{"targets": [f"{HOST}:9090"]}]},
            {"job_name": "rollouts-controller", "static_configs": [{"targets": [f"{HOST}:8090"]}]},
            {"job_name": "pods", "kubernetes_sd_configs": discovery, "relabel_configs": pods},
        ],
    }


def etcd(places: Places, programs: Programs) -> Daemon:
    """Return etcd, in memory: the cluster's state need not outlive it."""
    return Daemon(
        "etcd",
        (
            str(programs["etcd"]),
            f"--data-dir={places.memory}/etcd",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--unsafe-no-fsync",
            "--max-request-bytes=10485760",
            "--log-level=warn",
            # Argo's watches die without it.
            "--watch-progress-notify-interval=5s",
        ),
    )


def apiserver(places: Places, programs: Programs) -> Daemon:
    """Return the API server, on the node's address."""
    pki = places.pki
    return Daemon(
        "kube-apiserver",
        (
            str(programs["kube-apiserver"]),
            f"--etcd-servers={_ETCD}",
            f"--advertise-address={HOST}",
            f"--bind-address={HOST}",
            "--secure-port=6443",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki}/sa.pub",
            f"--service-account-signing-key-file={pki}/sa.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--kubelet-client-certificate={pki}/apiserver-to-kubelet.crt",
            f"--kubelet-client-key={pki}/apiserver-to-kubelet.key",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            # Else exec and logs look up the node's name, and there is no DNS.
            "--kubelet-preferred-address-types=InternalIP",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--endpoint-reconciler-type=lease",
            # On a busy machine a definition of a megabyte takes longer than the usual minute.
            "--request-timeout=4m",
        ),
    )


def controller_manager(places: Places, programs: Programs) -> Daemon:
    """Return Kubernetes' own controllers."""
    argv = (
        str(programs["kube-controller-manager"]),
        f"--kubeconfig={places.pki}/controller-manager.kubeconfig",
        f"--service-account-private-key-file={places.pki}/sa.key",
        f"--root-ca-file={places.pki}/ca.crt",
        "--use-service-account-credentials",
        "--leader-elect=false",
        f"--cluster-cidr={POD_RANGE}",
        "--allocate-node-cidrs=false",
    )
    return Daemon("kube-controller-manager", argv)


def scheduler(places: Places, programs: Programs) -> Daemon:
    """Return the scheduler."""
    kubeconfig = f"--kubeconfig={places.pki}/scheduler.kubeconfig"
    return Daemon("kube-scheduler", (str(programs["kube-scheduler"]), kubeconfig, "--leader-elect=false"))


def containerd(places: Places) -> Daemon:
    """Return the container runtime."""
    return Daemon("containerd", ("containerd", "--config", f"{places.state}/containerd.toml"))


def kubelet(places: Places, programs: Programs) -> Daemon:
    """Return the node's agent."""
    argv = (
        str(programs["kubelet"]),
        f"--config={places.state}/kubelet.yaml",
        f"--kubeconfig={places.pki}/kubelet.kubeconfig",
        f"--hostname-override={NODE}",
        f"--node-ip={HOST}",
        f"--root-dir={places.state}/kubelet",
    )
    return Daemon("kubelet", argv)


def proxy(places: Places, programs: Programs) -> Daemon:
    """Return kube-proxy, which makes Service addresses work."""
    return Daemon("kube-proxy", (str(programs["kube-proxy"]), f"--config={places.state}/proxy.yaml"))


def minio(places: Places, programs: Programs) -> Daemon:
    """Return the tests' S3 server."""
    address = S3.removeprefix("http://")
    argv = (str(programs["minio"]), "server", f"--address={address}", "--quiet", f"{places.state}/minio")
    env = {
        "MINIO_ROOT_USER": ACCESS_KEY,
        "MINIO_ROOT_PASSWORD": SECRET_KEY,
        "MINIO_UPDATE": "off",
        "MINIO_BROWSER": "off",
    }
    return Daemon("minio", argv, env)


def prometheus(places: Places, programs: Programs) -> Daemon:
    """Return Prometheus, which scrapes the controllers and annotated pods."""
    argv = (
        str(programs["prometheus"]),
        f"--config.file={places.state}/prometheus.yaml",
        f"--web.listen-address={PROMETHEUS.removeprefix('http://')}",
        f"--storage.tsdb.path={places.state}/prometheus",
    )
    return Daemon("prometheus", argv)


def workflow_controller(places: Places, programs: Programs) -> Daemon:
    """Return Argo's controller for the whole cluster, with upstream's role."""
    argv = (
        str(programs["workflow-controller"]),
        f"--kubeconfig={places.pki}/workflow-controller.kubeconfig",
        "--namespace=argo",
        f"--executor-image={EXECUTOR}",
        "--executor-image-pull-policy=IfNotPresent",
    )
    env = {"LEADER_ELECTION_DISABLE": "true", "DEFAULT_REQUEUE_TIME": "1s"}
    return Daemon("workflow-controller", argv, env)


def rollouts_controller(places: Places, programs: Programs) -> Daemon:
    """Return the controller of Rollouts and AnalysisRuns."""
    argv = (
        str(programs["rollouts-controller"]),
        f"--kubeconfig={places.pki}/rollouts-controller.kubeconfig",
        "--leader-elect=false",
    )
    return Daemon("rollouts-controller", argv)


ENDPOINTS = {"Kubernetes API": API, "S3 (MinIO)": S3, "Prometheus": PROMETHEUS}
