"""The stores as a Dagster resource, with the S3 client that dagster-aws's resource describes."""

from typing import TYPE_CHECKING

import dagster as dg
from dagster_aws.s3 import S3Resource
from pydantic import PrivateAttr, SecretStr

from weather_platform.domain.months import Partitions
from weather_platform.pipeline import Stores
from weather_platform.settings import Settings
from weather_platform.storage.opening import open_curated, open_raw, open_staging

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class PlainS3Resource(S3Resource):
    """dagster-aws's S3 resource, whose client asks nothing of the server that only Amazon's answers."""

    def get_client(self) -> "S3Client":
        from weather_platform.storage.blobs_s3 import s3_client

        given = {
            "endpoint_url": self.endpoint_url,
            "access_key": self.aws_access_key_id,
            "secret_key": self.aws_secret_access_key and SecretStr(self.aws_secret_access_key),
            "region": self.region_name,
        }
        settings = Settings.from_environment().s3  # the .env file's values are no variables that Dagster could show
        return s3_client(settings.model_copy(update={name: value for name, value in given.items() if value}))


class StoresResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Raw, staging and curated store of the settings, opened when a run first needs them."""

    s3: dg.ResourceDependency[S3Resource]
    _stores: Stores | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        return Settings.from_environment()

    @property
    def partitions(self) -> Partitions:
        return Partitions(self.settings.first_month)

    def open(self) -> Stores:
        """The stores, ready to write."""
        if self._stores is None:
            settings = self.settings
            self._stores = Stores(
                open_raw(settings, self.s3.get_client), open_staging(settings), open_curated(settings)
            )
            self._stores.raw.blobs.ensure()
        return self._stores

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002  # Dagster's signature
        if self._stores is not None:
            self._stores.staging.engine.dispose()
            self._stores.curated.close()
            self._stores = None
