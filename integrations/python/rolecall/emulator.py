"""Runs `rolecall emulator`, an IAM Identity Center in memory, and controls it over HTTP: see docs/emulator.md."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import subprocess
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence
from urllib.parse import quote

from .errors import RolecallError, from_answer, unreachable
from .programs import find_program

_START_SECONDS = 30.0
_CALL_SECONDS = 10.0
_STOP_SECONDS = 10.0
#: Never a proxy: the emulator is on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Emulator:
    """A running emulator. `environment` has the variables that point AWS clients to it.

    Methods raise `RolecallError`.
    """

    def __init__(self, description: Mapping[str, Any]) -> None:
        self.url: str = description["url"]
        self.start_url: str = description["startUrl"]
        self.region: str = description["region"]
        self.environment: Dict[str, str] = dict(description["environment"])
        self._token: str = description["controlToken"]

    def advance(self, seconds: float) -> None:
        """Moves the emulator's clock forward: tokens, sessions and credentials expire as they would."""
        self.control("POST", "time/advance", {"seconds": seconds})

    def reset(self) -> None:
        """Back to the start: the first directory, no sessions, faults or records, and the real time."""
        self.control("POST", "reset")

    def requests(self) -> List[Dict[str, Any]]:
        """The last requests, oldest first; they have no secrets."""
        return list(self.control("GET", "requests")["requests"])

    def calls(self) -> Dict[str, Any]:
        """The number of calls by operation."""
        return dict(self.control("GET", "calls"))

    def add_account(self, account_id: str, account_name: str) -> None:
        """Adds an account without assignments."""
        self.control("POST", "accounts", {"accountId": account_id, "accountName": account_name})

    def remove_account(self, account_id: str) -> None:
        """Removes an account and its assignments."""
        self.control("DELETE", f"accounts/{quote(account_id, safe='')}")

    def add_user(self, user_name: str) -> None:
        """Adds a user without groups."""
        self.control("POST", "users", {"userName": user_name})

    def remove_user(self, user_name: str) -> None:
        """Removes a user with its assignments, and ends its sessions."""
        self.control("DELETE", f"users/{quote(user_name, safe='')}")

    def add_permission_set(self, name: str, *, session_duration_seconds: int = 3600) -> None:
        """Adds a permission set."""
        self.control("POST", "permission-sets", {"name": name, "sessionDurationSeconds": session_duration_seconds})

    def assign(self, account_id: str, permission_set: str, user: str) -> None:
        """Lets a user have a permission set in an account."""
        self.control("POST", "assignments", {"accountId": account_id, "permissionSet": permission_set, "user": user})

    def unassign(self, account_id: str, permission_set: str, user: str) -> None:
        """Takes that away."""
        body = {"accountId": account_id, "permissionSet": permission_set, "user": user}
        self.control("POST", "assignments/remove", body)

    def directory(self) -> Dict[str, Any]:
        """The directory: organization, accounts, users, groups, permission sets, assignments."""
        return dict(self.control("GET", "directory"))

    def replace_directory(self, directory: Mapping[str, Any]) -> None:
        """Replaces all of it."""
        self.control("PUT", "directory", directory)

    def add_fault(self, operation: str, kind: str, **fields: Any) -> None:
        """Makes calls fail, as in `add_fault("GetRoleCredentials", "throttle", count=1)`."""
        self.control("POST", "faults", {"operation": operation, "kind": kind, **fields})

    def clear_faults(self) -> None:
        """Removes all faults."""
        self.control("DELETE", "faults")

    def control(self, method: str, path: str, body: Optional[Mapping[str, Any]] = None) -> Any:
        """Any route of the control API, as in `control("GET", "knobs")`."""
        content = None if method == "GET" else json.dumps({} if body is None else body).encode()
        call = urllib.request.Request(f"{self.url}/control/v1/{path}", data=content, method=method)
        call.add_header("Authorization", f"Bearer {self._token}")
        call.add_header("Content-Type", "application/json")
        return _send(call)

    def login(self, home: Path, session: str, *, user: Optional[str] = None) -> str:
        """Signs in as the AWS CLI does, writes the token file of that sso-session below `home`, returns the token.

        Without `user` it is the first of the directory, whose sign-ins are approved by themselves.
        """
        if user is not None:
            approved = self.control("GET", "knobs")["autoApprove"]
            self.control("PATCH", "knobs", {"autoApprove": user})
            try:
                return self.login(home, session)
            finally:
                self.control("PATCH", "knobs", {"autoApprove": approved})
        client = self._oidc(
            "client/register", {"clientName": "pytest", "clientType": "public", "scopes": ["sso:account:access"]}
        )
        keys = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
        started = self._oidc("device_authorization", {**keys, "startUrl": self.start_url})
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        token = self._oidc("token", {**keys, "grantType": grant, "deviceCode": started["deviceCode"]})
        expires_at = datetime.now(timezone.utc) + timedelta(seconds=int(token["expiresIn"]))
        document = {
            "startUrl": self.start_url,
            "region": self.region,
            "accessToken": token["accessToken"],
            "expiresAt": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        folder = home / ".aws" / "sso" / "cache"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = hashlib.sha1(session.encode()).hexdigest()  # noqa: S324 - the AWS CLI's own name for the file
        _write_private(folder / f"{name}.json", json.dumps(document))
        return str(token["accessToken"])

    def _oidc(self, path: str, body: Mapping[str, Any]) -> Any:
        call = urllib.request.Request(f"{self.url}/{path}", data=json.dumps(body).encode(), method="POST")
        call.add_header("Content-Type", "application/json")
        return _send(call)


@contextlib.contextmanager
def run_emulator(
    command: Sequence[str] = ("rolecall",), *, environment: Optional[Mapping[str, str]] = None
) -> Iterator[Emulator]:
    """A new emulator that approves every sign-in; it ends with the block."""
    variables = dict(os.environ if environment is None else environment)
    program = find_program(command[0], variables)
    if program is None:
        raise unreachable("usage", f'"{command[0]}" was not found in your PATH.', "npm install -g rolecall")
    process = subprocess.Popen(
        [program, *command[1:], "emulator", "--json", "--auto-approve"],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        yield Emulator(json.loads(_first_line(process)))
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _first_line(process: "subprocess.Popen[bytes]") -> bytes:
    """Raises `RolecallError` daemon-not-answering: the emulator printed no line in time."""
    output = process.stdout
    assert output is not None
    deadline = time.monotonic() + _START_SECONDS
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
        read = os.read(output.fileno(), 65536) if ready else b""
        if read == b"":
            raise unreachable("daemon-not-answering", "The emulator did not start.", "rolecall emulator --json")
        line += read
    return line


def _send(call: urllib.request.Request) -> Any:
    try:
        with _OPENER.open(call, timeout=_CALL_SECONDS) as answer:
            text = answer.read()
            return None if text == b"" else json.loads(text)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        raise from_answer(error.code, body, None) from None
    except OSError as error:
        raise unreachable(
            "daemon-not-answering", f"The emulator does not answer: {error}.", "rolecall emulator --help"
        ) from error


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


__all__ = ["Emulator", "RolecallError", "run_emulator"]
