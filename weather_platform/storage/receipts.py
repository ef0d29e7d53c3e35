"""State of the API that survives a restart: receipts, idempotency keys, and events not yet reported to Dagster.

Stored in tables of the staging database. `domain.ingestions` defines a receipt.
"""

import secrets
from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import Connection, Engine

from weather_platform.domain.errors import NotFound
from weather_platform.domain.ingestions import FINISHED, CatalogueUpdate, Receipt
from weather_platform.storage.databases import in_transaction, reaching, reading

_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
TABLES = sa.MetaData()
"""Made and kept up to date by `storage.schema`."""

_INGESTIONS = sa.Table(
    "_ingestions",
    TABLES,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("content", sa.String(64), nullable=False, unique=True, comment="of a posting, see _content"),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("receipt", _LONG_TEXT, nullable=False, comment="ingestions.Receipt as JSON"),
    **_MYSQL,
)
_KEYS = sa.Table(
    "_idempotency_keys",
    TABLES,
    sa.Column("key", sa.String(64), primary_key=True, comment="SHA-256 of the caller and its key"),
    sa.Column("content", sa.String(64), nullable=False),
    **_MYSQL,
)
_NEWS = sa.Table(
    "_catalogue_news",
    TABLES,
    sa.Column("asset", sa.String(64), primary_key=True),
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("token", sa.String(16), nullable=False, comment="tells newer news from those being delivered"),
    sa.Column("ingestion", sa.String(32), nullable=False),
    sa.Column("metadata", _LONG_TEXT, nullable=False),
    **_MYSQL,
)


