import os
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
from holdfast_worker import envelope_pb2 as wire
from holdfast_worker.decoding import MAX_FIELDS_OF_ONE, MAX_ITEMS, Malformed, decode
from holdfast_worker.encoding import encode, encode_reply
from holdfast_worker.rules.link import Outgoing, Pong, Return, ReturnReason

# pytest shows warnings that decoding has silenced.
pytestmark = pytest.mark.filterwarnings("ignore:Unexpected end-group tag")


def request(**facts):
    return wire.Request(**{"id": 1, "attempt": 1, "sequence": 1, "service": "s", **facts})


def reason_of(data):
    with pytest.raises(Malformed) as caught:
        decode(data)
    return caught.value.reason.value


def test_everything_that_a_gateway_says_is_understood():
    envelope = wire.Envelope(session=1 << 63)
    envelope.who_are_you.protocol = 1
    envelope.welcome.MergeFrom(
        wire.Welcome(gateway="g\n1", ping_interval_ms=200, lease_ms=500, max_message_bytes=9)
    )
    envelope.refused.reason = wire.Refused.BAD_HELLO
    envelope.ping.sequence = 300
    envelope.reply_credit.bytes_total = (1 << 64) - 1
    envelope.requests.append(request(body=b"x" * 200))
    envelope.cancels.add(id=5, attempt=2)
    envelope.goodbye_ack.SetInParent()
    seen = decode(envelope.SerializeToString())
    assert seen.session == 1 << 63 and seen.who_are_you and seen.goodbye_ack
    assert (seen.welcome.lease, seen.gateway) == (0.5, "g?1")
    assert seen.refused.reason == "bad hello"
    assert (seen.ping, seen.reply_credit) == (300, (1 << 64) - 1)
    assert seen.cancels == [(5, 2)]
    (message, size) = seen.requests[0]
    assert message.body == b"x" * 200 and size == 201


def test_payload_is_all_strings_and_bytes_in_bytes():
    message = request(route="/é", method="GET", target="/", idempotency_key="key", body=b"12")
    message.headers.add(name="a", value=b"\xff\xff")
    message.parameters.add(name="ö", value=b"1")
    message.attributes.add(name="n", value=b"")
    data = wire.Envelope(session=1, requests=[message]).SerializeToString()
    assert decode(data).requests[0][1] == 1 + 3 + 3 + 1 + 3 + 2 + 3 + 3 + 1


def test_unknown_fields_are_skipped():
    varint, fixed64, fixed32, text = (
        b"\xf8\x0701",
        b"\xf9\x07" + b"8" * 8,
        b"\xfd\x074444",
        b"\xfa\x07\x01x",
    )
    known = wire.Envelope(session=7, ping=wire.Ping(sequence=3)).SerializeToString()
    extra = varint[:3] + fixed64 + fixed32 + text
    seen = decode(extra + known + extra)
    assert (seen.session, seen.ping) == (7, 3)
    inner = request().SerializeToString() + extra
    assert len(decode(b"\x3a" + bytes([len(inner)]) + inner).requests) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",
        b"\x3a\x05\x09",  # cut
        b"\x0b\x0c",  # a group
        b"\x00\x01",  # field number 0
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a varint of 11 bytes
        b"\x09\x01\x02",  # a cut fixed64
        b"\x2a\x01\x08",  # a cut Ping
        b"\x3a\x03\x2a\x01\xff",  # text that is not UTF-8
        b"\x2a\x04\x08\x01\x53\x54",  # a Ping with a group
        b"\x2a\x04\x08\x01\x54\x08",  # a Ping with the end of a group that has no beginning
    ],
)
def test_what_is_no_message_is_malformed(data):
    assert reason_of(data) == "wire"


def test_a_group_inside_a_request_is_malformed():
    inner = request().SerializeToString() + b"\xfb\x07\xfc\x07"
    assert reason_of(b"\x3a" + bytes([len(inner)]) + inner) == "wire"


