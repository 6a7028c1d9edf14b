"""One PostgreSQL server process, primary or standby."""

import secrets
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from scalebook.errors import HarnessError
from scalebook.services.postgres_template import Template
from scalebook.services.provide import Provision
from scalebook.services.rundir import RunDirectory
from scalebook.services.service import Service

__all__ = ["PORT", "PostgresNode", "administer"]

PORT = 5432  # Only part of the socket's name: the servers do not listen on TCP.
CONNECT_SECONDS = 10


def administer(
    directory: Path, password: str, database: str = "postgres", user: str = "postgres"
) -> Any:
    """A plain autocommit connection, as superuser, to the server whose socket is in `directory`."""
    return psycopg.connect(
        host=str(directory),
        port=PORT,
        user=user,
        password=password,
        dbname=database,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
    )


class PostgresNode(Service):
    """A server whose data and socket lie in its own folder; its only door is that socket."""

    stop_signal = signal.SIGINT  # Fast shutdown: sessions are ended, a checkpoint is written.

    def __init__(
        self,
        name: str,
        run: RunDirectory,
        provision: Provision,
        template: Template,
        settings: Mapping[str, str],
    ) -> None:
        """Copy the template and write the settings; `start` starts the server."""
        super().__init__(name, run)
        self.data = self.folder / "data"
        self.password = template.password
        self._provision = provision
        template.copy_to(self.data, run)
        self.configure("postgresql.conf", settings)

    def command(self) -> Sequence[str | Path]:
        """The server on its data directory, without TCP."""
        server = self._provision.executable("postgres")
        socket = ("-k", self.folder, "-p", str(PORT), "-c", "unix_socket_permissions=0700")
        return [server, "-D", self.data, "-c", "listen_addresses=", *socket]

    def environment(self) -> Mapping[str, str]:
        """What the binaries need."""
        return self._provision.env

    def answers(self) -> bool:
        """Can the superuser run a query?"""
        try:
            with administer(self.folder, self.password) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def configure(self, file: str, settings: Mapping[str, str]) -> None:
        """Append settings to a configuration file in the data directory."""
        quoted = (f"{n} = '{v.replace(chr(39), chr(39) * 2)}'\n" for n, v in settings.items())
        with (self.data / file).open("a", encoding="utf-8") as config:
            config.writelines(quoted)

    def take_new_password(self) -> None:
        """Replace the template's password, which every run shares, by one of this run."""
        password = secrets.token_hex(16)
        with administer(self.folder, self.password) as connection:
            change = sql.SQL("ALTER ROLE postgres PASSWORD {}").format(sql.Literal(password))
            connection.execute(change)
        self.password = password

    def add_slots(self, names: Sequence[str]) -> None:
        """Make a physical replication slot for each standby that lacks one."""
        with administer(self.folder, self.password) as connection:
            for name in names:
                connection.execute(
                    "SELECT pg_create_physical_replication_slot(%s, true) WHERE NOT EXISTS "
                    "(SELECT FROM pg_replication_slots WHERE slot_name = %s)",
                    [name, name],
                )

    def follow(self, primary: "PostgresNode", slot: str) -> None:
        """Become a standby of `primary`, or turn to it when this is one already."""
        source = {
            "primary_conninfo": f"host={primary.folder} port={PORT} user=postgres "
            f"password={primary.password} application_name={slot}",
            "primary_slot_name": slot,
        }
        if self.alive:
            with administer(self.folder, self.password) as connection:
                for name, value in source.items():
                    change = sql.SQL("ALTER SYSTEM SET {} = {}")
                    connection.execute(change.format(sql.Identifier(name), sql.Literal(value)))
                connection.execute("SELECT pg_reload_conf()")
            return
        self.password = primary.password
        self.configure("postgresql.auto.conf", source)
        (self.data / "standby.signal").touch(mode=0o600)
        self.run.give(self.data / "standby.signal")

    def promote(self, seconds: int = 30) -> None:
        """Turn this standby into a primary; raises HarnessError when that takes too long."""
        with administer(self.folder, self.password) as connection:
            row = connection.execute("SELECT pg_promote(true, %s)", [seconds]).fetchone()
        if row is None or not row[0]:
            raise HarnessError(f"{self.name} was not promoted within {seconds} s")
