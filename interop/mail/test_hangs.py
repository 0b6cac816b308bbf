"""Mail servers that say nothing more at some step, or hang up there. No request ever waits for one."""
import socket

from harness import PASSWORD, Server, until
from sink import Sink


def requests_are_answered(server, token):
    """Whatever causes a mail is answered as it is when the mail server is well."""
    server.expect(202, "POST", "/auth/email/verification", {"email": "ann@example.org"})
    for address in ("ann@example.org", "nobody@example.org"):
        server.forgot(address)
    server.expect(202, "POST", "/auth/email", {"new_email": "new@example.org"}, token)
    # Not of the account whose mail is under way: another password makes a proof of verification void.
    another = server.register("bob@example.org")
    change = {"current_password": PASSWORD, "new_password": "Another-Horse-8-Staple"}
    server.expect(204, "POST", "/auth/password", change, another)
    server.expect(200, "GET", "/health/ready")


def hangs_at(verb, certificates, reason, **options):
    """A mail meets silence at a verb; meanwhile requests are answered; then it waits, and goes out when the server is well."""
    sink = Sink(certificates.path("localhost"), auth=True, **options)
    sink.hang = verb
    with Server(sink.url(login=True, ca=certificates.ca)) as server:
        token = server.register("ann@example.org")
        until(lambda: sink.hanging, f"it hangs at {verb}")
        requests_are_answered(server, token)
        assert sink.hanging == 1, "the requests waited until the mail server was given up"
        first = server.database.mails("ann@example.org")[0]["id"]
        row = until(lambda: (row := server.database.execute("SELECT * FROM mail_outbox WHERE id = ?", first)[0])["attempts"] and row,
                    "the mail was given up for now")
        assert row["state"] == "waiting" and row["last_error"] == reason, dict(row)
        sink.release()
        server.database.hurry()
        until(lambda: set(server.database.states()) <= {"sent", "dropped"}, "all mails went out")
        sent = [row["id"] for row in server.database.mails() if row["state"] == "sent"]
        twice = {message for message in sink.ids() if sink.ids().count(message) > 1}
        assert set(sink.ids()) == {f"<{id}@sender.example>" for id in sent}
        return twice, f"<{first}@sender.example>"



def silent_at(verb, **options):
    def test(certificates):
        twice, _first = hangs_at(verb, certificates, "no answer within 15 s", **options)
        assert not twice, twice
    return test


test_silence_instead_of_a_banner = silent_at("banner")
test_silence_after_ehlo = silent_at("EHLO")
test_silence_after_starttls = silent_at("STARTTLS")
test_silence_after_auth = silent_at("AUTH", implicit=True)
test_silence_after_mail = silent_at("MAIL")
test_silence_after_rcpt = silent_at("RCPT")
test_silence_after_data = silent_at("DATA", implicit=True)


def test_silence_after_the_last_dot(certificates):
    """The server may have the mail or not: it comes again, as the same message."""
    twice, first = hangs_at("taken.", certificates, "no answer within 45 s")
    assert twice == {first}, twice


def test_silence_at_the_farewell(certificates):
    sink = Sink()
    sink.hang = "QUIT"
    with Server(sink.url()) as server:
        for name in ("ann", "bob"):
            server.register(f"{name}@example.org")
            server.state(f"{name}@example.org", "sent")
        assert len(sink.ids()) == 2
        sink.release()


def test_silence_instead_of_a_connection(certificates):
    """A listener whose queue is full: the kernel answers no further connection."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    queued = [socket.socket() for _ in range(4)]
    for connection in queued:
        connection.setblocking(False)
        connection.connect_ex(("127.0.0.1", port))
    with Server(f"smtp://127.0.0.1:{port}?tls=off") as server:
        token = server.register("ann@example.org")
        until(lambda: server.database.mails()[0]["leased_by"], "the mail is under way")
        requests_are_answered(server, token)
        assert server.database.mails()[0]["attempts"] == 0, "the requests waited until the mail server was given up"
        row = until(lambda: (row := server.database.mails()[0])["attempts"] and row, "the mail was given up for now")
        assert row["last_error"] == "no answer within 15 s", dict(row)


def test_nobody_listens(certificates):
    sink = Sink()
    sink.listener.close()
    with Server(sink.url()) as server:
        token = server.register("ann@example.org")
        server.state("ann@example.org", "waiting")
        requests_are_answered(server, token)


def test_a_line_that_is_cut(certificates):
    """The mail comes again. Whoever had it already can tell by its Message-ID."""
    for verb, had in (("banner", 0), ("EHLO", 0), ("MAIL", 0), ("RCPT", 0), ("DATA", 0), (".", 0), ("taken.", 1)):
        sink = Sink()
        sink.cut = verb
        with Server(sink.url()) as server:
            server.register("ann@example.org")
            row = server.state("ann@example.org", "waiting")
            assert row["attempts"] == 1 and len(sink.messages) == had, (verb, dict(row))
            sink.cut = None
            server.database.hurry()
            row = server.state("ann@example.org", "sent")
            assert sink.ids() == [f"<{row['id']}@sender.example>"] * (had + 1), verb
