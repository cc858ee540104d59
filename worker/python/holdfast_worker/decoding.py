"""A gateway's envelopes, within the limits of proto/README.md.

Items are walked over here and parsed one by one: counts are checked before anything is allocated
for them, and a request that is held does not keep the others that came with it.
"""

from __future__ import annotations

import dataclasses
import enum
import warnings
from typing import Any, Callable, Iterator, TypeVar

from google.protobuf.message import DecodeError

from . import envelope_pb2 as wire
from .rules.link import Welcome
from .text import printable

MAX_ENVELOPE = 65 << 20
MAX_ITEMS = 16_384
MAX_FIELDS_OF_ONE = 4096
MAX_FIELDS = 1 << 20

VARINT, FIXED64, BYTES, GROUP, FIXED32 = 0, 1, 2, 3, 5
WHO_ARE_YOU, WELCOME, REFUSED, PING, REPLY_CREDIT, REQUESTS, CANCELS, GOODBYE_ACK = range(2, 10)
FIELD_LISTS = (9, 10, 11)  # of a Request


M = TypeVar("M")

# Of bytes that end a group which nobody began, protobuf's C++ implementation only warns.
warnings.filterwarnings("ignore", "Unexpected end-group tag", RuntimeWarning)


class Reason(enum.Enum):
    """Why an envelope was not taken."""

    FRAMES = "frames"
    WIRE = "wire"
    TOO_MANY_ITEMS = "too many items"
    TOO_MANY_FIELDS = "too many fields"
    BAD_WELCOME = "bad welcome"
    BAD_REQUEST = "bad request"
    OUT_OF_ORDER = "out of order"


