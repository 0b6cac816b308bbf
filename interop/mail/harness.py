"""A live server that sends mail, its outbox, certificates, and how a test waits for a state."""
import json
import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

PROGRAM = os.path.abspath(os.environ["AUTH_SERVER"])
PASSWORD = "Correct-Horse-7-Battery"
LONG_AGO = "2026-01-01 00:00:00.000000"

# The longest that a state is waited for, in seconds: more than a mail server may take to accept a mail (45).
PATIENCE = 100


def until(state, what, otherwise=lambda: ""):
    """Waits until `state()` is true, and returns what it is. `otherwise` has more to tell if that never comes."""
    end = time.monotonic() + PATIENCE
    while not (now := state()):
        assert time.monotonic() < end, f"it never came to this: {what} {otherwise()}"
        time.sleep(0.05)
    return now


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Certificates:
    """An authority, a certificate of it for localhost, one for another name, and an authority that signed nothing."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for name in ("ca", "stranger"):
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                         f"/CN={name}", "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.pem"))
        self.issue("localhost", "DNS:localhost,IP:127.0.0.1")
        self.issue("elsewhere", "DNS:mail.elsewhere.example")
        self.ca, self.stranger = self.path("ca.pem"), self.path("stranger.pem")

    def path(self, name):
        return str(self.folder / name)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, name, names):
        Path(self.path(f"{name}.ext")).write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr"))
        self.openssl("x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"),
                     "-CAcreateserial", "-days", "2", "-extfile", self.path(f"{name}.ext"), "-out", self.path(f"{name}.pem"))


class Database:
    """A file that servers share, as an operator may look into it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="auth-mail-")
        self.file = f"{self.folder.name}/auth.db"
        self.url = f"sqlite:///{self.file}"

    def execute(self, statement, *values):
        connection = sqlite3.connect(self.file, timeout=30)
        connection.row_factory = sqlite3.Row
        with connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def mails(self, to=None):
        return self.execute("SELECT * FROM mail_outbox WHERE recipient = coalesce(?, recipient) ORDER BY id", to)

    def mail(self, to):
        """The newest mail to an address."""
        return self.mails(to)[-1]

    def hurry(self):
        """Lets what waits for its next attempt be due."""
        self.execute("UPDATE mail_outbox SET next_attempt_at = ? WHERE state = 'waiting'", LONG_AGO)

    def end_leases(self):
        """Lets minutes pass: what a server took that died is free again."""
        self.execute("UPDATE mail_outbox SET leased_until = ? WHERE leased_until IS NOT NULL", LONG_AGO)

    def post(self, count):
        """Puts mails into the outbox that need no account: to somebody0@example.org and so on."""
        self.execute(
            """WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < ? - 1)
               INSERT INTO mail_outbox (id, occasion, recipient, origin, created_at, expires_at, state, attempts, next_attempt_at)
               SELECT printf('01900000-0000-7000-8000-%012d', n), 'account_deleted', 'somebody' || n || '@example.org', ';;', ?,
                      '2099-01-01 00:00:00.000000', 'waiting', 0, ? FROM s""", count, LONG_AGO, LONG_AGO)

    def states(self):
        """How many mails stand so."""
        rows = self.execute("SELECT state, count(*) AS number FROM mail_outbox GROUP BY state")
        return {row["state"]: int(row["number"]) for row in rows}


class Server:
    """auth-server with mail."""

    def __init__(self, mail_url, database=None, **settings):
        self.database = database or Database()
        environment = {
            "PORT": "0", "LOG_FORMAT": "json", "BCRYPT_COST": "10", "HASH_MAX_WAIT_SECONDS": "60", "LOGIN_FAILURES": "100",
            "RATE_LIMIT_REQUESTS": "100000", "RATE_LIMIT_WINDOW": "1", "DATABASE_URL": self.database.url,
            "JWT_SECRET_KEY": "access-secret-of-the-mail-tests-0123456789", "PUBLIC_URL": "https://auth.example.org",
            "JWT_REFRESH_SECRET_KEY": "refresh-secret-of-the-mail-tests-0123456789", "MAIL_URL": mail_url,
            "MAIL_FROM": "Exämple <no-reply@sender.example>", "MAIL_APP_NAME": "Exämple",
        } | {name: value for name, value in settings.items() if value is not None}
        self.process = subprocess.Popen([PROGRAM], env=environment, cwd=self.database.folder.name, stdout=subprocess.PIPE, text=True)
        self.log, self.url = [], None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        until(lambda: self.url or self.process.poll() is not None, "the server listens")
        assert self.url, self.log

    def read(self):
        for line in self.process.stdout:
            entry = json.loads(line)
            message = entry.get("message", "")
            if message.startswith("listening on "):
                self.url = message.removeprefix("listening on ")
            self.log.append(entry)

    def says(self, text):
        return any(text in json.dumps(entry) for entry in list(self.log))

    def __enter__(self):
        return self

    def __exit__(self, *_failure):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def kill(self):
        """As a machine that loses power would."""
        self.process.kill()
        self.process.wait()

    def tell_to_stop(self):
        self.process.send_signal(signal.SIGTERM)
        until(lambda: self.says("stopping: "), "the server heard the signal")

    def ends(self):
        """The exit code."""
        return self.process.wait(timeout=PATIENCE)

    def ask(self, method, path, body=None, token=None, language=None):
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Accept-Language": language} if language else {}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method), timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read() or "null")

    def expect(self, status, method, path, body=None, token=None, language=None):
        answer = self.ask(method, path, body, token, language)
        assert answer[0] == status, f"{method} {path}: {answer}"
        return answer[1]

    def register(self, email, language=None):
        """The access token of a new account. A mail that verifies its address is on its way."""
        body = {"email": email, "password": PASSWORD}
        return self.expect(201, "POST", "/auth/register", body, language=language)["access_token"]

    def forgot(self, email, language=None):
        self.expect(202, "POST", "/auth/password/forgot", {"email": email}, language=language)

    def state(self, to, *states):
        """Waits until the newest mail to an address stands so, and has been tried; returns its row."""
        return until(lambda: (row := self.database.mail(to))["state"] in states and row["leased_by"] is None
                     and (row["attempts"] or row["state"] == "dropped") and row, f"a mail to {to} is {states}", lambda: [dict(row) for row in self.database.mails(to)])
