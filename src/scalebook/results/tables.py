"""Tables of the store and how a database is opened for them."""

from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from scalebook.errors import HarnessError
from scalebook.results.failures import redacted, wrong_url

__all__ = [
    "STORE_VERSION",
    "histories",
    "open_engine",
    "prepare",
    "runs",
    "sqlite_file",
]

STORE_VERSION = 1
"""Version of the tables; a store of a newer version is refused."""

WAIT_SECONDS = 30
"""How long a run waits while another one writes."""

_metadata = MetaData()

_version = Table("scalebook_store", _metadata, Column("version", Integer, nullable=False))

runs = Table(
    "runs",
    _metadata,
    Column("id", String(32), primary_key=True),
    Column("unit", String(200), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("started", String(40), nullable=False, index=True),
    Column("purpose", String(20), nullable=False),
    Column("budget", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("valid", Boolean, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("record", Text, nullable=False),
)

histories = Table(
    "histories",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("run", String(32), ForeignKey("runs.id"), nullable=False, index=True),
    Column("variant", String(200), nullable=False),
    Column("trial", String(200), nullable=False),
    Column("promise", String(200)),
    Column("operations", LargeBinary, nullable=False),
)


def open_engine(url: str) -> tuple[Engine, str]:
    """Engine for a URL, and the URL as it may be shown. UsageError for a wrong one.

    A plain `postgresql://` is spoken by psycopg, which Scalebook brings along. SQLite keeps its
    rollback journal with full synchronisation: what is stored survives `kill -9` and loss of
    power, works on network file systems, and leaves one single file to copy.
    """
    shown = redacted(url)
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed, poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        raise wrong_url(shown, error) from error
    if parsed.get_backend_name() == "sqlite":
        shown = parsed.database or shown
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
    return engine, shown


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite URL; None for other databases and for memory."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _configure(raw: object, _record: object) -> None:
    """Take transactions into our own hands, and wait for other processes."""
    raw.isolation_level = None  # type: ignore[attr-defined]
    cursor = raw.cursor()  # type: ignore[attr-defined]
    for pragma in ("synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {WAIT_SECONDS}000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at the start of a writing transaction, so that it waits, not fails."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def prepare(engine: Engine, where: str, *, create: bool) -> bool:
    """Make the tables where they are missing and `create` is set; say whether they exist.

    HarnessError for a store made by a newer Scalebook.
    """
    with engine.connect().execution_options(writes=create) as connection, connection.begin():
        if not inspect(connection).has_table(_version.name):
            if not create:
                return False
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(7326)))
            _metadata.create_all(connection)
            if connection.execute(select(_version)).first() is None:
                connection.execute(insert(_version).values(version=STORE_VERSION))
            return True
        found = connection.execute(select(func.max(_version.c.version))).scalar()
    if found is not None and found > STORE_VERSION:
        raise HarnessError(
            f"the store {where} has version {found}; this Scalebook reads up to {STORE_VERSION}",
            remedy="Upgrade Scalebook, or name another store in SCALEBOOK_STORE.",
        )
    return True
