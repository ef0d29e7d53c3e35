"""Blobs in a bucket of any plain S3 server; the contract is `blobs.Blobs`.

Nothing here is specific to one server: S3 user metadata is not used (some servers lose it), and conditional writes are
requested but not required.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from botocore.handlers import add_expect_header

from weather_platform.domain.errors import NotFound, StoreRefused, StoreUnavailable
from weather_platform.settings import S3Settings
from weather_platform.storage.blobs import CHUNK_BYTES, BlobInfo, checked_key, is_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = {"NoSuchKey", "404", "NotFound"}
_TAKEN = {"PreconditionFailed", "412"}
_NOT_LET_IN = {
    "403",
    "AccessDenied",
    "Forbidden",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
}
_CHECK_KEYS = "Correct WEATHER_S3_ACCESS_KEY and WEATHER_S3_SECRET_KEY, or grant them the bucket."


def s3_client(settings: S3Settings) -> "S3Client":
    """A client that gives up on a dead server within about 15 s and may be shared by threads."""
    # The default session is shared by all threads and making a client from it is not thread-safe.
    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value() if settings.secret_key else None,
        region_name=settings.region,
        config=Config(
            connect_timeout=4,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 3},
            # Servers other than Amazon's refuse or corrupt the checksums that boto3 adds by default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


class S3Blobs:
    """Blobs as objects of a bucket, below a prefix."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str = "") -> None:
        self.client = client
        # boto3 asks before each PUT whether it may send the body. If the connection is cut within the answer, botocore
        # 1.44 reads its end for ever (`AWSConnection._consume_headers`), and the request never ends.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def __repr__(self) -> str:
        return f"S3Blobs('s3://{self.bucket}/{self.prefix}')"

    def ensure(self) -> None:
        try:
            self.ping()
        except StoreRefused as error:
            if not isinstance(error, _NoBucket):
                raise
            self._create_bucket()

    def ping(self) -> None:
        with self._explained():
            try:
                self.client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if _code(error) in _MISSING:  # a HEAD has no body to tell a missing bucket from a missing key
                    raise self._no_bucket() from error
                raise

    def put_if_absent(self, key: str, body: bytes) -> bool:
        with self._explained():
            try:
                self.client.put_object(Bucket=self.bucket, Key=self._key(key), Body=body, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in _TAKEN:
                    return False
                raise
        return True

    def put(self, key: str, body: bytes) -> None:
        with self._explained():
            self.client.put_object(Bucket=self.bucket, Key=self._key(key), Body=body)

    def get(self, key: str) -> bytes:
        with self._explained(key):
            return self.client.get_object(Bucket=self.bucket, Key=self._key(key))["Body"].read()

    def stream(self, key: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        with self._explained(key):
            if first == 0 and last is None:  # an empty blob has no range
                answer = self.client.get_object(Bucket=self.bucket, Key=self._key(key))
            else:
                asked = f"bytes={first}-{'' if last is None else last}"
                answer = self.client.get_object(Bucket=self.bucket, Key=self._key(key), Range=asked)
            body = answer["Body"]
            try:
                yield from body.iter_chunks(CHUNK_BYTES)
            finally:
                body.close()

    def stat(self, key: str) -> BlobInfo:
        with self._explained(key):
            head = self.client.head_object(Bucket=self.bucket, Key=self._key(key))
        return BlobInfo(key, head["ContentLength"], head["LastModified"].astimezone(UTC))

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        with self._explained():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            for page in pages:
                if "IsTruncated" not in page:  # every list says so: boto3 takes an answer cut off for an empty one
                    raise StoreUnavailable(f"{self!r} answered with half a list.", "Try again; then check the server.")
                for entry in page.get("Contents", ()):
                    key = entry["Key"].removeprefix(self.prefix)
                    if is_key(key):
                        # To the second, as in a HEAD; rclone's listing has milliseconds.
                        modified = entry["LastModified"].astimezone(UTC).replace(microsecond=0)
                        yield BlobInfo(key, entry["Size"], modified)

    def delete(self, key: str) -> None:
        with self._explained():
            self.client.delete_object(Bucket=self.bucket, Key=self._key(key))

    def move(self, key: str, to: str) -> None:
        if key == to:  # S3 refuses to copy an object to itself
            self.stat(key)
            return
        source, target = self._key(key), self._key(to)
        with self._explained(key):
            self.client.copy_object(Bucket=self.bucket, Key=target, CopySource={"Bucket": self.bucket, "Key": source})
            self.client.delete_object(Bucket=self.bucket, Key=source)

    def _key(self, key: str) -> str:
        return self.prefix + checked_key(key)

    def _create_bucket(self) -> None:
        region = self.client.meta.region_name
        with self._explained():
            try:
                if region == "us-east-1":  # the one region that must not be named
                    self.client.create_bucket(Bucket=self.bucket)
                else:
                    self.client.create_bucket(
                        Bucket=self.bucket,
                        CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]  # any
                    )
            except self.client.exceptions.BucketAlreadyOwnedByYou:
                return  # by another process since we looked

    def _no_bucket(self) -> "_NoBucket":
        return _NoBucket(f"There is no S3 bucket {self.bucket!r}.", "Create it, or load a month: that creates it.")

    @contextmanager
    def _explained(self, key: str = "") -> Iterator[None]:
        """Translate an error of the server into one with cause and cure."""
        where = f"the S3 bucket {self.bucket!r} at {self.client.meta.endpoint_url}"
        try:
            yield
        except ClientError as error:
            code = _code(error)
            if code == "NoSuchBucket":
                raise self._no_bucket() from error
            if code in _MISSING:
                raise NotFound(f"Nothing is stored as {key!r} in {where}.", "List what is there first.") from error
            if code in _NOT_LET_IN:
                raise StoreRefused(f"We may not use {where} ({code}).", _CHECK_KEYS) from error
            raise StoreUnavailable(f"{where} failed: {error}.", "Try again; then check the server.") from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise StoreRefused(f"There are no keys for {where}.", _CHECK_KEYS) from error
        except BotoCoreError as error:
            raise StoreUnavailable(
                f"{where} cannot be reached: {error}.", "Start the server, or correct WEATHER_S3_ENDPOINT_URL."
            ) from error


class _NoBucket(StoreRefused):
    """The server is there and the bucket is not."""


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
