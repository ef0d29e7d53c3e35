"""The layout of the staging database across releases.

The platform's own tables have a version, upgraded by alembic's scripts in ``migrations/versions`` when a
process opens the database for writing. A city's table holds only what can be made from raw objects: if `domain.fields`
has changed, the table is copied into one with the current columns, and `weather rebuild` fills it.
"""

import logging
import sys
from collections.abc import Collection, Iterable
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from weather_platform.domain.errors import StoreRefused
from weather_platform.storage import receipts, staging_tables
from weather_platform.storage.databases import create, exclusive, make_missing, reaching
from weather_platform.storage.staging_tables import city_table

HEAD = "0005"
"""The newest script in ``migrations/versions``."""
VERSION_TABLE = "_schema_version"
_UNVERSIONED = "0001"
"""The version assumed for a database without one."""
_TABLES_PER_QUERY = 200
"""13,000 rows of an answer that PyMySQL holds at once."""
_log = logging.getLogger(__name__)
_CITY_COLUMNS = [column.name for column in city_table("any").columns]
_version = sa.Table(VERSION_TABLE, sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))


def ensure(engine: Engine) -> None:
    """Create the platform's own tables, or upgrade those of an older release.

    Raises:
        StoreRefused: a newer release made them.
    """
    found = _found(engine)
    if found is None:
        make_missing(engine, [_version])
        _stamp(engine)
    elif found != HEAD:
        _upgrade(engine)
    make_missing(engine, own_tables())


def own_tables() -> list[sa.Table]:
    """All tables except those of cities and alembic."""
    return [*staging_tables.own_tables().sorted_tables, *receipts.TABLES.sorted_tables]


def _found(engine: Engine) -> str | None:
    """The version of a database; None if it is empty. Reads tables first: their creator stamps the version before."""
    with reaching(engine), engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
    with reaching(engine), engine.connect() as connection:
        if sa.inspect(connection).has_table(VERSION_TABLE) and (
            version := connection.scalar(sa.select(_version.c.version_num))
        ):
            return str(version)
    return _UNVERSIONED if tables & {table.name for table in own_tables()} else None


def _stamp(engine: Engine) -> None:
    try:
        with reaching(engine), engine.begin() as connection:
            connection.execute(sa.insert(_version).values(version_num=HEAD))
    except sa.exc.IntegrityError:  # another process was quicker
        return


def _upgrade(engine: Engine) -> None:
    """Run the missing scripts, under a lock against all other processes."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "weather_platform.storage:migrations")
    with exclusive(engine, "schema"):
        found = _found(engine)
        if found == HEAD:
            return
        known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        where = engine.url.render_as_string(hide_password=True)
        if found not in known:
            raise StoreRefused(
                f"The staging database {where} has the layout {found}, which this release does not know.",
                "It was made by a newer release: install that one.",
            )
        with reaching(engine), engine.begin() as connection:
            config.attributes["connection"] = connection
            if not sa.inspect(connection).has_table(VERSION_TABLE):
                command.stamp(config, _UNVERSIONED)
            command.upgrade(config, "head")
    _log.warning(
        "The staging database %s was upgraded from layout %s to %s. Run `weather rebuild`.", where, found, HEAD
    )


def fit_cities(engine: Engine, slugs: Iterable[str]) -> None:
    """Create or update the tables of these cities to the current columns; values of unchanged columns stay."""
    slugs = list(slugs)
    with reaching(engine), engine.connect() as connection:
        there = columns_of(connection, slugs)
    if missing := [city_table(slug) for slug in slugs if slug not in there]:
        create(engine, missing)
    outdated = [city_table(slug) for slug in slugs if there.get(slug, _CITY_COLUMNS) != _CITY_COLUMNS]
    if not outdated:
        return
    with exclusive(engine, "schema"), reaching(engine), engine.begin() as connection:
        there = columns_of(connection, [table.name for table in outdated])
        for table in outdated:
            if there[table.name] != _CITY_COLUMNS:
                _copy(connection, table, there[table.name])


def _copy(connection: Connection, table: sa.Table, columns: list[str]) -> None:
    """Replace the old table with the new one: in one transaction on SQLite, by one RENAME on MySQL."""
    new, old = (table.to_metadata(sa.MetaData(), name=f"_{part}_{table.name}") for part in ("new", "old"))
    kept = [column for column in columns if column in table.c and table.c[column].computed is None]
    for left_over in (new, old):  # left by a killed process
        connection.execute(sa.schema.DropTable(left_over, if_exists=True))
    connection.execute(sa.schema.CreateTable(new))
    source = sa.table(table.name, *(sa.column(name) for name in kept))
    connection.execute(sa.insert(new).from_select(kept, sa.select(source)))
    names = connection.dialect.identifier_preparer
    here, fresh, gone = (names.format_table(each) for each in (table, new, old))
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql(f"RENAME TABLE {here} TO {gone}, {fresh} TO {here}")
        connection.execute(sa.schema.DropTable(old))
    else:
        connection.execute(sa.schema.DropTable(table))
        connection.exec_driver_sql(f"ALTER TABLE {fresh} RENAME TO {here}")


def columns_of(connection: Connection, tables: Collection[str]) -> dict[str, list[str]]:
    """Column names of those of the tables that are there, by few queries; SQLAlchemy's inspector needs one per table.

    The server opens these tables alone, however many cities there are.
    """
    if connection.dialect.name == "mysql":
        query = (
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name IN :names ORDER BY table_name, ordinal_position"
        )
    else:
        query = (
            "SELECT tables.name, columns.name FROM sqlite_master AS tables,"
            " pragma_table_xinfo(tables.name) AS columns WHERE tables.type = 'table' AND tables.name IN :names"
            " ORDER BY tables.name, columns.cid"
        )
    found: dict[str, list[str]] = {}
    names = iter(tables)
    while some := list(islice(names, _TABLES_PER_QUERY)):
        wanted = sa.text(query).bindparams(sa.bindparam("names", some, expanding=True))
        for table, column in connection.execute(wanted):
            found.setdefault(table, []).append(sys.intern(column))  # the same 67 names in every table
    return found
