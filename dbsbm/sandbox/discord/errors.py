"""Discord's error answers, and the form that collects many field errors into one."""

from __future__ import annotations

from typing import Any

from dbsbm.errors import UserError
from dbsbm.sandbox.discord.jsonio import Json


class ApiError(Exception):
    """A REST request is refused with one of Discord's documented codes.

    Attributes:
        status: HTTP status.
        code: Discord's JSON error code; 0 where it gives none.
        message: Discord's own wording.
        errors: Field errors of an invalid form, nested by path.
    """

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """Return the JSON body that Discord would send."""
        body: Json = {"message": self.message, "code": self.code}
        return body if self.errors is None else {**body, "errors": self.errors}


class Refusal(UserError):
    """What Discord's own client would not let a member do, such as an unknown option.

    Attributes:
        status: HTTP status of the control API.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def unauthorized() -> ApiError:
    """The bot token is missing or wrong."""
    return ApiError(401, 0, "401: Unauthorized")


def no_such_route() -> ApiError:
    """The path is not one this stand-in serves."""
    return ApiError(404, 0, "404: Not Found")


def unknown(what: str) -> ApiError:
    """Something named in the path does not exist.

    Args:
        what: One of the names in `_UNKNOWN`, for example "Message".
    """
    return ApiError(404, _UNKNOWN[what], f"Unknown {what}")


def already_acknowledged() -> ApiError:
    """An interaction was answered a second time."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_webhook_token() -> ApiError:
    """An interaction's token is wrong or older than its life."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def missing_access() -> ApiError:
    """The bot cannot see the channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """The bot sees the channel but lacks the permission."""
    return ApiError(403, 50013, "Missing Permissions")


_UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}

Path = tuple[str, ...]


class FormErrors:
    """Field errors gathered while a body is checked, raised together at the end."""

    def __init__(self) -> None:
        self._tree: Json = {}

    def add(self, path: Path, code: str, message: str) -> None:
        """Note that the field at `path` is wrong."""
        node: dict[str, Any] = self._tree
        for part in path:
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def raise_if_any(self) -> None:
        """Refuse the body if anything was noted.

        Raises:
            ApiError: 50035 Invalid Form Body.
        """
        if self._tree:
            raise self.as_error()

    def as_error(self) -> ApiError:
        """Return the refusal that names every field noted so far."""
        return ApiError(400, 50035, "Invalid Form Body", self._tree)


def invalid_form(path: Path, code: str, message: str) -> ApiError:
    """A body with one wrong field."""
    errors = FormErrors()
    errors.add(path, code, message)
    return errors.as_error()
