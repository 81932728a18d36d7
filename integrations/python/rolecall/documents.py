"""What the daemon answers. Fields may be added: see docs/api.md and `GET /v1/openapi.json`."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict


class _Credentials(TypedDict):
    Version: int
    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: str


class Credentials(_Credentials, total=False):
    """A credential_process document. `Expiration` is ISO 8601 in UTC."""

    AccountId: str


class _CurrentRole(TypedDict):
    session: str
    accountId: str
    permissionSet: str
    profile: Optional[str]


class CurrentRole(_CurrentRole, total=False):
    """The current role of this machine. Status and events also name its account."""

    accountName: Optional[str]
    protected: bool
    chain: Dict[str, Any]


class _Role(TypedDict):
    session: str
    label: str
    accountId: str
    accountName: Optional[str]
    permissionSet: str
    profile: Optional[str]
    protected: bool
    pinned: bool
    score: float


class Role(_Role, total=False):
    """One permission set in one account."""

    aliases: List[str]
    approve: str
    lastUsedAt: str
    chain: Dict[str, Any]
    unwritten: bool
    shadowed: bool


class _Roles(TypedDict):
    asOf: Optional[str]
    complete: bool
    roles: List[Role]


class Roles(_Roles, total=False):
    """The list to choose from; `asOf` is null when nothing has been listed yet."""

    total: int


class Account(TypedDict):
    """An account with your permission sets in it."""

    session: str
    accountId: str
    accountName: Optional[str]
    emailAddress: Optional[str]
    permissionSets: List[str]


class Accounts(TypedDict):
    """The accounts of one sso-session or of all."""

    asOf: Optional[str]
    complete: bool
    accounts: List[Account]


class _SessionStatus(TypedDict):
    session: str
    startUrl: str
    region: str
    state: str


class SessionStatus(_SessionStatus, total=False):
    """An sso-session. `state` is `live`, `pending`, `expired` or `signed-out`."""

    label: str
    signedInAt: str
    tokenExpiresAt: str
    sessionExpiresAt: str
    user: str
    catalog: Optional[Dict[str, Any]]
    listing: Optional[Dict[str, Any]]


class _Status(TypedDict):
    version: str
    pid: int
    startedAt: str
    sessions: List[SessionStatus]
    current: Optional[CurrentRole]
    problems: List[Dict[str, Any]]


class Status(_Status, total=False):
    """The daemon, its sso-sessions, the current role, and current problems."""

    store: Dict[str, Any]
    endpoints: Dict[str, Any]
    files: Dict[str, str]
    approvals: int
    lock: Optional[Dict[str, Any]]


class _SignIn(TypedDict):
    state: str


class SignIn(_SignIn, total=False):
    """A sign-in. Show `userCode`, and open `openUri`: it is absent when the page is on no trusted host."""

    flow: str
    userCode: str
    verificationUri: str
    verificationUriComplete: str
    openUri: str
    expiresAt: str
    setup: Dict[str, Any]
