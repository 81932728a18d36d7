"""The error of every call: a stable code, a sentence, and a command to type."""

from __future__ import annotations

from typing import Optional

#: By HTTP status, as in docs/exit-codes.md. A newer daemon may send codes that this client does not know.
_EXIT_CODES = {400: 2, 401: 4, 403: 5, 404: 6, 405: 6, 409: 1, 413: 2, 415: 2, 503: 7}
#: Codes with status 401 that no sign-in helps against.
_REFUSED = ("token-required", "locked")


class RolecallError(Exception):
    """A failure of the daemon, or of the way to it.

    `code` is stable, `message` one sentence, `hint` a command to type, `exit_code` what the command line would exit
    with. `status` is that of HTTP, `None` if the daemon did not answer. `retry_after` is in seconds.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str,
        *,
        exit_code: int = 1,
        status: Optional[int] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.status = status
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] Run: {self.hint}"


def from_answer(status: int, body: object, retry_after: Optional[float]) -> RolecallError:
    """The error that the daemon sent as `{ code, message, hint }`."""
    fields = body if isinstance(body, dict) else {}
    code, message = fields.get("code"), fields.get("message")
    if not isinstance(code, str) or not isinstance(message, str):
        code, message = "route-not-found", f"The daemon answered with status {status}."
    hint = fields.get("hint")
    return RolecallError(
        code,
        message,
        hint if isinstance(hint, str) else "rolecall status",
        exit_code=5 if code in _REFUSED else _EXIT_CODES.get(status, 1),
        status=status,
        retry_after=retry_after,
    )


def unreachable(code: str, message: str, hint: str) -> RolecallError:
    """The daemon cannot be asked."""
    return RolecallError(code, message, hint, exit_code=3)


def unusable(message: str) -> RolecallError:
    """The answer cannot be understood."""
    return RolecallError("unusable-response", message, "rolecall daemon restart")
