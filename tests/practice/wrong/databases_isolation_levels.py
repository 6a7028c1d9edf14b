"""Transactions that look right; none of them is among the lab's own counterexamples."""

import psycopg

from scalebook.lab import Client

REFUSED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
CENTS = "SELECT cents FROM account WHERE id = %s"
SET = "UPDATE account SET cents = %s WHERE id = %s"
ON_CALL = "SELECT count(*) FROM duty WHERE shift = %s AND on_call"
OFF = "UPDATE duty SET on_call = false WHERE shift = %s AND doctor = %s"


class ReadThenWrite(Client):
    """A right one, from which each of the others differs in one thing."""

    def open(self, services):
        self.db = services.pg.connect()
        self.db.isolation_level = psycopg.IsolationLevel[self.at.upper().replace(" ", "_")]

    def one(self, sql, key):
        return self.db.execute(sql, [key]).fetchone()[0]

    def transaction(self, work, key):
        retries = 0
        while True:
            try:
                with self.db.transaction():
                    work(key)
                return retries
            except REFUSED:
                retries += 1

    def deposited(self, key):
        self.db.execute(SET, [self.one(CENTS, key) + 1, key])

    def left(self, key):
        if self.one(ON_CALL, key) > 1:
            self.db.execute(OFF, [key, self.worker % 2])

    def deposit(self, key):
        return self.transaction(self.deposited, key)

    def leave(self, key):
        return self.transaction(self.left, key)


class ReadsBefore(ReadThenWrite):
    """Narrow race: what is decided on was read in a transaction of its own."""

    breaks = "each deposit counts once"

    def deposit(self, key):
        with self.db.transaction():
            cents = self.one(CENTS, key)
        return self.transaction(lambda key: self.db.execute(SET, [cents + 1, key]), key)

    def leave(self, key):
        with self.db.transaction():
            count = self.one(ON_CALL, key)
        if count < 2:
            return 0
        return self.transaction(lambda key: self.db.execute(OFF, [key, self.worker % 2]), key)


class RetriesTheWriteOnly(ReadThenWrite):
    """The retry writes what the refused attempt had read."""

    breaks = "each deposit counts once"

    def deposit(self, key):
        seen: list[int] = []

        def work(key):
            if not seen:
                seen.append(self.one(CENTS, key))
            self.db.execute(SET, [seen[0] + 1, key])

        return self.transaction(work, key)


class TakesRefusalForSuccess(ReadThenWrite):
    """A transaction that was refused is reported as made."""

    breaks = "each deposit counts once"

    def transaction(self, work, key):
        try:
            with self.db.transaction():
                work(key)
        except REFUSED:
            return 0
        return 0


class DepositsAgain(ReadThenWrite):
    """A retry that deposits twice: the lost answer was of a commit that was made."""

    breaks = "each deposit counts once"

    def open(self, services):
        super().open(services)
        self.services = services

    def deposit(self, key):
        try:
            return super().deposit(key)
        except psycopg.OperationalError:
            self.db.close()
            self.open(self.services)
            return super().deposit(key)


class TakesSilenceForFailure(DepositsAgain):
    """A lost answer is reported as a deposit that was not made."""

    breaks = "each deposit counts once"

    def deposit(self, key):
        try:
            return ReadThenWrite.deposit(self, key)
        except psycopg.OperationalError as error:
            self.db.close()
            self.open(self.services)
            raise ValueError("not deposited, try again") from error


class NeverLeaves(ReadThenWrite):
    """Somebody is always on call, because nobody ever leaves."""

    breaks = "one of two stays on call"

    def left(self, key):
        pass


class SendsTheOtherAway(ReadThenWrite):
    """One of the two stays, and it is the one who has asked to leave."""

    breaks = "one of two stays on call"

    def left(self, key):
        if self.one(ON_CALL, key) > 1:
            self.db.execute(OFF, [key, 1 - self.worker % 2])
