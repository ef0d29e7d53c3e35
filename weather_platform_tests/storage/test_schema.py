"""Databases of older releases are brought up to date, and nothing in them is lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import weather_platform.storage.migrations as scripts
from weather_platform.domain.errors import StoreRefused
from weather_platform.domain.months import Month, Partitions
from weather_platform.intake import receive
from weather_platform.pipeline import Stores, curate_month, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource
from weather_platform.storage import schema
from weather_platform.storage.databases import open_engine
from weather_platform.storage.staging_tables import city_table
from weather_platform_tests.servers.mariadb import MariaDB

DECEMBER = Month(2023, 12)
# The tables of the first release (commit 2ed4d7e), as SQLAlchemy made them there; MySQL takes the same words.
_FIRST_RELEASE = """
CREATE TABLE _coverage (month VARCHAR(8) NOT NULL, station_id VARCHAR(5) NOT NULL, slug VARCHAR(64) NOT NULL,
  name VARCHAR(255) NOT NULL, latitude_deg DOUBLE, longitude_deg DOUBLE, altitude_m INTEGER,
  observations INTEGER NOT NULL, first DATETIME NOT NULL, last DATETIME NOT NULL, PRIMARY KEY (month, station_id));
CREATE TABLE _months (month VARCHAR(8) NOT NULL, observations INTEGER NOT NULL, silent_hours JSON NOT NULL,
  changes JSON NOT NULL, PRIMARY KEY (month));
CREATE TABLE _quarantine (month VARCHAR(8) NOT NULL, raw_object VARCHAR(16) NOT NULL, position INTEGER NOT NULL,
  reason VARCHAR(32) NOT NULL, detail TEXT NOT NULL, record {long} NOT NULL, PRIMARY KEY (month, raw_object, position));
CREATE TABLE _raw_objects (month VARCHAR(8) NOT NULL, raw_object VARCHAR(16) NOT NULL, received VARCHAR(32) NOT NULL,
  source VARCHAR(32) NOT NULL, name TEXT NOT NULL, licence TEXT NOT NULL, synthetic BOOL NOT NULL, counts JSON NOT NULL,
  PRIMARY KEY (month, raw_object));
CREATE TABLE _catalogue_news (asset VARCHAR(64) NOT NULL, month VARCHAR(8) NOT NULL, token VARCHAR(16) NOT NULL,
  ingestion VARCHAR(32) NOT NULL, metadata {long} NOT NULL, PRIMARY KEY (asset, month));
CREATE TABLE _idempotency_keys (`key` VARCHAR(64) NOT NULL, content VARCHAR(64) NOT NULL, PRIMARY KEY (`key`));
CREATE TABLE _ingestions (id VARCHAR(32) NOT NULL, content VARCHAR(64) NOT NULL, state VARCHAR(16) NOT NULL,
  receipt {long} NOT NULL, PRIMARY KEY (id), UNIQUE (content));
INSERT INTO _ingestions VALUES ('one', 'c', 'done', 'kept');
INSERT INTO _months VALUES ('2023-12', 1, '[]', '{{}}');
CREATE TABLE nice (numer_sta VARCHAR(5) NOT NULL, date DATETIME NOT NULL, t DOUBLE, gone DOUBLE,
  n_hidden SMALLINT NOT NULL, rr_trace SMALLINT NOT NULL, raw_object VARCHAR(16) NOT NULL,
  tc DOUBLE GENERATED ALWAYS AS (ROUND(t - 273.15, 2)) VIRTUAL, PRIMARY KEY (date));
INSERT INTO nice (numer_sta, date, t, gone, n_hidden, rr_trace, raw_object)
  VALUES ('07690', '2023-12-01 00:00:00', 280.15, 1, 0, 0, 'a');
