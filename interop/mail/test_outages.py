"""Servers that die, stop or lose their database while a mail is under way: nothing is lost, and only what was under way comes twice."""
import contextlib
import sqlite3

from harness import Database, Server, until
from postgres import Postgres, is_there
from sink import Sink

COUNT = 120


def all_sent(database, count=COUNT):
    until(lambda: database.states() == {"sent": count}, "all mails are sent")


def expected(database):
    return {f"<{row['id']}@sender.example>" for row in database.mails()}


def twice(sink):
    return {message for message in sink.ids() if sink.ids().count(message) > 1}


def full_outbox(database):
    """A database with tables and mails, and no server at it."""
    with Server("file:mail", database):
        pass
    database.post(COUNT)
    return database


def killed(certificates, verb):
    """A server dies while it waits for a reply; another goes on."""
    sink, database = Sink(), full_outbox(Database())
    sink.hang = verb
    with Server(sink.url(), database) as server:
        until(lambda: sink.hanging, "a mail is under way")
        server.kill()
    until(lambda: not sink.connections, "its connection is closed")
    sink.release()
    with Server(sink.url(), database):
        # It took fifty, and nobody else may have them yet.
        until(lambda: database.states().get("sent") == COUNT - 50, "what it did not hold is sent")
        database.end_leases()
        all_sent(database)
    assert set(sink.ids()) == expected(database)
    return sink


def test_a_server_that_is_killed_before_a_mail_is_taken_loses_none_and_repeats_none(certificates):
    for verb in ("RCPT", "."):
        assert not twice(killed(certificates, verb))


def test_a_server_that_is_killed_after_a_mail_was_taken_repeats_that_one(certificates):
    sink = killed(certificates, "taken.")
    assert twice(sink) == {sink.ids()[0]} and len(sink.ids()) == COUNT + 1


def test_two_servers_send_each_mail_once(certificates):
    sink, database = Sink(), full_outbox(Database())
    with Server(sink.url(), database, MAIL_FROM="a@one.example"), Server(sink.url(), database, MAIL_FROM="b@two.example"):
        all_sent(database)
    by = [sum(message.sender == sender for message in sink.messages) for sender in ("a@one.example", "b@two.example")]
    assert len(sink.messages) == COUNT and not twice(sink)
    print(f"    two servers sent {by[0]} and {by[1]}", flush=True)


@contextlib.contextmanager
def locked(database):
    """Nobody can write to the database."""
    connection = sqlite3.connect(database.file, timeout=30, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_a_database_that_is_away_while_a_mail_is_taken_repeats_that_one(certificates):
    sink, database = Sink(), full_outbox(Database())
    sink.hang = "taken."
    with Server(sink.url(), database) as server:
        until(lambda: sink.hanging, "a mail is under way")
        with locked(database):
            sink.release()
            until(lambda: server.says("cannot look into the outbox"), "the server noticed")
            assert len(sink.messages) == 1, "it went on without knowing what became of the first"
        until(lambda: database.states().get("sent") == COUNT - 50, "what it did not hold is sent")
        database.end_leases()
        all_sent(database)
    assert set(sink.ids()) == expected(database) and twice(sink) == {sink.ids()[0]} and len(sink.ids()) == COUNT + 1


def test_a_database_server_that_is_away_while_a_mail_is_taken_repeats_that_one(certificates):
    if not is_there():
        return print("    skipped: no PostgreSQL can be reached by psql", flush=True)
    database = Postgres()
    try:
        sink, database = Sink(), full_outbox(database)
        sink.hang = "taken."
        with Server(sink.url(), database) as server:
            until(lambda: sink.hanging, "a mail is under way")
            database.go_away()
            sink.release()
            until(lambda: server.says("cannot look into the outbox"), "the server noticed")
            assert len(sink.messages) == 1, "it went on without knowing what became of the first"
            database.come_back()
            until(lambda: database.states().get("sent") == COUNT - 50, "what it did not hold is sent", database.states)
            database.end_leases()
            all_sent(database)
        assert set(sink.ids()) == expected(database) and twice(sink) == {sink.ids()[0]} and len(sink.ids()) == COUNT + 1
    finally:
        database.drop()


def test_a_database_that_is_away_before_mails_are_taken_delays_them(certificates):
    sink, database = Sink(), full_outbox(Database())
    database.execute("UPDATE mail_outbox SET next_attempt_at = '2099-01-01 00:00:00.000000'")
    with Server(sink.url(), database) as server:
        with locked(database):
            until(lambda: server.says("cannot look into the outbox"), "the server noticed")
        database.hurry()
        all_sent(database)
    assert len(sink.ids()) == COUNT and not twice(sink)


def test_a_stop_lets_the_mail_under_way_finish_and_gives_the_others_back(certificates):
    sink, database = Sink(), full_outbox(Database())
    sink.hang = "taken."
    with Server(sink.url(), database) as server:
        until(lambda: sink.hanging, "a mail is under way")
        server.tell_to_stop()
        sink.release()
        assert server.ends() == 0, server.log
    assert len(sink.ids()) == 1 and database.states() == {"sent": 1, "waiting": COUNT - 1}, database.states()
    assert not any(row["leased_by"] for row in database.mails())
    with Server(sink.url(), database):
        all_sent(database)
    assert not twice(sink)


def test_a_stop_does_not_wait_for_a_mail_server_that_hangs_and_gives_all_mails_back(certificates):
    for verb in ("EHLO", "RCPT"):
        sink, database = Sink(), full_outbox(Database())
        sink.hang = verb
        with Server(sink.url(), database, SHUTDOWN_TIMEOUT_SECONDS="2") as server:
            until(lambda: sink.hanging, "a mail is under way")
            server.tell_to_stop()
            assert server.ends() == 0, server.log
        assert database.states() == {"waiting": COUNT}, database.states()
        assert not any(row["leased_by"] for row in database.mails()), "mails are kept from the next server"
        sink.release()
        database.hurry()
        with Server(sink.url(), database):
            all_sent(database)
        assert not twice(sink)