def test_bad_text_is_malformed_for_protobuf_in_plain_python_too():
    program = """
from google.protobuf.internal import api_implementation
from holdfast_worker.decoding import Malformed, decode
assert api_implementation.Type() == "python"
try:
    decode(b"\\x3a\\x03\\x2a\\x01\\xff")
except Malformed:
    print("malformed")
"""
    environment = dict(os.environ, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION="python")
    command = [sys.executable, "-c", program]
    assert subprocess.check_output(command, env=environment) == b"malformed\n"


def test_too_many_items_are_not_parsed():
    assert reason_of(b"\x42\x00" * (MAX_ITEMS + 1)) == "too many items"
    assert len(decode(b"\x42\x00" * MAX_ITEMS).cancels) == MAX_ITEMS


def test_too_many_fields_are_not_parsed():
    def with_fields(count):
        inner = request().SerializeToString() + b"\x52\x00" * count
        return wire.Envelope(session=1).SerializeToString() + b"\x3a" + _varint(len(inner)) + inner

    assert reason_of(with_fields(MAX_FIELDS_OF_ONE + 1)) == "too many fields"
    assert len(decode(with_fields(MAX_FIELDS_OF_ONE)).requests) == 1
    most = with_fields(MAX_FIELDS_OF_ONE)
    assert reason_of(most * 257) == "too many fields"


def _varint(value):
    return bytes([value & 127 | 128, value >> 7]) if value < 1 << 14 else _wide(value)


def _wide(value):
    return bytes([value & 127 | 128, value >> 7 & 127 | 128, value >> 14])


@pytest.mark.parametrize("lacking", ["id", "attempt", "sequence"])
def test_a_request_without_its_numbers_is_malformed(lacking):
    message = request()
    message.ClearField(lacking)
    assert reason_of(wire.Envelope(requests=[message]).SerializeToString()) == "bad request"


def test_a_welcome_without_its_terms_is_malformed():
    good = {"ping_interval_ms": 200, "lease_ms": 500, "max_message_bytes": 9}
    for lacking in good:
        terms = {name: value for name, value in good.items() if name != lacking}
        envelope = wire.Envelope(session=1, welcome=wire.Welcome(**terms))
        assert reason_of(envelope.SerializeToString()) == "bad welcome"
    assert reason_of(wire.Envelope(welcome=wire.Welcome(**good)).SerializeToString())


@pytest.mark.parametrize("seed", range(8))
def test_whatever_bytes_come_they_are_read_or_malformed(seed):
    draw = random.Random(seed).randrange
    message = request(body=b"x" * 20, route="/r", headers=[wire.Field(name="a", value=b"b")])
    envelope = wire.Envelope(session=7, requests=[message], ping=wire.Ping(sequence=300))
    envelope.welcome.lease_ms = 500
    envelope.refused.detail = "why"
    envelope.cancels.add(id=1, attempt=1)
    whole = envelope.SerializeToString()
    read = 0
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(draw(4)):
            data[draw(len(data))] = draw(256)
        del data[draw(2 * len(data)) :]
        try:
            decode(bytes(data))
            read += 1
        except Malformed:
            pass
    assert read < 500


def test_what_is_sent_can_be_read():
    answer = encode_reply(
        9, 2, wire.Reply.ANSWERED, 201, [("a", b"\xff"), ("b", b"c")], b"y" * 300, ""
    )
    assert answer.payload_bytes == 300 + 4
    out = Outgoing(
        session=77,
        goodbye=True,
        pong=Pong(1, 2, 0.0301, 4, 5, 6, 7, 8),
        credit=(9, 1 << 40),
        replies=[SimpleNamespace(answer=answer)],
        returns=[Return(3, 1, ReturnReason.DRAINING)],
    )
    envelope = wire.Envelope.FromString(encode(out))
    assert envelope.session == 77 and envelope.HasField("goodbye")
    assert (envelope.pong.started_through, envelope.pong.oldest_started_age_ms) == (2, 30)
    assert envelope.pong.dropped_cancelled_total == 8
    assert envelope.request_credit.bytes_total == 1 << 40
    assert (envelope.replies[0].status, envelope.replies[0].headers[0].value) == (201, b"\xff")
    assert envelope.replies[0].body == b"y" * 300
    assert envelope.returns[0].reason == wire.Return.DRAINING
