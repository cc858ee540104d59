"""From a started record to its encoded answer: calls the handler, whatever it does."""

from __future__ import annotations

import logging
from typing import Any

from . import encoding
from . import envelope_pb2 as wire
from .reply import (
    BadReply,
    NotProcessed,
    Problem,
    check_headers,
    check_status,
    encode_body,
    to_reply,
)
from .request import Request
from .rules.record import Answer, Record
from .services import Service
from .text import printable

log = logging.getLogger("holdfast_worker")


def call(record: Record) -> Answer:
    """Of a plain function."""
    service, request = _content(record)
    try:
        return _encode(record, service.handler(request))
    except BaseException as error:
        return _failed(record, service, error)


async def call_async(record: Record) -> Answer:
    service, request = _content(record)
    try:
        return _encode(record, await service.handler(request))
    except BaseException as error:  # CancelledError too: whoever cancelled it wants no answer
        return _failed(record, service, error)


def _content(record: Record) -> tuple[Service, Request]:
    service, request = record.payload
    return service, request


def _encode(record: Record, result: Any) -> Answer:
    reply = to_reply(result)
    body = encode_body(reply)
    status = check_status(reply, body)
    headers = check_headers(reply)
    answer = encoding.encode_reply(
        record.id, record.attempt, wire.Reply.ANSWERED, status, headers, body
    )
    if answer.payload_bytes > record.max_reply_bytes:
        raise BadReply(
            f"the reply has {answer.payload_bytes} bytes, "
            f"the gateway takes {record.max_reply_bytes}"
        )
    return answer


def _failed(record: Record, service: Service, error: BaseException) -> Answer:
    detail = _describe(error)
    try:
        if isinstance(error, Problem):
            return _encode(record, error.reply())
        if isinstance(error, NotProcessed):
            refused = wire.Reply.NOT_PROCESSED
            text = printable(str(error), 1024)
            return encoding.encode_reply(record.id, record.attempt, refused, detail=text)
    except Exception as problem:  # what the Problem says cannot be sent
        error, detail = problem, _describe(problem)
    if not record.cancelled:
        # With its traceback, unless it is the reply that was wrong.
        trace = None if isinstance(error, BadReply) else error
        log.error(
            "service %s: request %016x failed: %s", service.name, record.id, detail, exc_info=trace
        )
    return encoding.encode_failure(record.id, record.attempt, detail)


def _describe(error: BaseException) -> str:
    """Printable: it may quote the client."""
    try:
        return printable(f"{type(error).__name__}: {error}", 1024)
    except Exception:  # an exception that cannot even say what it is must not end the thread
        return type(error).__name__
