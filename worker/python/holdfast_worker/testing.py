"""Calls a service in a test, without a gateway: as a worker would, with the same checks.

    from holdfast_worker.testing import invoke

    def test_quote() -> None:
        answer = invoke("orders.quote", {"sku": "tea-250", "quantity": 2})
        assert (answer.status, answer.json()) == (200, {"total": 2580})
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from typing import Any, Mapping, Union

from . import calling
from . import envelope_pb2 as wire
from .reply import to_json
from .request import Fields, Request
from .rules.record import Record
from .services import Service, registered

Values = Mapping[str, Union[str, bytes]]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a gateway would get."""

    kind: str  # "answered", "failed" or "not-processed"
    status: int  # of what the client gets: 502 and 503 for the latter two
    headers: Fields
    body: bytes
    detail: str  # for the log only

    def json(self) -> Any:
        return json.loads(self.body)


def invoke(
    service: str,
    body: Union[bytes, str, Mapping[str, Any], list[Any]] = b"",
    *,
    method: str = "POST",
    target: str = "/",
    headers: Values = {},
    parameters: Values = {},
    attributes: Values = {},
    idempotency_key: str = "",
    attempt: int = 1,
    timeout: float = 5.0,
    cancel_after: float | None = None,
    max_reply_bytes: int = 512 << 10,
) -> Answer:
    """Calls the handler of that service and waits for it. `body`: text is sent in UTF-8, a dict or
    list as JSON. `timeout`: what request.remaining begins with; nothing ends the handler. After
    `cancel_after` seconds the request is cancelled. Raises KeyError for an unknown service."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = to_json(body)
    message = wire.Request(
        id=1,
        attempt=attempt,
        sequence=1,
        timeout_ms=round(timeout * 1000),
        service=service,
        method=method,
        target=target,
        idempotency_key=idempotency_key,
        body=body,
    )
    for fields, values in (
        (message.headers, headers),
        (message.parameters, parameters),
        (message.attributes, attributes),
    ):
        for name, value in values.items():
            fields.add(name=name, value=value.encode() if isinstance(value, str) else value)
    return _call(registered[service], message, timeout, cancel_after, max_reply_bytes)


def _call(
    service: Service, message: wire.Request, timeout: float, cancel_after: float | None, most: int
) -> Answer:
    request = Request(message, time.monotonic() + timeout)
    record = Record(1, message.attempt, 1, 0, None, (service, request))
    record.max_reply_bytes = most
    encoded = asyncio.run(_run(record, request, cancel_after)).encoded
    reply = wire.Reply.FromString(encoded)
    kind = {wire.Reply.ANSWERED: "answered", wire.Reply.FAILED: "failed"}.get(
        reply.kind, "not-processed"
    )
    return Answer(
        kind=kind,
        status={"answered": reply.status, "failed": 502}.get(kind, 503),
        headers=Fields((field.name, field.value) for field in reply.headers),
        body=reply.body,
        detail=reply.detail,
    )


async def _run(record: Record, request: Request, cancel_after: float | None) -> Any:
    service: Service = record.payload[0]
    if service.is_async:
        task = asyncio.ensure_future(calling.call_async(record))
    else:
        task = asyncio.ensure_future(asyncio.to_thread(calling.call, record))
    if cancel_after is not None:
        done, _ = await asyncio.wait([task], timeout=cancel_after)
        if not done:
            record.cancelled = True
            for callback in request._cancel():
                callback()
            if service.is_async:
                task.cancel()
    return await task