"""


@pytest.fixture(params=["sqlite", "mariadb"])
def first_release(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database as the first release left it, but for most columns of the city."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path}/staging.sqlite"
        else:
            server: MariaDB = request.getfixturevalue("mariadb_server")
            url = stack.enter_context(server.fresh_database())
        engine = open_engine(url)
        with engine.begin() as connection:
            for statement in _FIRST_RELEASE.format(long="TEXT" if request.param == "sqlite" else "MEDIUMTEXT").split(
                ";\n"
            ):
                if statement.strip():
                    connection.exec_driver_sql(statement.replace("%", "%%"))
        engine.dispose()
        yield url


def test_a_database_of_the_first_release_is_brought_up_to_date(first_release: str) -> None:
    engine = open_engine(first_release)
    schema.ensure(engine)
    schema.ensure(engine)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM _schema_version")) == schema.HEAD
        assert connection.execute(sa.text("SELECT id, state, receipt FROM _ingestions")).all() == [
            ("one", "done", "kept")
        ]
        assert connection.execute(sa.text("SELECT month, code_version FROM _months")).all() == [("2023-12", None)]
        assert _differences(connection) == []
    engine.dispose()


def test_a_city_table_gets_the_columns_of_today_and_keeps_its_rows(first_release: str) -> None:
    engine = open_engine(first_release)
    schema.fit_cities(engine, ["nice", "orly"])
    with engine.connect() as connection:
        columns = schema.columns_of(connection, ["nice", "orly"])
        rows = connection.execute(sa.select(city_table("nice"))).mappings().all()
    wanted = [column.name for column in city_table("nice").columns]
    assert (columns["nice"], columns["orly"]) == (wanted, wanted)
    assert [{name: value for name, value in row.items() if value is not None} for row in rows] == [
        {
            "numer_sta": "07690",
            "date": datetime(2023, 12, 1),  # noqa: DTZ001  # as the driver gives it
            "t": 280.15,
            "n_hidden": 0,
            "rr_trace": 0,
            "raw_object": "a",
            "tc": 7.0,
        }
    ]
    assert [name for name in columns if name.startswith(("_new", "_old"))] == []
    engine.dispose()


def test_what_the_scripts_make_is_what_the_code_expects(tmp_path: Path) -> None:
    """A change to a table of the platform's own needs a script and a new `schema.HEAD`."""
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    schema.ensure(engine)
    with engine.connect() as connection:
        assert _differences(connection) == []
    engine.dispose()
    folder = ScriptDirectory(str(Path(scripts.__file__).parent))
    assert folder.get_current_head() == schema.HEAD


def _differences(connection: sa.Connection) -> list[object]:
    own = sa.MetaData()
    for table in schema.own_tables():
        table.to_metadata(own)

    def is_own(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or ((name or "").startswith("_") and name != schema.VERSION_TABLE)

    options = {"include_object": is_own, "compare_type": False}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), own)
    flat = [each for step in found for each in (step if isinstance(step, list) else [step])]
    return [step for step in flat if "comment" not in step[0]]  # comments are not part of the layout


def test_a_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/new.sqlite")
    schema.ensure(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE _schema_version SET version_num = '9999'")
    with pytest.raises(
        StoreRefused, match=r"has the layout 9999, which this release does not know\. It was made by a newer release"
    ):
        schema.ensure(engine)
    engine.dispose()


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Stores]:
    settings = Settings.from_environment({"WEATHER_HOME": str(tmp_path)})
    stores = open_stores(settings)
    payload = SampleSource().fetch(DECEMBER, ("07690",))
    receive(stores.raw, payload.body, payload.provenance, Partitions(settings.first_month), datetime.now(UTC))
    stage_month(stores, DECEMBER)
    curate_month(stores, DECEMBER)
    yield stores
    stores.close()


def test_months_that_an_older_release_staged_are_known(filled: Stores) -> None:
    assert filled.staging.outdated_months() == []
    with filled.staging.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE _months SET code_version = NULL")
    assert filled.staging.outdated_months() == [DECEMBER]
