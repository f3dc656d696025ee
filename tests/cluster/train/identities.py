"""Three identities of MinIO: each a session whose rights are one policy file of workflow-templates/install/policies."""

import re

import botocore.session

from tests.cluster.bed.cluster import Space
from tests.cluster.bed.places import ACCESS_KEY, REPOSITORY, S3, SECRET_KEY
from tests.cluster.bed.storage import REGION, Bucket

POLICIES = REPOSITORY / "workflow-templates" / "install" / "policies"
NAMES = ("data", "store", "registry")


def policy(name: str, bucket: Bucket) -> str:
    """A policy file as a platform team edits it: the buckets are the test's part of the bed's one bucket."""
    text = (POLICIES / f"{name}.json").read_text()
    arn, place = "arn:aws:s3:::", f"{bucket.name}/{bucket.prefix}".rstrip("/")
    parts = {"ml-datasets": f"{place}/data/", "ml8s": f"{place}/"}
    # In one pass: the bed's own bucket bears one of the two names.
    return re.sub(rf"{arn}({'|'.join(parts)})(/?)", lambda m: arn + (parts[m[1]] if m[2] else bucket.name), text)


def keys(name: str, bucket: Bucket) -> dict[str, str]:
    """Keys that MinIO gives out for a policy, as the variables of a Secret."""
    session = botocore.session.Session()
    sts = session.create_client(
        "sts",
        endpoint_url=S3,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    given = sts.assume_role(
        RoleArn="arn:aws:iam::000000000000:role/ml8s", RoleSessionName=name, Policy=policy(name, bucket)
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def make_secrets(space: Space, bucket: Bucket) -> dict[str, dict[str, str]]:
    """The three Secrets of credentials.example.yaml in a namespace; returns `credentials` of platform.yaml."""
    for name in NAMES:
        secret = {"metadata": {"name": f"ml8s-{name}"}, "stringData": keys(name, bucket)}
        space.apply({"apiVersion": "v1", "kind": "Secret", **secret})
    return {name: {"secret": f"ml8s-{name}"} for name in NAMES}
