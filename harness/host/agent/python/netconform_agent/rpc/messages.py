"""Messages of JSON-RPC 2.0 as lines of JSON."""

from __future__ import annotations

import json

# Importing `typing` takes a tenth of the time that a CNI executable runs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PARSE_ERROR = -32700
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
FAILED = -32000

# A notification: the caller gave the request with this id up.
CANCEL = "cancel"


class Failure(Exception):
    """What a call is answered with when it failed; `kind` tells the caller which failure it is."""

    kind = "failed"
    code = FAILED


class Garbage(Failure):
    """What arrived is no message; nothing that follows on the connection can be trusted."""

    kind = "garbage"
    code = PARSE_ERROR


def garbage(line: bytes, what: str) -> Garbage:
    """Shows the beginning of what is not `what`."""
    text = json.dumps(line[:200].decode("utf-8", "replace").rstrip("\n"), ensure_ascii=False)
    return Garbage(f"expected {what} of JSON-RPC in one line, got {text}")


class UnknownMethod(Failure):
    """There is no such method."""

    kind = "unknown method"
    code = METHOD_NOT_FOUND


class BadParams(Failure):
    """A parameter is missing or of another type."""

    kind = "bad parameters"
    code = INVALID_PARAMS


class Request:
    """A request, or a notification when it has no id."""

    def __init__(self, request_id: int | None, method: str, params: dict[str, object]) -> None:
        self.id = request_id
        self.method = method
        self.params = params


def read_object(line: bytes, what: str = "a message") -> dict[str, Any]:
    """Throws `Garbage` that shows what is no JSON object."""
    try:
        return dict(**json.loads(line))
    except (ValueError, TypeError):
        raise garbage(line, what) from None


def read_request(line: bytes) -> Request:
    """A request as it arrived. Throws `Garbage`."""
    message = read_object(line, "a request")
    request_id, method = message.get("id"), message.get("method")
    if not (request_id is None or isinstance(request_id, int)) or not isinstance(method, str):
        raise garbage(line, "a request")
    try:
        return Request(request_id, method, dict(**message.get("params", {})))
    except TypeError:
        raise garbage(line, "a request") from None


def request_line(request_id: int, method: str, params: dict[str, object]) -> bytes:
    """A request to be sent."""
    return _line({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def read_answer(line: bytes) -> dict[str, object]:
    """The object that an answer has. Throws `Failure` with the message of an error, or `Garbage`."""
    message = read_object(line, "an answer")
    try:
        if "result" in message:
            return dict(**message["result"])
        reason = str(message["error"]["message"])
    except (LookupError, TypeError):
        raise garbage(line, "an answer") from None
    raise Failure(reason)


def result_line(request_id: int, result: object) -> bytes:
    """The answer of a method that did its work."""
    return _line({"jsonrpc": "2.0", "id": request_id, "result": result})


def error_line(request_id: int | None, failure: Failure) -> bytes:
    """The answer of a method that failed; without an id for what is no request."""
    error = {"code": failure.code, "message": str(failure), "data": {"kind": failure.kind}}
    return _line({"jsonrpc": "2.0", "id": request_id, "error": error})


def _line(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode() + b"\n"
