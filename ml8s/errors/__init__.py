"""The tree of errors that ML8s raises.

Every error says what is wrong, where, and what to do next; its class has a code and an exit status. ::

    ML8sError
    ├── ConfigError          ML8S-C…   exit 2   the config, or how a command was called
    ├── DataError            ML8S-D…   exit 2   the snapshot, its schema, rows to predict
    ├── StepError            ML8S-S…            a step of the pipeline
    ├── RegistryError        ML8S-R…            models and runs
    ├── StoreError           ML8S-T…            the object store
    └── ClusterError         ML8S-K…            Kubernetes, Argo, the platform

Exit status: 0 done; 1 the answer is no; 2 the user mends it; 3 unreachable or refused; 4 credentials; 5 a thing is
gone; 6 integrity; 70 a bug; 130 interrupted; 143 terminated. In a container: 10 for 1, 75 temporary, 76 input missing.
"""

from __future__ import annotations

from ml8s.errors.base import (
    ML8sError,
    Problem,
)
from ml8s.errors.cluster import (
    ArgoMissing,
    BeyondPlatform,
    ClusterDenied,
    ClusterError,
    ClusterTooOld,
    ClusterUnreachable,
    CompiledDiffers,
    ConfigChanged,
    ImageMissing,
    InvalidPlatform,
    KubectlMissing,
    NamespaceMissing,
    PlatformMissing,
    PodRefused,
    RegistryOpen,
    RunFailed,
    StepTimedOut,
)
from ml8s.errors.config import (
    ConfigError,
    ConfigNotFound,
    ConfigUnreadable,
    FileExists,
    InvalidConfig,
    InvalidUsage,
    UnknownTopic,
)
from ml8s.errors.data import (
    AggregatesRefused,
    ContractViolation,
    DataError,
    FoldsImpossible,
    InvalidRows,
    InvalidSchema,
    NoFeatures,
    SnapshotChanged,
    SnapshotExists,
    SnapshotIncomplete,
    SnapshotNotFound,
    StateNotRefreshed,
    TooLarge,
    UnreadableTable,
    UnsuitableTarget,
)
from ml8s.errors.registry import (
    ModelNotFound,
    NotReproduced,
    RecordTampered,
    RegistryError,
    RunNotFound,
    SnapshotGone,
    UnknownRecordSchema,
)
from ml8s.errors.step import (
    DeterminismViolation,
    EnvironmentNotPinned,
    GateFailed,
    InputMissing,
    InternalError,
    Interrupted,
    LibraryMissing,
    LineageRefused,
    ModelFileRefused,
    SearchFailed,
    StepDied,
    StepError,
    Terminated,
)
from ml8s.errors.store import (
    AccessDenied,
    BucketMissing,
    DigestMismatch,
    InvalidStoreUri,
    NoCredentials,
    ObjectMissing,
    StoreError,
    StoreFull,
    StoreRefused,
    StoreUnreachable,
    WrongRegion,
)

__all__ = [
    "AccessDenied",
    "AggregatesRefused",
    "ArgoMissing",
    "BeyondPlatform",
    "BucketMissing",
    "ClusterDenied",
    "ClusterError",
    "ClusterTooOld",
    "ClusterUnreachable",
    "CompiledDiffers",
    "ConfigChanged",
    "ConfigError",
    "ConfigNotFound",
    "ConfigUnreadable",
    "ContractViolation",
    "DataError",
    "DeterminismViolation",
    "DigestMismatch",
    "EnvironmentNotPinned",
    "FileExists",
    "FoldsImpossible",
    "GateFailed",
    "ImageMissing",
    "InputMissing",
    "InternalError",
    "Interrupted",
    "InvalidConfig",
    "InvalidPlatform",
    "InvalidRows",
    "InvalidSchema",
    "InvalidStoreUri",
    "InvalidUsage",
    "KubectlMissing",
    "LibraryMissing",
    "LineageRefused",
    "ML8sError",
    "ModelFileRefused",
    "ModelNotFound",
    "NamespaceMissing",
    "NoCredentials",
    "NoFeatures",
    "NotReproduced",
    "ObjectMissing",
    "PlatformMissing",
    "PodRefused",
    "Problem",
    "RecordTampered",
    "RegistryError",
    "RegistryOpen",
    "RunFailed",
    "RunNotFound",
    "SearchFailed",
    "SnapshotChanged",
    "SnapshotExists",
    "SnapshotGone",
    "SnapshotIncomplete",
    "SnapshotNotFound",
    "StateNotRefreshed",
    "StepDied",
    "StepError",
    "StepTimedOut",
    "StoreError",
    "StoreFull",
    "StoreRefused",
    "StoreUnreachable",
    "Terminated",
    "TooLarge",
    "UnknownRecordSchema",
    "UnknownTopic",
    "UnreadableTable",
    "UnsuitableTarget",
    "WrongRegion",
]
