"""People who register, log in, refresh, look, change passwords and log out, and what has to be true of them afterwards.

Each answer has to be the one that is due. A connection may close before an answer begins; then nobody knows what became of the
request, which is sent again: the answer then has to be that of one request, done before or now.
"""
import base64, json, socket, threading


class Closed(Exception):
    """The connection closed before an answer began."""


class Connection:
    def __init__(self, port):
        self.port, self.socket = port, None

    def send(self, method, path, body=None, token=None):
        text = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "")
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
        try:
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.socket.sendall(head.encode() + b"\r\n" + text)
        except (BrokenPipeError, ConnectionError) as closed:
            self.close()
            raise Closed from closed

    def receive(self):
        """Status, and the body where there is one."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.more(begun=received)
        head, body = received.split(b"\r\n\r\n", 1)
        status, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if ": " in line)}
        while len(body) < int(fields.get("content-length", "0")):
            body += self.more(begun=received)
        if fields.get("connection") == "close":
            self.close()
        return int(status.split(" ")[1]), json.loads(body) if body else None

    def more(self, begun):
        try:
            chunk = self.socket.recv(65536) if self.socket else b""
        except ConnectionError:
            chunk = b""
        if not chunk:
            self.close()
            assert not begun, f"cut off in the middle of an answer: {begun}"
            raise Closed
        return chunk

    def ask(self, *request, **more):
        self.send(*request, **more)
        return self.receive()

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None


class Tally:
    """What all people count together."""

    def __init__(self):
        self.answers, self.closed, self.unknown, self.lock = 0, 0, 0, threading.Lock()

    def add(self, **counts):
        with self.lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


class Session:
    def __init__(self, answer):
        self.access, self.refresh = answer["access_token"], answer["refresh_token"]

    def follow(self, answer):
        """Takes the next pair of tokens, which has to be the one that follows: a chain that forks has two of a generation."""
        before, after = claims(self.refresh), claims(answer["refresh_token"])
        assert (after["sid"], after["gen"]) == (before["sid"], before["gen"] + 1), f"{before} is followed by {after}"
        self.access, self.refresh = answer["access_token"], answer["refresh_token"]


class Person:
    """An account and what its owner knows of it. Requests go by two connections in turn, to whichever servers have them."""

    def __init__(self, email, ports, tally):
        self.email, self.password, self.tally, self.turn = email, "Correct-Horse-7-Battery", tally, 0
        self.connections = [Connection(port) for port in ports]
        self.session, self.former, self.ended = None, None, []

    def ask(self, what, statuses, *request, again=(), **more):
        """Asks until there is an answer. `again` are statuses of a request that had been done already, if that may be so."""
        asked = 0
        while True:
            self.turn += 1
            try:
                status, body = self.connections[self.turn % 2].ask(*request, **more)
                break
            except Closed:
                self.tally.add(closed=1, unknown=0 if asked else 1)
                asked += 1
                assert asked < 20, f"{self.email}: {what}: no server answers"
        self.tally.add(answers=1)
        assert status in statuses or asked and status in again, f"{self.email}: {what}: {status} {body}"
        return status, body

    def credentials(self, password=None):
        return {"email": self.email, "password": password or self.password}

    def register(self):
        self.ask("register", [201], "POST", "/auth/register", self.credentials(), again=[409])

    def login(self):
        return Session(self.ask("log in", [200], "POST", "/auth/login", self.credentials())[1])

    def next(self):
        pair = {"refresh_token": self.session.refresh}
        self.session.follow(self.ask("refresh", [200], "POST", "/auth/refresh", pair)[1])

    def next_at_once(self):
        """The same token by both connections at once, as by two tabs of a browser: both get the same successor."""
        pair, answers = {"refresh_token": self.session.refresh}, []
        for step in ("send", "receive"):
            for connection in self.connections:
                try:
                    if step == "send":
                        connection.send("POST", "/auth/refresh", pair)
                    elif connection.socket:
                        answers.append(connection.receive())
                except Closed:
                    self.tally.add(closed=1, unknown=1)
        self.tally.add(answers=len(answers))
        assert all(status == 200 for status, _ in answers), f"{self.email}: refresh at once: {answers}"
        generations = {claims(body["refresh_token"])["gen"] for _, body in answers}
        assert len(generations) < 2, f"{self.email}: the chain has forked: {answers}"
        # Where neither was answered, the token is shown once more.
        self.session.follow(answers[0][1]) if answers else self.next()

    def look(self, session, status, what):
        """At both connections: what one server was told holds at the other."""
        for _ in self.connections:
            self.ask(what, [status], "GET", "/auth/me", token=session.access)

    def change_password(self, new):
        change = {"current_password": self.password, "new_password": new}
        # 403: the password is the new one already.
        self.ask("change the password", [204], "POST", "/auth/password", change, self.session.access, again=[403])
        self.former, self.password = self.password, new

    def logout(self, session):
        self.ask("log out", [204], "POST", "/auth/logout", None, session.access, again=[401])
        self.ended.append(session)

    def refused(self):
        """What has ended opens nothing, at either connection."""
        for session in self.ended[-2:]:
            self.look(session, 401, "a session that has ended")
            self.ask("its refresh token", [401], "POST", "/auth/refresh", {"refresh_token": session.refresh})
        for _ in self.connections:
            self.ask("the former password", [401], "POST", "/auth/login", self.credentials(self.former))

    def live(self, rounds):
        self.register()
        self.ask("register again", [409], "POST", "/auth/register", self.credentials())
        self.session = self.login()
        for round_ in range(rounds):
            self.next()
            self.next_at_once()
            displaced, left = self.login(), self.login()
            self.logout(left)
            self.change_password(f"Another-Horse-{round_}-Battery")
            self.ended.append(displaced)
            self.refused()
            self.look(self.session, 200, "the session that a change of password keeps")
        for connection in self.connections:
            connection.close()

    def holds(self, ports):
        """Everything that was answered is still so."""
        self.connections = [Connection(port) for port in ports]
        for session in self.ended:
            self.look(session, 401, "a session that ended before")
        self.ended = self.ended[-2:]
        self.refused()
        self.look(self.session, 200, "a session that lived before")
        self.next()
        self.login()
        for connection in self.connections:
            connection.close()
