"""A mail server whose behaviour a test chooses: aiosmtpd, which can refuse, hang and hang up wherever it is told to."""
import asyncio
import email
import ssl
import threading
from email import policy

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "ann@sender.example", "s3cret/?"

# One loop, in a thread of its own, for all mail servers of a run.
LOOP = asyncio.new_event_loop()
threading.Thread(target=LOOP.run_forever, daemon=True).start()


class Sink:
    """A mail server on a port of its own. What it does may be changed at any time.

    `refuse` has a reply for each verb, or "." for the end of a message; `hang` and `cut` name verbs at which it says nothing more,
    or hangs up; "taken." is after it has taken a message, and before it says so. `banner` is said instead of the usual one. With
    `one_each` it takes one mail by each connection.
    """

    def __init__(self, certificate=None, implicit=False, starttls=True, auth=False, utf8=True):
        self.certificate, self.implicit, self.starttls, self.auth, self.utf8 = certificate, implicit, starttls, auth, utf8
        self.refuse, self.hang, self.cut, self.banner, self.one_each = {}, None, None, None, False
        # What was taken, which verbs were said, how many wait where it hangs, and by which mechanisms somebody logged in.
        self.messages, self.said, self.hanging, self.logins = [], [], 0, []
        self.connections = set()
        self.released = asyncio.Event()
        self.tls = None
        if certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
        self.listener = asyncio.run_coroutine_threadsafe(self.listen(), LOOP).result()
        self.port = self.listener.sockets[0].getsockname()[1]

    async def listen(self):
        return await LOOP.create_server(lambda: Session(self), "127.0.0.1", 0, ssl=self.tls if self.implicit else None)

    def release(self):
        """Lets those go on that hang, and all that come."""
        self.hang = None
        LOOP.call_soon_threadsafe(self.released.set)

    def url(self, login=False, ca=None, host="localhost"):
        """The MAIL_URL of this server."""
        login = f"{USER.replace('@', '%40')}:s3cret%2F%3F@" if login else ""
        query = f"?ca={ca}" if self.certificate else "?tls=off"
        return f"{'smtps' if self.implicit else 'smtp'}://{login}{host}:{self.port}{query}"

    def to(self, address):
        """The messages that were taken for an address."""
        return [message for message in list(self.messages) if message.to == [address]]

    def ids(self):
        return [message.id for message in list(self.messages)]

    async def handle_DATA(self, server, session, envelope):
        await server.meet(".")
        if "." in self.refuse:
            return self.refuse["."]
        self.messages.append(Message(session, envelope))
        server.has_taken = True
        await server.meet("taken.")
        return "250 2.0.0 queued"

    def check_login(self, server, session, envelope, mechanism, data):
        self.logins.append(mechanism)
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False, auth_data=data)


class Message:
    """A message that a mail server took."""

    def __init__(self, session, envelope):
        self.content, self.sender, self.to = envelope.content, envelope.mail_from, envelope.rcpt_tos
        self.tls, self.utf8 = bool(session.ssl), envelope.smtp_utf8
        self.mail = email.message_from_bytes(envelope.content, policy=policy.default)
        self.id = self.mail["Message-ID"]


class Session(SMTP):
    """One connection."""

    def __init__(self, sink):
        self.sink, self.greeted, self.has_taken = sink, False, False
        super().__init__(
            sink, hostname="sink.example", enable_SMTPUTF8=sink.utf8, authenticator=sink.check_login, auth_required=sink.auth,
            auth_require_tls=bool(sink.tls) and not sink.implicit, loop=LOOP, timeout=600,
            tls_context=sink.tls if sink.starttls and not sink.implicit else None)

    def connection_made(self, transport):
        self.sink.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        self.sink.connections.discard(self)
        super().connection_lost(error)

    async def meet(self, verb):
        """Does what the sink is told to do at a verb, unless that is to go on."""
        if self.sink.cut == verb:
            self.transport.abort()
            # Nothing more is said to whom nobody listens.
            await asyncio.Event().wait()
        if self.sink.hang == verb:
            self.sink.hanging += 1
            await self.sink.released.wait()
            self.sink.hanging -= 1

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            await self.meet("banner")
            if self.sink.banner:
                return await super().push(self.sink.banner)
        return await super().push(status)


def at(verb):
    """The method for a verb: what the sink is told to do there, and otherwise what aiosmtpd does."""
    plain = getattr(SMTP, f"smtp_{verb}")

    async def meet_first(self, argument):
        self.sink.said.append(verb)
        await self.meet(verb)
        if self.has_taken and self.sink.one_each:
            await self.push("421 4.7.0 one mail for each connection")
            return self.transport.close()
        if verb in self.sink.refuse:
            return await self.push(self.sink.refuse[verb])
        return await plain(self, argument)

    # aiosmtpd keeps what it says of a verb, and when it is allowed, on its methods.
    meet_first.__dict__.update(plain.__dict__)
    return meet_first


for _verb in ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"):
    setattr(Session, f"smtp_{_verb}", at(_verb))
