"""HTTP over the daemon's socket, with one deadline for the whole of a request."""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
import sys
import time
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

from .errors import RolecallError, from_answer, unreachable, unusable
from .sockets import own_socket

#: A list of ten thousand roles is four megabytes.
MAX_ANSWER_BYTES = 64 * 1024 * 1024


#: Where the daemon may wait for AWS or for a person, so that it has to know for how long.
_WAITING_ROUTES = ("/v1/credentials", "/v1/console", "/v1/grants")

#: `None` is a body too: it is sent as `null`.
NO_BODY = object()


class _Socket(socket.socket):
    """A socket whose timeouts shrink as the deadline comes closer; a plain timeout begins again with each byte."""

    deadline: Optional[float] = None

    def arm(self) -> None:
        if self.deadline is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        self.settimeout(left)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.arm()
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.arm()
        super().sendall(*args, **kwargs)


class _Connection(http.client.HTTPConnection):
    def __init__(self, connected: _Socket) -> None:
        # Nothing is looked up: the socket is connected already.
        super().__init__("localhost")
        self.sock = connected


def _connect(candidates: Sequence[str], deadline: Optional[float]) -> Optional[_Socket]:
    refusal: Optional[RolecallError] = None
    for candidate in candidates:
        try:
            path = own_socket(candidate)
        except RolecallError as error:
            # `su` keeps XDG_RUNTIME_DIR, so the first socket may be another user's and the next one ours.
            refusal = refusal or error
            continue
        if path is None:
            continue
        connection = _Socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.deadline = deadline
        try:
            connection.arm()
            connection.connect(path)
            _require_own_peer(connection, path)
            return connection
        except (ConnectionRefusedError, FileNotFoundError):
            connection.close()
        except BaseException:
            connection.close()
            raise
    if refusal is not None:
        raise refusal
    return None


def _require_own_peer(connection: socket.socket, path: str) -> None:
    """On Linux the kernel names the user at the other end."""
    if not sys.platform.startswith("linux"):
        return
    answer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user_id, _ = struct.unpack("3i", answer)
    if user_id != os.geteuid():
        raise unreachable(
            "foreign-socket", f"Another user listens at the socket {path}.", "unset XDG_RUNTIME_DIR ROLECALL_SOCKET"
        )


def open_request(
    candidates: Sequence[str],
    method: str,
    path: str,
    *,
    timeout: Optional[float],
    headers: Mapping[str, str],
    body: object = NO_BODY,
) -> Tuple[_Socket, http.client.HTTPResponse]:
    """The answer once its headers are there; the caller closes both. Raises `RolecallError` daemon-not-running."""
    deadline = None if timeout is None else time.monotonic() + timeout
    connected: Optional[_Socket] = None
    try:
        connected = _connect(candidates, deadline)
        if connected is None:
            raise unreachable("daemon-not-running", "The rolecall daemon is not running.", "rolecall daemon start")
        connection = _Connection(connected)
        sent: Dict[str, str] = {"Accept": "application/json", **headers}
        content = None
        if body is not NO_BODY:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        connection.request(method, path, body=content, headers=sent)
        return connected, connection.getresponse()
    except BaseException as error:
        if connected is not None:
            connected.close()
        described = describe(error, timeout)
        if described is error:
            raise
        raise described from error


def request(
    candidates: Sequence[str],
    method: str,
    path: str,
    *,
    timeout: Optional[float],
    body: object = NO_BODY,
) -> Any:
    """The answer as Python values; `None` without a body. Raises `RolecallError`."""
    # Without it the daemon answers within two seconds, also if AWS is only slow.
    waits = timeout is not None and path.startswith(_WAITING_ROUTES)
    headers = {"Prefer": f"wait={int(timeout or 0)}"} if waits else {}
    connected, answer = open_request(candidates, method, path, timeout=timeout, headers=headers, body=body)
    try:
        return read_answer(answer)
    except (OSError, http.client.HTTPException) as error:
        raise describe(error, timeout) from error
    finally:
        answer.close()
        connected.close()


def read_answer(answer: http.client.HTTPResponse) -> Any:
    """The body as Python values. Raises `RolecallError`: the daemon's own, or unusable-response."""
    text = answer.read(MAX_ANSWER_BYTES + 1)
    if len(text) > MAX_ANSWER_BYTES:
        raise unusable("The daemon's answer is too long.")
    if answer.length:
        # With a limit, `read` does not mind that less has come than was announced.
        raise http.client.IncompleteRead(text, answer.length)
    if answer.status == 204:
        return None
    parsed = parse_json(text)
    if answer.status < 400:
        return parsed
    raise from_answer(answer.status, parsed, _seconds(answer.getheader("Retry-After")))


def parse_json(text: Union[str, bytes]) -> Any:
    """Raises `RolecallError` unusable-response."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise unusable("The daemon's answer is not JSON.") from error


def _seconds(text: Optional[str]) -> Optional[float]:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


def describe(error: BaseException, timeout: Optional[float]) -> BaseException:
    """A `RolecallError` for what a broken connection raises; anything else as it is."""
    if isinstance(error, socket.timeout):
        seconds = "" if timeout is None else f" within {timeout:g} s"
        return unreachable("daemon-not-answering", f"The daemon did not answer{seconds}.", "rolecall daemon restart")
    if isinstance(error, BlockingIOError):
        return unreachable(
            "daemon-not-answering", "The daemon accepts no more connections.", "rolecall daemon restart"
        )
    # RemoteDisconnected is both.
    if isinstance(error, (ConnectionError, http.client.IncompleteRead)):
        return unreachable("daemon-not-answering", "The daemon ended before it answered.", "rolecall daemon restart")
    if isinstance(error, http.client.HTTPException):
        return unusable("Another program is listening at the daemon's socket.")
    return error
