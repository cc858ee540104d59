"""What a handler answers with, and what may be answered."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, Mapping, Sequence, Union

MAX_HEADERS = 128
# RFC 9110, 7.6.1, and the one that the body decides.
FORBIDDEN = frozenset(
    (
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5

HeaderValue = Union[str, bytes]
Headers = Union[Mapping[str, HeaderValue], Sequence["tuple[str, HeaderValue]"]]


@dataclasses.dataclass(frozen=True)
class Reply:
    """A whole HTTP answer. Text is sent in UTF-8."""

    body: bytes | str = b""
    status: int = 200
    headers: Headers = ()
    content_type: str | None = None

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Headers = ()) -> Reply:
        """Raises ValueError or TypeError for what JSON cannot say."""
        return cls(to_json(value), status, headers, "application/json")


Result = Union[Reply, "Mapping[str, Any]", "list[Any]", str, bytes]


class NotProcessed(Exception):
    """Raise it before anything was done: the client gets 503, and hears that it may retry."""


class Problem(Exception):
    """An answer in application/problem+json (RFC 9457). Raise it, or return `problem.reply()`.

    >>> raise Problem(422, "There is no such article.", detail=sku, type="urn:shop:unknown-article")
    """

    def __init__(
        self,
        status: int,
        title: str,
        *,
        detail: str | None = None,
        type: str = "about:blank",
        headers: Headers = (),
        **members: Any,
    ) -> None:
        super().__init__(f"{status} {title}")
        self.status = status
        self.headers = headers
        self.members: dict[str, Any] = {"type": type, "title": title, "status": status}
        if detail is not None:
            self.members["detail"] = detail
        self.members.update(members)

    def reply(self) -> Reply:
        body = to_json(self.members)
        return Reply(body, self.status, self.headers, "application/problem+json")


class BadReply(Exception):
    """A reply that breaks the contract. The client gets 502, the log the text."""


def to_json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def to_reply(result: Any) -> Reply:
    """A handler's result as a Reply. Raises BadReply, or what to_json does."""
    if isinstance(result, Reply):
        return result
    if isinstance(result, (Mapping, list)):
        return Reply.json(result)
    if isinstance(result, str):
        return Reply(result, content_type="text/plain; charset=utf-8")
    if isinstance(result, bytes):
        return Reply(result, content_type="application/octet-stream")
    what = "nothing" if result is None else f"a {type(result).__name__}"
    raise BadReply(f"the handler returned {what}, not a Reply, dict, list, str or bytes")


def encode_body(reply: Reply) -> bytes:
    if isinstance(reply.body, str):
        return reply.body.encode()
    if isinstance(reply.body, bytes):
        return reply.body
    raise BadReply(f"the body is a {type(reply.body).__name__}, not bytes or str")


def check_headers(reply: Reply) -> list[tuple[str, bytes]]:
    """The headers as they are sent. Raises BadReply."""
    given = reply.headers.items() if isinstance(reply.headers, Mapping) else reply.headers
    headers = [_check_header(name, value) for name, value in given]
    if reply.content_type is not None:
        headers.append(_check_header("content-type", reply.content_type))
    if len(headers) > MAX_HEADERS:
        raise BadReply(f"more than {MAX_HEADERS} headers")
    return headers


def check_status(reply: Reply, body: bytes) -> int:
    """Raises BadReply."""
    status = reply.status
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise BadReply(f"status {status!r} is not from 200 to 599")
    if body and status in (204, 205, 304):
        raise BadReply(f"status {status} has a body")
    return status


def _check_header(name: str, value: HeaderValue) -> tuple[str, bytes]:
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise BadReply("a header's name is not a token")
    if name.lower() in FORBIDDEN:
        raise BadReply(f"the header {name.lower()} is not the handler's to set")
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if not isinstance(value, bytes):
        raise BadReply(f"the header {name} is a {type(value).__name__}, not str or bytes")
    if _CONTROL.search(value):
        raise BadReply(f"the header {name} has a control character in its value")
    return name, value
