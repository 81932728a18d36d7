"""The pytest fixture, used as by somebody whose program signs in to Identity Center."""

from __future__ import annotations

import os
import time
from typing import List

import boto3  # type: ignore[import-untyped]
import botocore.exceptions  # type: ignore[import-untyped]
import pytest
from rolecall import Client, RolecallError
from rolecall.pytest_plugin import EmulatedHome

ROLE = ("111111111111", "Admin-AF-Permission-Set")


#: Of the daemon that a test has started.
started: List[int] = []


def who(profile: str) -> str:
    return str(boto3.Session(profile_name=profile).client("sts").get_caller_identity()["Arn"])


def test_boto3_uses_a_profile_after_a_sign_in(rolecall_emulator: EmulatedHome) -> None:
    rolecall_emulator.write_profile("admin", *ROLE)
    with pytest.raises(botocore.exceptions.BotoCoreError):
        who("admin")
    rolecall_emulator.sign_in()
    assert "assumed-role/AWSReservedSSO_Admin-AF-Permission-Set_" in who("admin")
    paths = [request["path"] for request in rolecall_emulator.requests()]
    assert any(path.startswith("/federation/credentials") for path in paths)


def test_a_session_ends_when_its_time_is_over(rolecall_emulator: EmulatedHome) -> None:
    rolecall_emulator.write_profile("admin", *ROLE)
    rolecall_emulator.sign_in()
    rolecall_emulator.advance(9 * 3600)
    with pytest.raises(botocore.exceptions.UnauthorizedSSOTokenError):
        who("admin")


def test_signs_in_as_another_user(rolecall_emulator: EmulatedHome) -> None:
    rolecall_emulator.write_profile("log", "044444444444", "ReadOnly")
    rolecall_emulator.sign_in("sam")
    assert who("log").endswith("/sam")
    rolecall_emulator.sign_in()
    assert rolecall_emulator.control("GET", "knobs")["autoApprove"] is True
    with pytest.raises(RolecallError) as raised:
        rolecall_emulator.sign_in("nobody")
    assert "nobody" in raised.value.message


def test_sees_changes_of_the_directory(rolecall_emulator: EmulatedHome) -> None:
    rolecall_emulator.add_account("555555555555", "new")
    rolecall_emulator.add_permission_set("Audit")
    rolecall_emulator.assign("555555555555", "Audit", "taylor")
    rolecall_emulator.write_profile("audit", "555555555555", "Audit")
    rolecall_emulator.sign_in()
    assert "555555555555:assumed-role/AWSReservedSSO_Audit_" in who("audit")
    rolecall_emulator.unassign("555555555555", "Audit", "taylor")
    with pytest.raises(botocore.exceptions.ClientError, match="ForbiddenException"):
        who("audit")


def test_begins_anew_for_each_test(rolecall_emulator: EmulatedHome) -> None:
    accounts = [account["accountId"] for account in rolecall_emulator.directory()["accounts"]]
    assert "555555555555" not in accounts
    assert os.environ["HOME"] == str(rolecall_emulator.home)
    with pytest.raises(RolecallError) as raised:
        rolecall_emulator.remove_account("999999999999")
    assert raised.value.code == "account-not-found"


def test_starts_a_daemon(rolecall_emulator: EmulatedHome) -> None:
    with pytest.raises(RolecallError) as raised:
        Client().status()
    assert raised.value.code == "daemon-not-running"
    client = Client(start=True)
    status = client.status()
    started.append(status["pid"])
    (session,) = status["sessions"]
    assert (session["session"], session["state"]) == ("emulator", "signed-out")
    assert client.sign_in("emulator")["state"] in ("pending", "approved", "live")


def test_has_no_daemon_of_an_earlier_test() -> None:
    (process_id,) = started
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{process_id}") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{process_id}")
