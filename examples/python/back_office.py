"""What a back office does by auth-server's API for administrators: as a client of its own, without a person.

    auth-server clients add "Back office" --scope admin:read,admin:write     # prints CLIENT_ID and CLIENT_SECRET
    python3 back_office.py find --prefix ann
    python3 back_office.py offboard ann@example.org
    python3 back_office.py import accounts.ndjson --dry-run
    python3 back_office.py export accounts.ndjson                            # takes the scope admin:export
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from auth_client import Problem, checked

Account = dict[str, Any]


class BackOffice:
    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        # An import may be silent for as long as the server waits for its database.
        self._http = httpx.Client(base_url=url, timeout=60)
        self._credentials = (client_id, client_secret)
        self._token = ""
        self._renew_at = 0.0

    def __enter__(self) -> BackOffice:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def accounts(self, **search: str) -> Iterator[Account]:
        """Every account that the search finds: `email`, `prefix`, `role`, `status`, `verified`. A page may be empty and yet have a next one."""
        after: dict[str, str] = {}
        while True:
            page = self.request("GET", "/admin/users", params=search | after | {"limit": "200"}).json()
            yield from page["users"]
            if page["next"] is None:
                return
            after = {"after": page["next"]}

    def change(self, account_id: str, change: Callable[[Account], dict[str, Any]]) -> Account:
        """Patches an account (RFC 7396) as it is: whoever changes it at the same moment is not overwritten, `change` is asked again."""
        while True:
            seen = self.request("GET", f"/admin/users/{account_id}")
            patch = change(seen.json())
            answer = self._send("PATCH", f"/admin/users/{account_id}", json=patch, headers={"If-Match": seen.headers["ETag"]})
            if answer.status_code != 412:
                return checked(answer).json()

    def offboard(self, email: str) -> Account | None:
        """Disables an account: its sessions end on all servers at once. None where there is no such account."""
        for account in self.accounts(email=email):
            return self.change(account["id"], lambda _: {"disabled": True, "roles": []})
        return None

    def import_accounts(self, file: Path, *, dry_run: bool = False) -> Iterator[dict[str, Any]]:
        """What became of each line, and the totals at the end. Without totals it was not whole: import the file again, which harms nobody."""
        headers = {"Content-Type": "application/x-ndjson"}
        params = {"dry_run": "true"} if dry_run else {}
        with file.open("rb") as lines:
            yield from self._lines("POST", "/admin/users/import", content=lines, headers=headers, params=params)

    def export_accounts(self, file: Path) -> int:
        """Every account with its password hash, into a new file that only its owner reads. Returns how many."""
        count = 0
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            for account in self._lines("GET", "/admin/users/export"):
                out.write(json.dumps(account, ensure_ascii=False, separators=(",", ":")) + "\n")
                count += 1
        return count

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Any request to the API; a refusal is an error."""
        return checked(self._send(method, path, **arguments))

    def _lines(self, method: str, path: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        headers = arguments.pop("headers", {}) | self._authorization()
        with self._http.stream(method, path, headers=headers, **arguments) as answer:
            if answer.is_error:
                answer.read()
            checked(answer)
            for line in answer.iter_lines():
                yield json.loads(line)

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = arguments.pop("headers", {})
        while True:
            answer = self._http.request(method, path, headers=headers | self._authorization(), **arguments)
            if answer.status_code != 429:
                return answer
            time.sleep(int(answer.headers["Retry-After"]))

    def _authorization(self) -> dict[str, str]:
        """A token of the client's own (RFC 6749 section 4.4), kept until shortly before it expires."""
        if time.monotonic() >= self._renew_at:
            answer = self._http.post("/oauth/token", auth=self._credentials, data={"grant_type": "client_credentials"})
            granted = checked(answer).json()
            self._token = granted["access_token"]
            self._renew_at = time.monotonic() + granted["expires_in"] - 30
        return {"Authorization": f"Bearer {self._token}"}


def main() -> None:
    parser = argparse.ArgumentParser(description="What a back office does with accounts. URL, CLIENT_ID and CLIENT_SECRET are read from the environment.")
    commands = parser.add_subparsers(dest="command", required=True)
    find = commands.add_parser("find", help="list accounts, a line each")
    for name in ("email", "prefix", "role", "status", "verified"):
        find.add_argument(f"--{name}")
    offboard = commands.add_parser("offboard", help="disable an account and take its roles")
    offboard.add_argument("email")
    imports = commands.add_parser("import", help="import accounts, and tell of each that was not imported")
    imports.add_argument("file", type=Path)
    imports.add_argument("--dry-run", action="store_true")
    export = commands.add_parser("export", help="write every account to a new file, with its password hash")
    export.add_argument("file", type=Path)
    arguments = vars(parser.parse_args())
    with BackOffice(os.environ["URL"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]) as office:
        try:
            run(office, arguments.pop("command"), arguments)
        except Problem as problem:
            raise SystemExit(f"refused: {problem}") from problem


def run(office: BackOffice, command: str, arguments: dict[str, Any]) -> None:
    if command == "find":
        for account in office.accounts(**{name: value for name, value in arguments.items() if value is not None}):
            print(account["email"], account["id"], "disabled" if account["disabled"] else "enabled", *account["roles"])
    elif command == "offboard":
        account = office.offboard(arguments["email"])
        print("there is no such account" if account is None else f"disabled: {account['email']}")
    elif command == "import":
        result: dict[str, Any] = {}
        for result in office.import_accounts(arguments["file"], dry_run=arguments["dry_run"]):
            if result.get("result") != "imported":
                print(json.dumps(result))
        if "total" not in result:
            raise SystemExit("The import was not whole: import the file again.")
    else:
        print(f"{office.export_accounts(arguments['file'])} accounts")


if __name__ == "__main__":
    main()
