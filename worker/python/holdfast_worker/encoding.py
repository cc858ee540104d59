"""What a worker sends."""

from __future__ import annotations

from typing import Sequence

from . import envelope_pb2 as wire
from .rules.link import Outgoing, Pong
from .rules.record import Answer
from .text import printable

PROTOCOL = 1
FIXED64, BYTES = 1, 2


def encode_reply(
    id_: int,
    attempt: int,
    kind: wire.Reply.Kind,
    status: int = 0,
    headers: Sequence[tuple[str, bytes]] = (),
    body: bytes = b"",
    detail: str = "",
) -> Answer:
    """`detail` must be printable ASCII."""
    reply = wire.Reply(id=id_, attempt=attempt, kind=kind, status=status, body=body, detail=detail)
    size = len(body) + len(detail)
    for name, value in headers:
        reply.headers.add(name=name, value=value)
        size += len(name) + len(value)
    return Answer(reply.SerializeToString(), size)


def encode_failure(id_: int, attempt: int, detail: str) -> Answer:
    return encode_reply(id_, attempt, wire.Reply.FAILED, detail=printable(detail, 1024))


def _tag(number: int, kind: int) -> bytes:
    return _to_varint(number << 3 | kind)


def _to_varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_SESSION = _tag(1, FIXED64)
_PONG, _CREDIT, _REPLY, _RETURN = (_tag(number, BYTES) for number in (17, 18, 19, 20))
_GOODBYE = _tag(21, BYTES) + b"\0"


def encode(out: Outgoing) -> bytes:
    """Of a session: anything but Hello."""
    parts = [_SESSION, out.session.to_bytes(8, "little")]
    if out.pong is not None:
        _append(parts, _PONG, _pong(out.pong))
    if out.credit is not None:
        requests, bytes_ = out.credit
        credit = wire.RequestCredit(requests_total=requests, bytes_total=bytes_)
        _append(parts, _CREDIT, credit.SerializeToString())
    for record in out.replies:
        assert record.answer is not None
        _append(parts, _REPLY, record.answer.encoded)
    for item in out.returns:
        message = wire.Return(id=item.id, attempt=item.attempt, reason=item.reason.name)
        _append(parts, _RETURN, message.SerializeToString())
    if out.goodbye:
        parts.append(_GOODBYE)
    return b"".join(parts)


def _append(parts: list[bytes], tag: bytes, message: bytes) -> None:
    size = len(message)
    parts += (tag, size.to_bytes(1, "little") if size < 128 else _to_varint(size), message)


def _pong(pong: Pong) -> bytes:
    message = wire.Pong(
        sequence=pong.sequence,
        started_through=pong.started_through,
        oldest_started_age_ms=min(int(pong.oldest_started * 1000), (1 << 32) - 1),
        queued=pong.queued,
        running=pong.running,
        started_total=pong.started_total,
        dropped_expired_total=pong.dropped_expired_total,
        dropped_cancelled_total=pong.dropped_cancelled_total,
    )
    encoded: bytes = message.SerializeToString()
    return encoded
