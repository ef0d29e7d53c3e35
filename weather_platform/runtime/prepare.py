"""Before the first process of a deployment: users, databases and buckets on its servers, then Dagster's own tables.

``python -m weather_platform.runtime.prepare`` may run any number of times, and changes nothing that is already right.
Names come from the addresses that the other processes use, so each name is configured once.
"""

import logging
import sys
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from weather_platform.domain.errors import CannotServe, WeatherError
from weather_platform.logs import log_as_json
from weather_platform.runtime.instance import open_once, write_instance
from weather_platform.settings import Settings
from weather_platform.storage.databases import open_engine, reaching
from weather_platform.storage.opening import open_blobs, open_curated, open_raw, open_staging

_log = logging.getLogger("weather.prepare")

WRITER = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP"
READER = "SELECT"
OWNER = "ALL"
_NOT_YET_INITIALISED = 94


def prepare(settings: Settings) -> None:
    """Create what is missing on the servers of `settings`: afterwards its stores and Dagster's storage are ready.

    Users are made only if ``settings.admin`` names an administrator.

    Raises:
        WeatherError: a server does not answer or refuses.
    """
    if settings.admin.mysql_url:
        prepare_mysql(settings.admin.mysql_url, _mysql_users(settings))
        _log.info("MySQL has its databases and users")
    if settings.admin.mongodb_url:
        prepare_mongodb(settings.admin.mongodb_url, _mongodb_users(settings))
        _log.info("MongoDB has its users")
    open_raw(settings).blobs.ensure()
    if settings.dagster_logs_url:
        open_blobs(settings.dagster_logs_url, settings.s3).ensure()
    staging = open_staging(settings)
    staging.engine.dispose()
    curated = open_curated(settings)
    curated.ensure()
    curated.close()
    _log.info("the stores have their buckets, tables and indexes")
    open_once(write_instance(settings))
    _log.info("Dagster has its tables")


def prepare_mysql(admin_url: str, rights: Mapping[str, str]) -> None:
    """Create each address's database and user, with these rights on that database only.

    `rights` maps an address to the privileges of its GRANT. A changed password is updated.
    """
    engine = open_engine(admin_url)
    with reaching(engine), engine.connect() as connection:
        for address, granted in rights.items():
            url = sa.make_url(address)
            database = f"`{url.database}`"
            # An underscore in a grant matches any character.
            pattern = f"`{(url.database or '').replace('_', chr(92) + '_')}`"
            user, secret = (url.username,), (url.username, url.password)
            connection.exec_driver_sql(f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4")
            connection.exec_driver_sql("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", secret)
            connection.exec_driver_sql("ALTER USER %s@'%%' IDENTIFIED BY %s", secret)
            connection.exec_driver_sql(f"GRANT {granted} ON {pattern}.* TO %s@'%%'", user)
    engine.dispose()


def prepare_mongodb(admin_url: str, roles: Mapping[str, str]) -> None:
    """Initiate a replica set of this one server if configured, and create each address's user with its role.

    `roles` maps an address to a built-in role on its database.
    """
    with MongoClient[dict[str, Any]](admin_url) as client:
        try:
            _initiate(client, admin_url)
            for address, role in roles.items():
                parsed = parse_uri(address)
                database = client[parsed["database"]]
                found = database.command("usersInfo", parsed["username"])["users"]
                database.command(
                    "updateUser" if found else "createUser",
                    parsed["username"],
                    pwd=parsed["password"],
                    roles=[{"role": role, "db": parsed["database"]}],
                )
        except PyMongoError as error:
            raise CannotServe(
                f"MongoDB cannot be prepared: {error}.", "Check the server and WEATHER_ADMIN_MONGODB_URL."
            ) from error


def _initiate(client: MongoClient[dict[str, Any]], admin_url: str) -> None:
    """A member has the host name that clients use, because the driver connects to that name."""
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALISED:
            return  # no replica set is configured
        host, port = parse_uri(admin_url)["nodelist"][0]
        member = {"_id": 0, "host": f"{host}:{port}"}
        client.admin.command("replSetInitiate", {"_id": _set_name(client), "members": [member]})
    while not client.admin.command("hello")["isWritablePrimary"]:
        time.sleep(0.1)


def _set_name(client: MongoClient[dict[str, Any]]) -> str:
    options = client.admin.command("getCmdLineOpts")["parsed"]
    return str(options["replication"]["replSet"])


def _mysql_users(settings: Settings) -> dict[str, str]:
    """Addresses with the rights that their users need."""
    users = {settings.staging_url: WRITER}
    if settings.staging_read_url:
        users[settings.staging_read_url] = READER
    if settings.dagster_storage_url:
        users[settings.dagster_storage_url] = OWNER
    return users


def _mongodb_users(settings: Settings) -> dict[str, str]:
    users = {settings.curated_url: "readWrite"}
    if settings.curated_read_url:
        users[settings.curated_read_url] = "read"
    return users


if __name__ == "__main__":
    log_as_json()
    try:
        prepare(Settings.from_environment())
    except WeatherError as trouble:
        _log.error(str(trouble))  # cause and cure, no traceback
        sys.exit(1)
