"""Mail servers that refuse: for now, for good, our login, or what we are."""
from harness import PASSWORD, Server, until
from sink import PASSWORD as SECRET
from sink import Sink


def refused(certificates, verb, reply):
    """A mail that meets this reply at this verb, and the server that goes on."""
    sink = Sink()
    sink.refuse[verb] = reply
    return sink, Server(sink.url())


def test_a_mail_that_is_refused_for_now_comes_again_as_the_same_message(certificates):
    for verb in ("MAIL", "RCPT", "DATA", "."):
        sink, server = refused(certificates, verb, "451 4.7.1 greylisted, come again")
        with server:
            server.register("ann@example.org")
            row = server.state("ann@example.org", "waiting")
            assert row["last_error"] == "451 4.7.1 greylisted, come again" and row["attempts"] == 1, dict(row)
            assert not sink.messages
            sink.refuse.clear()
            server.database.hurry()
            row = server.state("ann@example.org", "sent")
            assert row["attempts"] == 2 and sink.ids() == [f"<{row['id']}@sender.example>"], dict(row)


def test_a_refusal_for_now_keeps_no_other_mail(certificates):
    sink, server = refused(certificates, "RCPT", "450 4.2.0 mailbox busy")
    with server:
        server.register("ann@example.org")
        server.state("ann@example.org", "waiting")
        sink.refuse.clear()
        server.register("bob@example.org")
        server.state("bob@example.org", "sent")
        assert server.database.mail("ann@example.org")["state"] == "waiting"


def test_a_mail_that_is_refused_for_good_is_dead(certificates):
    for verb in ("MAIL", "RCPT", "DATA", "."):
        sink, server = refused(certificates, verb, "550 5.1.1 no such user")
        with server:
            server.register("ann@example.org")
            row = server.state("ann@example.org", "dead")
            assert row["last_error"] == "550 5.1.1 no such user" and row["attempts"] == 1, dict(row)
            sink.refuse.clear()
            server.register("bob@example.org")
            server.state("bob@example.org", "sent")
            assert [message.to for message in sink.messages] == [["bob@example.org"]]
            events = server.database.execute("SELECT reason FROM audit_events WHERE event = 'mail_dead'")
            assert [event["reason"] for event in events] == ["refused"], [tuple(event) for event in events]


def test_a_login_that_is_taken(certificates):
    for implicit in (False, True):
        sink = Sink(certificates.path("localhost"), implicit=implicit, auth=True)
        with Server(sink.url(login=True, ca=certificates.ca)) as server:
            server.register("ann@example.org")
            server.state("ann@example.org", "sent")
            assert len(sink.logins) == 1 and sink.messages, sink.logins


def test_a_login_that_is_refused_kills_no_mail_and_is_in_no_log(certificates):
    sink = Sink(certificates.path("localhost"), auth=True)
    sink.refuse["AUTH"] = f"535 5.7.8 {SECRET} is no password"
    with Server(sink.url(login=True, ca=certificates.ca)) as server:
        server.register("ann@example.org")
        row = server.state("ann@example.org", "waiting")
        assert row["last_error"].startswith("535") and SECRET not in row["last_error"], dict(row)
        until(lambda: server.says("the mail server takes no mail"), "the log tells of it")
        assert not server.says(SECRET), server.log
        sink.refuse.clear()
        server.database.hurry()
        server.state("ann@example.org", "sent")


def test_a_login_that_is_demanded_and_not_configured_kills_no_mail(certificates):
    sink = Sink(certificates.path("localhost"), auth=True)
    with Server(sink.url(ca=certificates.ca)) as server:
        server.register("ann@example.org")
        assert server.state("ann@example.org", "waiting")["last_error"].startswith("530")
        assert not sink.messages


def not_trusted(server, sink, reason):
    server.register("ann@example.org")
    row = server.state("ann@example.org", "waiting")
    assert reason in row["last_error"], dict(row)
    assert not sink.messages and not sink.logins and "MAIL" not in sink.said


def test_nothing_is_said_to_a_server_without_tls(certificates):
    sink = Sink(certificates.path("localhost"), starttls=False)
    with Server(sink.url(login=True, ca=certificates.ca)) as server:
        not_trusted(server, sink, "does not offer STARTTLS")


def test_nothing_is_said_to_a_server_with_a_certificate_of_another(certificates):
    for implicit in (False, True):
        sink = Sink(certificates.path("elsewhere"), implicit=implicit)
        with Server(sink.url(login=True, ca=certificates.ca)) as server:
            not_trusted(server, sink, "TLS: ")
        sink = Sink(certificates.path("localhost"), implicit=implicit)
        with Server(sink.url(login=True, ca=certificates.stranger)) as server:
            not_trusted(server, sink, "TLS: ")


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(certificates):
    address = "jürgen@example.org"
    with Server((sink := Sink(utf8=False)).url()) as server:
        server.register(address)
        row = server.state(address, "dead")
        assert "SMTPUTF8" in row["last_error"] and not sink.messages, dict(row)
        # A domain has a form in ASCII, which every server takes.
        server.register("ann@bücher.example")
        server.state(server.database.mails()[-1]["recipient"], "sent")
        assert sink.messages[0].to == ["ann@xn--bcher-kva.example"]
    with Server((sink := Sink()).url()) as server:
        server.register(address)
        server.state(address, "sent")
        assert sink.messages[0].utf8 and sink.messages[0].to == [address]
        assert f"\r\nTo: {address}\r\n".encode() in sink.messages[0].content, sink.messages[0].content


def test_a_server_that_talks_without_end_is_left(certificates):
    for lines in (b"220-" + b"x" * 500_000 + b"\r\n220 sink\r\n", b"220-banner\r\n" * 40_000 + b"220 sink\r\n", b"x" * 500_000):
        for certificate in (None, certificates.path("localhost")):
            sink = Sink(certificate)
            sink.banner = lines
            with Server(sink.url(ca=certificates.ca)) as server:
                server.register("ann@example.org")
                row = server.state("ann@example.org", "waiting")
                assert len(row["last_error"]) < 500 and not sink.messages, dict(row)
                sink.banner = None
                server.database.hurry()
                server.state("ann@example.org", "sent")


def test_mails_that_wait_together_share_a_connection(certificates):
    for one_each, connections in ((False, 1), (True, 5)):
        sink = Sink()
        # As a server does that takes so many mails by each connection, and hangs up then.
        sink.one_each = one_each
        with Server(sink.url()) as server:
            server.database.post(5)
            until(lambda: server.database.states() == {"sent": 5}, "all are sent", server.database.states)
            until(lambda: not sink.connections, "the last connection is ended")
        assert len(sink.ids()) == len(set(sink.ids())) == 5
        assert sink.said.count("EHLO") == connections, sink.said


def test_the_server_answers_as_ever_while_mail_is_refused(certificates):
    sink, server = refused(certificates, "EHLO", "554 5.7.1 go away")
    with server:
        token = server.register("ann@example.org")
        row = server.state("ann@example.org", "waiting")
        assert row["last_error"].startswith("554"), dict(row)
        server.forgot("ann@example.org")
        server.forgot("nobody@example.org")
        change = {"current_password": PASSWORD, "new_password": "Another-Horse-8-Staple"}
        server.expect(204, "POST", "/auth/password", change, token)
        assert server.database.states() == {"waiting": 4}
