"""Finds the daemon's socket, and checks that no other user can listen there, before anything is sent to it."""

from __future__ import annotations

import os
import stat
import sys
from typing import List, Mapping, Optional

from .errors import RolecallError, unreachable

_USE_OWN = "unset XDG_RUNTIME_DIR ROLECALL_SOCKET"


def socket_candidates(environment: Mapping[str, str], *, platform: str = sys.platform) -> List[str]:
    """The paths at which a daemon may listen, first to last."""
    override = environment.get("ROLECALL_SOCKET", "")
    if override != "":
        return [override]
    home = environment.get("HOME") or os.path.expanduser("~")
    if platform == "darwin":
        return [os.path.join(home, "Library", "Application Support", "rolecall", "run", "daemon.sock")]
    state = _absolute(environment.get("XDG_STATE_HOME")) or os.path.join(home, ".local", "state")
    fallback = os.path.join(state, "rolecall", "run", "daemon.sock")
    runtime = _absolute(environment.get("XDG_RUNTIME_DIR")) or _system_runtime_directory()
    return [fallback] if runtime is None else [os.path.join(runtime, "rolecall", "daemon.sock"), fallback]


def own_socket(path: str) -> Optional[str]:
    """The socket to connect to; `None` if none is there.

    A symlink in a folder of ours is followed once. Raises `RolecallError` foreign-socket.
    """
    try:
        return _inspect(path, may_be_alias=True)
    except PermissionError:
        raise _foreign(path, "belongs to another user") from None
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError:
        return None


def _inspect(path: str, *, may_be_alias: bool) -> Optional[str]:
    user_id = os.geteuid()
    found = os.lstat(path)
    is_alias = stat.S_ISLNK(found.st_mode)
    if not stat.S_ISSOCK(found.st_mode) and not is_alias:
        return None
    if found.st_uid != user_id:
        raise _foreign(path, "belongs to another user")
    folder = os.path.dirname(path)
    _require_own_folder(path, folder, user_id)
    if not is_alias:
        return path
    return _inspect(os.path.join(folder, os.readlink(path)), may_be_alias=False) if may_be_alias else None


def _require_own_folder(path: str, folder: str, user_id: int) -> None:
    """Only the owner of a folder can create, replace or rename what is in it."""
    found = os.lstat(folder)
    if stat.S_ISLNK(found.st_mode):
        raise _foreign(path, "is in a folder that is a symbolic link")
    if found.st_uid != user_id:
        raise _foreign(path, "is in a folder of another user")
    if found.st_mode & 0o022:
        raise _foreign(path, "is in a folder that other users can write to")
    if os.stat(os.path.join(folder, "..")).st_uid not in (user_id, 0):
        raise _foreign(path, "is in a folder of another user")


def _foreign(path: str, reason: str) -> RolecallError:
    return unreachable("foreign-socket", f"The socket {path} {reason}.", _USE_OWN)


def _absolute(value: Optional[str]) -> Optional[str]:
    return value if value is not None and value.startswith("/") else None


def _system_runtime_directory() -> Optional[str]:
    """Of logind: cron, ssh and GUI programs often run without XDG_RUNTIME_DIR."""
    path = f"/run/user/{os.geteuid()}"
    try:
        found = os.lstat(path)
    except OSError:
        return None
    is_private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o700
    return path if is_private else None
