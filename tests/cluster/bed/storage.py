"""The tests' S3 buckets, spoken to with botocore."""

from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.cluster.bed.places import ACCESS_KEY, BUCKET, S3, SECRET_KEY

REGION = "us-east-1"


def client(endpoint: str = S3, *, attempts: int = 3) -> Any:  # botocore makes its clients' classes at run time
    """Return a botocore S3 client with the bed's credentials."""
    session = botocore.session.Session()
    config = Config(
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": attempts},
        max_pool_connections=32,
        connect_timeout=5,
        read_timeout=30,
    )
    return session.create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=config,
    )


class Bucket:
    """A bucket, or the part of it below a prefix; keys are relative to the prefix."""

    def __init__(self, endpoint: str = S3, name: str = BUCKET, prefix: str = "") -> None:
        """Connect lazily; a prefix ends with a slash."""
        self.endpoint = endpoint
        self.name = name
        self.prefix = prefix
        # One attempt: a retried create would report its own success as lost.
        self.client = client(endpoint, attempts=1)

    @property
    def uri(self) -> str:
        """The place as an `s3://` URI, without a slash at its end."""
        return f"s3://{self.name}/{self.prefix}".rstrip("/")

    def make(self) -> None:
        """Create the bucket unless it exists."""
        try:
            self.client.create_bucket(Bucket=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    def answers(self) -> bool:
        """Say whether the server answers requests."""
        try:
            self.client.list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

    def create(self, key: str, body: bytes) -> bool:
        """Create an object unless its key exists; say whether this call created it."""
        try:
            self.client.put_object(Bucket=self.name, Key=self.prefix + key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            # 412: lost. 409: another writer is at it, which loses as well.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in {409, 412}:
                return False
            raise
        return True

    def put(self, key: str, body: bytes) -> None:
        """Write an object, whether or not it exists."""
        self.client.put_object(Bucket=self.name, Key=self.prefix + key, Body=body)

    def read(self, key: str) -> bytes:
        """Return an object's content."""
        answer = self.client.get_object(Bucket=self.name, Key=self.prefix + key)
        body: bytes = answer["Body"].read()
        return body

    def names(self, prefix: str = "") -> list[str]:
        """List the keys below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix + prefix)
        found = [str(entry["Key"]) for page in pages for entry in page.get("Contents", [])]
        return [key.removeprefix(self.prefix) for key in found]

    def remove(self, prefix: str = "") -> None:
        """Remove all objects below a prefix."""
        for key in self.names(prefix):
            self.client.delete_object(Bucket=self.name, Key=self.prefix + key)