class Malformed(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclasses.dataclass
class Refusal:
    reason: str
    detail: str
    protocol: int


class Incoming:
    """One envelope of a gateway."""

    __slots__ = (
        "session",
        "who_are_you",
        "welcome",
        "gateway",
        "refused",
        "ping",
        "reply_credit",
        "requests",
        "cancels",
        "goodbye_ack",
    )

    def __init__(self) -> None:
        self.session = 0
        self.who_are_you = False
        self.welcome: Welcome | None = None
        self.gateway = ""
        self.refused: Refusal | None = None
        self.ping: int | None = None
        self.reply_credit: int | None = None
        self.requests: list[tuple[wire.Request, int]] = []  # with their payload bytes
        self.cancels: list[tuple[int, int]] = []  # id, attempt
        self.goodbye_ack = False


def decode(data: bytes) -> Incoming:
    """Raises Malformed: nothing of such an envelope may be used."""
    into = Incoming()
    try:
        _decode(data, into)
    except IndexError:
        raise Malformed(Reason.WIRE) from None
    welcome = into.welcome
    if welcome is not None and not (
        into.session
        and welcome.lease > 0
        and welcome.ping_interval > 0
        and welcome.max_message_bytes
    ):
        raise Malformed(Reason.BAD_WELCOME)
    return into


def _parse(kind: Callable[[], M], data: bytes) -> M:
    message: Any = kind()
    try:
        size = message.ParseFromString(data)
    except (DecodeError, ValueError):  # the latter by the implementation in Python, of bad UTF-8
        raise Malformed(Reason.WIRE) from None
    if size != len(data):
        raise Malformed(Reason.WIRE)
    if any(field.wire_type == GROUP for field in message.UnknownFields()):
        raise Malformed(Reason.WIRE)
    parsed: M = message
    return parsed


def _decode(data: bytes, into: Incoming) -> None:
    items = fields = 0
    requests, cancels = into.requests, into.cancels
    for number, kind, value, begin, end in _walk(data):
        if kind == FIXED64 and number == 1:
            into.session = value
        if kind != BYTES:
            continue
        if number == REQUESTS or number == CANCELS:
            items += 1
            if items > MAX_ITEMS:
                raise Malformed(Reason.TOO_MANY_ITEMS)
            part = data[begin:end]
            if number == CANCELS:
                cancel = _parse(wire.Cancel, part)
                cancels.append((cancel.id, cancel.attempt))
                continue
            # A field takes at least two bytes: what is small cannot have too many.
            if len(data) > 2 * MAX_FIELDS_OF_ONE:
                fields += _count_fields(part)
                if fields > MAX_FIELDS:
                    raise Malformed(Reason.TOO_MANY_FIELDS)
            request = _parse(wire.Request, part)
            if not (request.id and request.attempt and request.sequence):
                raise Malformed(Reason.BAD_REQUEST)
            requests.append((request, _payload_bytes(request)))
        elif number == PING:
            into.ping = _parse(wire.Ping, data[begin:end]).sequence
        elif number == REPLY_CREDIT:
            into.reply_credit = _parse(wire.ReplyCredit, data[begin:end]).bytes_total
        elif number == WHO_ARE_YOU:
            into.who_are_you = True
        elif number == GOODBYE_ACK:
            into.goodbye_ack = True
        elif number == WELCOME:
            _decode_welcome(data[begin:end], into)
        elif number == REFUSED:
            refused = _parse(wire.Refused, data[begin:end])
            into.refused = Refusal(
                _refusal_name(refused.reason), printable(refused.detail), refused.protocol
            )


def _walk(data: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """(number, wire type, value, begin, end) of each field; IndexError or Malformed where the
    bytes are no message. Groups are not taken."""
    at, size = 0, len(data)
    while at < size:
        tag = data[at]
        at += 1
        if tag > 127:
            tag, at = _varint(data, at - 1)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise Malformed(Reason.WIRE)
        if kind == BYTES:
            length = data[at]
            at += 1
            if length > 127:
                length, at = _varint(data, at - 1)
            begin, at = at, at + length
            if at > size:
                raise Malformed(Reason.WIRE)
            yield number, kind, 0, begin, at
        elif kind == VARINT:
            value, at = _varint(data, at)
            yield number, kind, value, at, at
        elif kind == FIXED64 or kind == FIXED32:
            begin, at = at, at + (8 if kind == FIXED64 else 4)
            if at > size:
                raise Malformed(Reason.WIRE)
            yield number, kind, int.from_bytes(data[begin:at], "little"), begin, at
        else:
            raise Malformed(Reason.WIRE)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (1 << 64) - 1, at
        shift += 7
        if shift > 63:
            raise Malformed(Reason.WIRE)


def _count_fields(request: bytes) -> int:
    if len(request) <= 2 * MAX_FIELDS_OF_ONE:
        return len(request) // 2  # at most
    count = 0
    for number, kind, _, _, _ in _walk(request):
        if kind == BYTES and number in FIELD_LISTS:
            count += 1
            if count > MAX_FIELDS_OF_ONE:
                raise Malformed(Reason.TOO_MANY_FIELDS)
    return count


def _payload_bytes(request: wire.Request) -> int:
    """What credit counts: the lengths of all strings and bytes."""
    size = len(request.body)
    for text in (
        request.service,
        request.route,
        request.method,
        request.target,
        request.idempotency_key,
    ):
        size += len(text) if text.isascii() else len(text.encode())
    for fields in (request.headers, request.parameters, request.attributes):
        for field in fields:
            name = field.name
            size += len(name) if name.isascii() else len(name.encode())
            size += len(field.value)
    return size


def _decode_welcome(data: bytes, into: Incoming) -> None:
    welcome = _parse(wire.Welcome, data)
    into.gateway = printable(welcome.gateway)
    into.welcome = Welcome(
        ping_interval=welcome.ping_interval_ms / 1000,
        lease=welcome.lease_ms / 1000,
        max_message_bytes=welcome.max_message_bytes,
        max_reply_bytes=welcome.max_reply_bytes,
    )


def _refusal_name(reason: int) -> str:
    names = ("no reason given", "protocol version", "too many workers", "bad hello")
    return names[reason] if 0 <= reason < len(names) else "unknown reason"
