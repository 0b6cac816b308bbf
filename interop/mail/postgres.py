"""A database on a PostgreSQL server that a test can take away."""
import asyncio
import csv
import os
import subprocess
import urllib.parse

from harness import LONG_AGO, Database
from sink import LOOP

URL = urllib.parse.urlsplit(os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"))


def is_there():
    """Whether there is a server, and its shell."""
    try:
        return subprocess.run(["psql", URL.geturl(), "-c", "SELECT 1"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class Postgres(Database):
    """Reached by servers through a proxy, and by tests without."""

    def __init__(self):
        super().__init__()
        self.name = f"mail_{os.getpid()}"
        self.administer(f"CREATE DATABASE {self.name}")
        self.direct = URL._replace(path=f"/{self.name}").geturl()
        self.is_away, self.connections = False, set()
        listening = asyncio.start_server(self.pass_on, "127.0.0.1", 0)
        self.listener = asyncio.run_coroutine_threadsafe(listening, LOOP).result()
        port = self.listener.sockets[0].getsockname()[1]
        login = f"{URL.username}{f':{URL.password}' if URL.password else ''}"
        self.url = f"postgres://{login}@127.0.0.1:{port}/{self.name}?sslmode=disable"

    def drop(self):
        self.administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def administer(self, statement):
        subprocess.run(["psql", URL.geturl(), "-q", "-c", statement], check=True)

    def execute(self, statement, *values):
        for value in values:
            literal = "NULL" if value is None else f"'{value}'"
            statement = statement.replace("?", literal, 1)
        shell = ["psql", self.direct, "-q", "--csv", "-v", "ON_ERROR_STOP=1", "-c", statement]
        rows = subprocess.run(shell, check=True, capture_output=True, text=True).stdout
        return list(csv.DictReader(rows.splitlines()))

    def post(self, count):
        self.execute(
            """INSERT INTO mail_outbox (id, occasion, recipient, origin, created_at, expires_at, state, attempts, next_attempt_at)
               SELECT '01900000-0000-7000-8000-' || lpad(n::text, 12, '0'), 'account_deleted', 'somebody' || n || '@example.org', ';;',
                      ?, '2099-01-01', 'waiting', 0, ? FROM generate_series(1, ?::int) AS s(n)""", LONG_AGO, LONG_AGO, count)

    async def pass_on(self, reader, writer):
        if self.is_away:
            return writer.close()
        upstream_reader, upstream = await asyncio.open_connection(URL.hostname, URL.port or 5432)
        self.connections |= {writer, upstream}
        await asyncio.gather(self.pump(reader, upstream), self.pump(upstream_reader, writer), return_exceptions=True)

    async def pump(self, source, target):
        while data := await source.read(65536):
            target.write(data)
        target.close()

    def go_away(self):
        """Ends all connections, and takes none."""
        self.is_away = True
        LOOP.call_soon_threadsafe(lambda: [connection.transport.abort() for connection in self.connections])

    def come_back(self):
        self.is_away = False
