"""The client: asks the daemon for status, roles and credentials, switches, and follows its events."""

from __future__ import annotations

import os
import subprocess
import time
from http.client import HTTPException
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Sequence, cast
from urllib.parse import quote, urlencode

from .documents import Accounts, Credentials, CurrentRole, Roles, SignIn, Status
from .errors import RolecallError, unreachable
from .programs import find_program
from .sockets import socket_candidates
from .transport import NO_BODY, describe, open_request, parse_json, read_answer, request

#: Three heartbeats; a connection that is silent for so long is dead.
_MAX_SILENCE_SECONDS = 45.0
_MIN_PAUSE_SECONDS = 0.05
_MAX_PAUSE_SECONDS = 2.0
_START_SECONDS = 40.0


class Event(NamedTuple):
    """One change. `hello` has the whole status in `data["status"]` and replaces everything known before.

    `disconnected` and `connected` come from this client, with `None` as `data`.
    """

    type: str
    data: Any


class Client:
    """A client of the daemon of this user. It keeps no connection and may be used by several threads.

    `timeout` is the deadline of each call, in seconds; the daemon waits for AWS or for a person until shortly before.
    With `start`, a call starts the daemon if none runs, through `command`. Every method raises `RolecallError`.
    """

    def __init__(
        self,
        *,
        socket: Optional[str] = None,
        environment: Optional[Mapping[str, str]] = None,
        timeout: float = 10.0,
        start: bool = False,
        command: Sequence[str] = ("rolecall",),
    ) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        self._candidates = [socket] if socket is not None else socket_candidates(self._environment)
        self._timeout = timeout
        self._start = start
        self._command = list(command)

    def status(self) -> Status:
        """The daemon, the sso-sessions with their times, the current role, and current problems."""
        return cast(Status, self.call("GET", "/v1/status"))

    def accounts(self, session: Optional[str] = None, *, refresh: bool = False) -> Accounts:
        """Accounts and permission sets as last known; with `refresh` they are listed again first."""
        query = {"session": session, "refresh": "true" if refresh else None}
        return cast(Accounts, self.call("GET", "/v1/accounts", query=query))

    def roles(self, session: Optional[str] = None) -> Roles:
        """One row for each account and permission set, in the order of every list."""
        return cast(Roles, self.call("GET", "/v1/roles", query={"session": session}))

    def credentials(
        self, session: str, account_id: str, permission_set: str, *, timeout: Optional[float] = None
    ) -> Credentials:
        """Credentials of one role. Ask again before `Expiration`; the daemon renews them.

        Give a longer `timeout` for a role that waits for your approval, or with `on_expired = "wait"`.
        """
        query = {"session": session, "account": account_id, "role": permission_set}
        return cast(Credentials, self.call("GET", "/v1/credentials", query=query, timeout=timeout))

    def current_credentials(self, *, timeout: Optional[float] = None) -> Credentials:
        """Credentials of the current role."""
        return cast(Credentials, self.call("GET", "/v1/credentials/current", timeout=timeout))

    def current(self) -> Optional[CurrentRole]:
        """The current role of this machine, which `[profile current]` follows."""
        return cast(Optional[CurrentRole], self.call("GET", "/v1/current"))

    def set_current(self, session: str, account_id: str, permission_set: str) -> Optional[CurrentRole]:
        """Makes this role the current one."""
        body = {"session": session, "accountId": account_id, "permissionSet": permission_set}
        return cast(Optional[CurrentRole], self.call("PUT", "/v1/current", body=body))

    def clear_current(self) -> None:
        """Leaves this machine without a current role."""
        self.call("PUT", "/v1/current", body=None)

    def sign_in(self, session: str, *, force: bool = False) -> SignIn:
        """Starts a sign-in, or answers `live` if none is needed.

        It opens no browser: show `userCode`, and let the person open `openUri`. Call it only when a person acts.
        """
        body = {"force": True} if force else {}
        return cast(SignIn, self.call("POST", f"/v1/sessions/{_segment(session)}/sign-in", body=body))

    def sign_in_state(self, session: str) -> SignIn:
        """The pending sign-in, or the last outcome."""
        return cast(SignIn, self.call("GET", f"/v1/sessions/{_segment(session)}/sign-in"))

    def sign_out(self, session: str) -> None:
        """Ends the session: its tokens and credentials are dropped at once."""
        self.call("POST", f"/v1/sessions/{_segment(session)}/sign-out", body={})

    def events(self) -> Iterator[Event]:
        """Every change, until you stop iterating. Never starts a daemon, but waits for one.

        After a lost connection it resumes where it was.
        """
        last_id: Optional[str] = None
        is_lost = False
        pause = _MIN_PAUSE_SECONDS
        while True:
            try:
                headers = {"Accept": "text/event-stream", **({} if last_id is None else {"Last-Event-ID": last_id})}
                stream, answer = open_request(
                    self._candidates, "GET", "/v1/events", timeout=self._timeout, headers=headers
                )
                try:
                    if answer.status != 200:
                        read_answer(answer)
                    stream.deadline = None
                    stream.settimeout(_MAX_SILENCE_SECONDS)
                    pause = _MIN_PAUSE_SECONDS
                    if is_lost:
                        is_lost = False
                        yield Event("connected", None)
                    for last_id, event in _read_events(answer):
                        yield event
                except (OSError, HTTPException) as error:
                    raise describe(error, None) from error
                finally:
                    answer.close()
                    stream.close()
            except RolecallError as error:
                # Once it has worked, a refusal is temporary: the daemon is starting, or has too many listeners.
                if last_id is None and error.code not in ("daemon-not-running", "daemon-not-answering"):
                    raise
            if not is_lost:
                is_lost = True
                yield Event("disconnected", None)
            time.sleep(pause)
            pause = min(_MAX_PAUSE_SECONDS, pause * 2)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Optional[str]]] = None,
        body: object = NO_BODY,
        timeout: Optional[float] = None,
    ) -> Any:
        """Any route of docs/api.md, for what has no method here. A `body` of `None` is sent as `null`."""
        chosen = {} if query is None else {name: value for name, value in query.items() if value is not None}
        target = path if not chosen else f"{path}?{urlencode(chosen, quote_via=quote)}"
        deadline = self._timeout if timeout is None else timeout
        try:
            return request(self._candidates, method, target, timeout=deadline, body=body)
        except RolecallError as error:
            if error.code != "daemon-not-running" or not self._start:
                raise
        self._start_daemon()
        return request(self._candidates, method, target, timeout=deadline, body=body)

    def _start_daemon(self) -> None:
        program = find_program(self._command[0], self._environment)
        if program is None:
            raise unreachable(
                "daemon-not-running", f'"{self._command[0]}" was not found in your PATH.', "npm install -g rolecall"
            )
        try:
            run = subprocess.run(
                [program, *self._command[1:], "daemon", "start"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_START_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise unreachable(
                "daemon-not-answering", "The daemon was started but did not answer in time.", "rolecall daemon run"
            ) from error
        if run.returncode != 0:
            reason = run.stderr.decode(errors="replace").strip().split("\n")[0]
            raise unreachable("daemon-not-running", reason or "The daemon did not start.", "rolecall daemon run")


def _segment(text: str) -> str:
    return quote(text, safe="")


def _read_events(lines: Any) -> Iterator[Any]:
    """Pairs of id and `Event` of a stream of server-sent events."""
    event_id, kind = "", ""
    data: List[str] = []
    for raw in lines:
        line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        if line == "":
            if data:
                yield event_id, Event(kind or "message", parse_json("\n".join(data)))
            kind, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            data.append(value)
        elif field == "event":
            kind = value
        elif field == "id":
            event_id = value
