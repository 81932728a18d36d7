"""pytest fixtures: an IAM Identity Center in memory for each test, with a home of its own."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest

from .client import Client
from .emulator import Emulator, run_emulator
from .errors import RolecallError

#: What would lead a test to other credentials, or to the developer's own files.
_FOREIGN_PREFIXES = ("AWS_", "ROLECALL_", "XDG_")
_PRIVATE_FOLDERS = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
}


class EmulatedHome(Emulator):
    """An emulator with a home: `HOME` and all variables of AWS clients point there for the length of the test."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        self.__dict__.update(emulator.__dict__)
        self.home = home
        self.session = "emulator"
        text = (
            f"[sso-session {self.session}]\nsso_start_url = {self.start_url}\nsso_region = {self.region}\n"
            "sso_registration_scopes = sso:account:access\n"
        )
        self._append(text)

    def write_profile(self, name: str, account_id: str, permission_set: str) -> None:
        """Adds a native profile of one role to `~/.aws/config`."""
        self._append(
            f"\n[profile {name}]\nsso_session = {self.session}\nsso_account_id = {account_id}\n"
            f"sso_role_name = {permission_set}\nregion = {self.region}\n"
        )

    def sign_in(self, user: Optional[str] = None) -> str:
        """Signs in as `aws sso login` does, so that native profiles work; returns the access token."""
        return self.login(self.home, self.session, user=user)

    def _append(self, text: str) -> None:
        folder = self.home / ".aws"
        folder.mkdir(mode=0o700, exist_ok=True)
        with open(folder / "config", "a", encoding="utf-8") as file:
            file.write(text)


def pytest_addoption(parser: Any) -> None:
    parser.addini("rolecall_command", "how to run rolecall", type="args", default=["rolecall"])


@pytest.fixture(scope="session")
def rolecall_emulator_process(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """One process for all tests of the session; tests use `rolecall_emulator`."""
    with run_emulator(request.config.getini("rolecall_command")) as emulator:
        yield emulator


@pytest.fixture
def rolecall_emulator(
    rolecall_emulator_process: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EmulatedHome]:
    """An IAM Identity Center as it is at the start, and an empty home with an sso-session for it.

    A daemon that the test starts there ends with the test.
    """
    rolecall_emulator_process.reset()
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in list(os.environ):
        if name.startswith(_FOREIGN_PREFIXES):
            monkeypatch.delenv(name)
    # The path of a socket has room for 108 bytes, and `tmp_path` is long.
    with tempfile.TemporaryDirectory(prefix="rolecall-") as runtime:
        variables = {
            **{name: str(home / folder) for name, folder in _PRIVATE_FOLDERS.items()},
            **rolecall_emulator_process.environment,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": runtime,
            "ROLECALL_SECRET_STORE": "memory",
            # Nothing else may answer for a role.
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        _move_botocore(home, monkeypatch)
        yield EmulatedHome(rolecall_emulator_process, home)
        with contextlib.suppress(RolecallError):
            Client(environment=variables).call("POST", "/v1/daemon/stop")


def _move_botocore(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore expands the `~` of its token files once, when it is imported."""
    if importlib.util.find_spec("botocore") is None:
        return
    for module, provider in (("botocore.tokens", "SSOTokenProvider"), ("botocore.credentials", "SSOProvider")):
        owner = getattr(importlib.import_module(module), provider, None)
        if hasattr(owner, "_SSO_TOKEN_CACHE_DIR"):
            monkeypatch.setattr(owner, "_SSO_TOKEN_CACHE_DIR", str(home / ".aws" / "sso" / "cache"))