class ReceiptStore:
    """Receipts in MySQL, MariaDB or SQLite."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def advance(self, receipt: Receipt) -> bool:
        """Store a later state of a receipt; False if another process has finished it, and then nothing changes."""
        open_still = _same_id(sa.update(_INGESTIONS), receipt.id).where(_INGESTIONS.c.state.not_in(FINISHED))
        with reaching(self.engine), self.engine.begin() as connection:
            return bool(connection.execute(open_still.values(_row(receipt))).rowcount)

    def save(self, receipt: Receipt) -> None:
        """Store a new receipt, replacing one that ended; later states go through `advance`."""
        row = _row(receipt)
        with reaching(self.engine), self.engine.begin() as connection:
            if not connection.execute(_same_id(sa.update(_INGESTIONS), receipt.id).values(row)).rowcount:
                _insert_unless_there(connection, receipt.id, row)

    def get(self, ingestion: str) -> Receipt:
        """The receipt of an id; NotFound if it is unknown."""
        found = self._receipts(_same_id(sa.select(_INGESTIONS.c.receipt), ingestion))
        if not found:
            raise NotFound(f"No ingestion is called {ingestion[:40]!r}.", "GET /ingestions lists them.")
        return found[0]

    def of_content(self, content: str) -> Receipt | None:
        """The latest receipt of these bytes."""
        same = sa.or_(_INGESTIONS.c.content == content, _INGESTIONS.c.content.startswith(_content(content, "")))
        found = self._receipts(sa.select(_INGESTIONS.c.receipt).where(same).order_by(_INGESTIONS.c.id.desc()).limit(1))
        return found[0] if found else None

    def newest(self, *, before: str | None = None, limit: int = 100) -> list[Receipt]:
        """Receipts, newest first, older than `before`."""
        query = sa.select(_INGESTIONS.c.receipt).order_by(_INGESTIONS.c.id.desc()).limit(limit)
        return self._receipts(query if before is None else query.where(_INGESTIONS.c.id < before))

    def of_object(self, partition: str, name: str) -> Receipt | None:
        """The last receipt of files, not withdrawn, with this raw object; searches the text of every receipt."""
        holds = _INGESTIONS.c.receipt.contains(f'"key":"{partition}/{name}.')
        query = sa.select(_INGESTIONS.c.receipt).where(holds).order_by(_INGESTIONS.c.id.desc())
        return next((each for each in self._receipts(query) if each.files and each.withdrawn is None), None)

    def open(self) -> list[Receipt]:
        """Receipts that are stored and not yet at work on, oldest first; see `Receipt.is_automatic`."""
        stored = sa.select(_INGESTIONS.c.receipt).where(_INGESTIONS.c.state == "stored")
        return self._receipts(stored.order_by(_INGESTIONS.c.id))

    def content_of_key(self, key: str) -> str | None:
        """The content that an idempotency key was used for."""
        with reading(self.engine) as connection:
            return connection.scalar(sa.select(_KEYS.c.content).where(_KEYS.c.key == key))

    def remember_key(self, key: str, content: str) -> None:
        """Tie an idempotency key to a content, permanently."""
        with reaching(self.engine), self.engine.begin() as connection:
            if connection.scalar(sa.select(_KEYS.c.content).where(_KEYS.c.key == key)) is None:
                connection.execute(sa.insert(_KEYS).values(key=key, content=content))

    def queue(self, updates: Iterable[CatalogueUpdate]) -> None:
        """Keep updates until they are delivered; of one asset and month only the latest."""
        rows = [
            {
                "asset": item.asset,
                "month": item.month,
                "token": secrets.token_hex(8),
                "ingestion": item.ingestion,
                "metadata": msgspec.json.encode(item.metadata).decode(),
            }
            for item in sorted(updates, key=lambda item: (item.asset, item.month))  # all writers lock in the same order
        ]
        if rows:
            in_transaction(self.engine, lambda connection: connection.execute(_upsert(connection, _NEWS), rows))

    def undelivered(self, limit: int = 100) -> list[CatalogueUpdate]:
        """Updates to deliver, months in order."""
        query = sa.select(_NEWS).order_by(_NEWS.c.month, _NEWS.c.asset).limit(limit)
        with reading(self.engine) as connection:
            return [
                CatalogueUpdate(row.asset, row.month, row.ingestion, msgspec.json.decode(row.metadata), row.token)
                for row in connection.execute(query)
            ]

    def is_undelivered(self, ingestion: str) -> bool:
        """Whether updates of an ingestion still wait."""
        query = sa.select(sa.func.count()).select_from(_NEWS).where(_NEWS.c.ingestion == ingestion)
        with reading(self.engine) as connection:
            return bool(connection.scalar(query))

    def delivered(self, updates: Iterable[CatalogueUpdate]) -> None:
        """Forget updates, unless newer ones took their place meanwhile."""
        settled = sorted(updates, key=lambda item: (item.asset, item.month))

        def forget(connection: Connection) -> None:
            for item in settled:
                same = (_NEWS.c.asset == item.asset, _NEWS.c.month == item.month, _NEWS.c.token == item.token)
                connection.execute(sa.delete(_NEWS).where(*same))

        in_transaction(self.engine, forget)

    def _receipts(self, query: sa.Select[Any]) -> list[Receipt]:
        with reading(self.engine) as connection:
            return [msgspec.json.decode(text, type=Receipt) for text in connection.scalars(query)]


def _row(receipt: Receipt) -> dict[str, str]:
    content = _content(receipt.content, receipt.again) if receipt.again else receipt.content
    return {"content": content, "state": receipt.state, "receipt": msgspec.json.encode(receipt).decode()}


def _content(content: str, again: int | str) -> str:
    """The key of a repeated posting of a content, 64 characters like the first."""
    return f"{content[:56]}-{again}"


def _same_id(statement: Any, ingestion: str) -> Any:
    return statement.where(_INGESTIONS.c.id == ingestion)


def _insert_unless_there(connection: sa.Connection, ingestion: str, row: dict[str, Any]) -> None:
    # MySQL counts changed rows, so an update that changes nothing looks like one that found nothing.
    if connection.scalar(_same_id(sa.select(_INGESTIONS.c.id), ingestion)) is None:
        connection.execute(sa.insert(_INGESTIONS).values(id=ingestion, **row))


def _upsert(connection: Connection, table: sa.Table) -> sa.Insert:
    """Replace rows with the same key in one statement, so no other writer can insert in between."""
    columns = [column.name for column in table.columns if not column.primary_key]
    if connection.dialect.name == "mysql":
        into = mysql.insert(table)
        return into.on_duplicate_key_update({name: into.inserted[name] for name in columns})
    into_file = sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    new = {name: into_file.excluded[name] for name in columns}
    return into_file.on_conflict_do_update(index_elements=keys, set_=new)
