"""A PostgreSQL role for code that is judged: no superuser, and owner of its arm's tables alone."""

from __future__ import annotations

import secrets
from typing import Any

from psycopg import sql

__all__ = ["GUEST", "admit", "make_guest"]

GUEST = "learner"
# Owner of what the load made, since a technique may be an index, a constraint, a partition or a
# changed column, and only owners may add those. What an extension brought stays the superuser's.
OWN = """
DO $$
DECLARE change text;
BEGIN
  FOR change IN
    SELECT format('ALTER SCHEMA %I OWNER TO {guest}', nspname) FROM pg_namespace AS space
     WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_namespace'::regclass
                       AND objid = space.oid AND deptype = 'e')
    UNION ALL
    SELECT format('ALTER %s %s OWNER TO {guest}', CASE relkind
                  WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
                  WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, one.oid::regclass)
      FROM pg_class AS one JOIN pg_namespace AS space ON space.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'S', 'v', 'm')
       AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
                       AND objid = one.oid AND deptype IN ('e', 'a', 'i')
                       AND (deptype = 'e' OR relkind = 'S'))
    UNION ALL
    SELECT format('ALTER ROUTINE %s OWNER TO {guest}', one.oid::regprocedure)
      FROM pg_proc AS one JOIN pg_namespace AS space ON space.oid = pronamespace
     WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass
                       AND objid = one.oid AND deptype = 'e')
  LOOP
    EXECUTE change;
  END LOOP;
END $$
"""
RIGHTS = (
    # For tables that are part of the technique, and for trusted extensions such as pg_trgm.
    "GRANT CREATE, TEMPORARY ON DATABASE {database} TO {guest}",
    "GRANT CREATE ON SCHEMA public TO {guest}",
    # For what a step of a trial makes later, as superuser.
    "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {guest}",
    "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO {guest}",
)


def make_guest(connection: Any) -> str:
    """Make the role on a server, once; return its password."""
    password = secrets.token_hex(16)
    make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    connection.execute(make.format(sql.Identifier(GUEST), sql.Literal(password)))
    return password


def admit(connection: Any, database: str) -> None:
    """Give the role what is in the connection's database, which is the arm's; repeatable."""
    names = {"guest": sql.Identifier(GUEST), "database": sql.Identifier(database)}
    connection.execute(OWN.format(guest=GUEST))
    for right in RIGHTS:
        connection.execute(sql.SQL(right).format(**names))
