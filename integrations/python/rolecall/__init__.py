"""A client of the rolecall daemon that needs nothing but the standard library."""

from .client import Client, Event
from .documents import Account, Accounts, Credentials, CurrentRole, Role, Roles, SessionStatus, SignIn, Status
from .errors import RolecallError

__all__ = [
    "Account",
    "Accounts",
    "Client",
    "Credentials",
    "CurrentRole",
    "Event",
    "Role",
    "RolecallError",
    "Roles",
    "SessionStatus",
    "SignIn",
    "Status",
]
