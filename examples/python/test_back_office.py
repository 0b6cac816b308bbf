"""Holds the back office against the server in $URL, whose commands $AUTH_SERVER runs."""

import contextlib
import io
import json
import os
import subprocess
import tempfile
import unittest
import uuid
from pathlib import Path

from auth_client import AuthClient, Problem
from back_office import BackOffice, run

URL = os.environ["URL"]
PASSWORD = "Correct-Horse-7-Battery"


def client(scopes: str) -> BackOffice:
    added = subprocess.run(
        [os.environ["AUTH_SERVER"], "clients", "add", f"Office {uuid.uuid4()}", "--scope", scopes, "--json"],
        check=True, capture_output=True, text=True,
    )
    made = json.loads(added.stdout)
    return BackOffice(URL, made["client_id"], made["client_secret"])


class TestBackOffice(unittest.TestCase):
    def setUp(self) -> None:
        self.name = uuid.uuid4().hex
        self.office = client("admin:read,admin:write,admin:export")
        self.folder = Path(tempfile.mkdtemp())

    def register(self, number: int) -> AuthClient:
        person = AuthClient(URL)
        person.register(f"{self.name}-{number:03}@example.org", PASSWORD)
        return person

    def told(self, command: str, **arguments: object) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            run(self.office, command, arguments)
        return out.getvalue()

    def test_who_leaves_is_out_at_once(self) -> None:
        person = self.register(1)
        email = person.me()["email"]
        self.assertEqual(self.told("offboard", email=email), f"disabled: {email}\n")
        with self.assertRaises(Problem) as refused:
            person.me()
        self.assertEqual(refused.exception.code, "token_invalid")
        self.assertIn("disabled", self.told("find", prefix=self.name, status="disabled"))
        self.assertEqual(self.told("offboard", email=f"nobody-{email}"), "there is no such account\n")

    def test_an_account_that_changes_meanwhile_is_asked_again(self) -> None:
        account = self.register(1).me()
        asked = []

        def change(seen: dict) -> dict:
            asked.append(seen["attributes"])
            if len(asked) == 1:
                self.office.request("PATCH", f"/admin/users/{account['id']}", json={"attributes": {"plan": "gold"}})
            return {"attributes": {"seen": len(asked)}}

        changed = self.office.change(account["id"], change)
        self.assertEqual((asked, changed["attributes"]), ([{}, {"plan": "gold"}], {"plan": "gold", "seen": 2}))

    def test_what_was_exported_can_be_imported(self) -> None:
        self.register(1)
        lines = [{"email": f"{self.name}-{number:03}@example.org"} for number in range(450)] + [{"email": "nobody"}]
        file, copy = self.folder / "accounts.ndjson", self.folder / "copy.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        totals = {"total": 451, "imported": 449, "already_there": 1, "refused": 1}
        self.assertEqual(list(self.office.import_accounts(file, dry_run=True))[-1], totals)
        told = self.told("import", file=file, dry_run=False).splitlines()
        self.assertEqual([json.loads(line).get("line") for line in told], [2, 451, None])
        self.assertEqual(len(list(self.office.accounts(prefix=self.name))), 450)
        self.told("export", file=copy)
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        again = list(self.office.import_accounts(copy))[-1]
        self.assertEqual((again["imported"], again["refused"]), (0, 0))

    def test_a_scope_that_is_missing_is_told(self) -> None:
        with self.assertRaises(Problem) as refused:
            list(client("admin:read").import_accounts(Path(__file__)))
        self.assertEqual(refused.exception.code, "insufficient_scope")


if __name__ == "__main__":
    unittest.main()
