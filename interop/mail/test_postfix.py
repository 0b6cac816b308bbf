"""Mails through Debian's Postfix into a mailbox, read there part by part."""
import re
from html.parser import HTMLParser

from harness import PASSWORD, Server, until
from postfix import Postfix

LANGUAGES = ("en", "de", "fr", "es", "zh")
LINK = re.compile(r"https://auth\.example\.org/pages/(\w+)#token=([\w-]{40,})")


class Page(HTMLParser):
    """Where a page leads and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "href":
                self.links.append(value)
            if name in ("src", "background", "srcset", "data", "poster", "action") or (name == "style" and "url(" in (value or "")):
                self.loads.append(value)


def check(content, mail, to):
    """What holds for every mail. Returns its text, and the page and the token of its link if it has one."""
    assert b"\0" not in content and max(map(len, content.splitlines())) <= 998
    head, body = content.replace(b"\r\n", b"\n").split(b"\n\n", 1)
    assert body.isascii() and max(map(len, body.splitlines())) <= 78
    for part in mail.walk():
        assert not part.defects, part.defects
        assert not [defect for value in part.values() for defect in value.defects], list(part.items())
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"):
        assert len(mail.get_all(name)) == 1, name
    assert mail["Return-Path"] == "<no-reply@sender.example>" and mail["Auto-Submitted"] == "auto-generated"
    sender = mail["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Exämple", "no-reply@sender.example")
    assert [address.addr_spec for address in mail["To"].addresses] == [to]
    assert re.fullmatch(r"<[0-9a-f-]{36}@sender\.example>", mail["Message-ID"]) and mail["Date"].datetime
    assert mail["Subject"] and "\n" not in mail["Subject"] and "{" not in mail["Subject"]
    assert mail.get_content_type() == "multipart/alternative"
    text, html = list(mail.iter_parts())
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for part in (text, html):
        assert part.get_content_charset() == "utf-8" and part["Content-Transfer-Encoding"] == "quoted-printable"
    text, html = text.get_content(), html.get_content()
    page = Page(html)
    assert not page.loads and not {"img", "script", "link", "iframe", "object"} & set(page.tags), html
    assert "{{" not in text + html and "{%" not in text + html
    links = LINK.findall(text)
    tokens = LINK.findall(" ".join(page.links))
    assert set(links) == set(tokens) and len(links) <= 1, (links, tokens)
    assert all(link.startswith("https://auth.example.org") for link in page.links), page.links
    return text, links[0] if links else None


def arrive(postfix, count):
    return until(lambda: len(mails := postfix.mails()) >= count and mails, f"{count} mails arrive", lambda: postfix.log()[-3000:])


def cause_mails(server, person, language):
    """Five: to verify, to reset, of another password, of another address to come, and to that."""
    token = server.register(person, language)
    server.forgot(person, language)
    # Another password makes void what waits.
    until(lambda: all(row["state"] == "sent" for row in server.database.mails(person)), "both went out")
    server.expect(204, "POST", "/auth/password", {"current_password": PASSWORD, "new_password": "Another-Horse-8-Staple"}, token)
    server.expect(202, "POST", "/auth/email", {"new_email": f"new.{person}"}, token, language)


def test_every_mail_arrives_through_postfix_as_it_was_meant(certificates):
    with Postfix(certificates) as postfix:
        for implicit in (False, True):
            seen = {mail["Message-ID"] for _content, mail in postfix.mails()}
            with Server(postfix.url(implicit)) as server:
                for language in LANGUAGES:
                    cause_mails(server, f"{language}.{implicit}@example.org".lower(), language)
                until(lambda: set(server.database.states()) == {"sent"}, "all are sent", server.database.states)
                rows = server.database.mails()
            assert len(rows) == 5 * len(LANGUAGES), [dict(row) for row in rows]
            mails = {mail["Message-ID"]: (content, mail) for content, mail in arrive(postfix, len(seen) + len(rows))}
            assert set(mails) - seen == {f"<{row['id']}@sender.example>" for row in rows} and len(mails) == len(seen) + len(rows)
            pages, subjects = {}, set()
            for row in rows:
                content, mail = mails[f"<{row['id']}@sender.example>"]
                text, (page, _token) = check(content, mail, row["recipient"])
                pages.setdefault(row["occasion"], set()).add(page)
                subjects.add(str(mail["Subject"]))
                # Whoever gets a link to press gets a code to type, but for undo.
                assert bool(re.search(r"^\s*\d{8}\s*$", text, re.M)) == (page != "undo"), text
                received = str(mail["Received"])
                assert "TLSv1.3" in received and "Authenticated sender: ann@sender.example" in received, received
            assert pages == {"verification": {"verify"}, "reset": {"reset"}, "password_changed": {"undo"},
                             "email_change_requested": {"undo"}, "change": {"email"}}, pages
            # Three kinds in the language of who asked for them, and notices in that of the account.
            assert len(subjects) >= 3 * len(LANGUAGES), subjects


def test_a_link_that_arrived_resets_the_password(certificates):
    with Postfix(certificates) as postfix, Server(postfix.url(host="127.0.0.1")) as server:
        server.register("ann@example.org")
        server.forgot("ann@example.org")
        # As the agent of a mailbox would, whatever arrives first.
        mails = {mail["Message-ID"]: (content, mail) for content, mail in arrive(postfix, 2)}
        row = server.database.mail("ann@example.org")
        _text, (page, token) = check(*mails[f"<{row['id']}@sender.example>"], "ann@example.org")
        assert page == "reset"
        body = {"token": token, "new_password": "Another-Horse-8-Staple"}
        server.expect(204, "POST", "/auth/password/reset", body)
        server.expect(400, "POST", "/auth/password/reset", body)
        server.expect(200, "POST", "/auth/login", {"email": "ann@example.org", "password": "Another-Horse-8-Staple"})


def test_postfix_takes_an_address_beyond_ascii_and_refuses_what_it_does_not_serve(certificates):
    with Postfix(certificates) as postfix, Server(postfix.url(implicit=True)) as server:
        server.register("jürgen@example.org")
        server.state("jürgen@example.org", "sent")
        content, _mail = arrive(postfix, 1)[0]
        assert "To: jürgen@example.org".encode() in content, content
    with Postfix(certificates) as postfix, Server(postfix.url().replace("s3cret", "wrong")) as server:
        server.register("ann@example.org")
        row = server.state("ann@example.org", "waiting")
        assert row["last_error"].startswith("535"), dict(row)
