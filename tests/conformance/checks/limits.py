"""Limits and malformed bytes."""

from __future__ import annotations


from scripted_gateway import QUIET, Gateway, Worker, expect, wire

from .check import Run, answers_echo, check


@check("Limits and malformed bytes", max_reply=1000)
def a_reply_above_the_limit_is_sent_as_failed(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    for text in ("bytes 1001", "header 1001"):
        reply = gateway.reply_to(gateway.ask(text))
        expect(reply.kind == wire.Reply.FAILED, f"'{text}' is FAILED")
        expect(reply.detail and not reply.body and not reply.headers, "only a detail is sent")
    expect(gateway.reply_to(gateway.ask("bytes 900")).kind == wire.Reply.ANSWERED, "900 bytes fit")


@check("Limits and malformed bytes", max_message=64 << 10, max_reply=32 << 10, reply_credit=0)
def envelopes_stay_below_the_gateways_limit(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    count = min(20, gateway.credit().requests_total)
    gateway.send(requests=[gateway.request("bytes 20000") for _i in range(count)])
    gateway.idle(QUIET)
    gateway.send(reply_credit=wire.ReplyCredit(bytes_total=1 << 40))
    gateway.wait("every reply", lambda: len(gateway.replies) == count)
    expect(max(gateway.sizes) <= gateway.max_message, f"an envelope has {max(gateway.sizes)} bytes")


def ends_the_session(gateway: Gateway, frames: list[bytes]) -> None:
    """The worker takes nothing of it, connects anew and serves again."""
    probes = gateway.probes
    gateway.send_frames(*frames)
    gateway.wait("a new connection", lambda: gateway.probes > probes)
    gateway.wait_hello(2)
    gateway.wait_welcomed()
    answers_echo(gateway)


@check("Limits and malformed bytes")
def bytes_that_are_no_envelope_end_the_session(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    ends_the_session(gateway, [b"\xff\xff\xff\xff"])


@check("Limits and malformed bytes")
def a_cut_envelope_ends_the_session_and_nothing_of_it_is_used(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    whole, cut = gateway.request("echo whole"), gateway.request("echo cut")
    envelope = wire.Envelope(session=gateway.session, requests=[whole, cut])
    ends_the_session(gateway, [envelope.SerializeToString()[:-3]])
    expect(not gateway.noted("started", whole.id), "a request before the cut was started")


@check("Limits and malformed bytes")
def a_group_ends_the_session(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    ends_the_session(gateway, [b"\xfb\x07\xfc\x07"])  # number 127, begin and end


@check("Limits and malformed bytes")
def a_group_inside_an_item_ends_the_session(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    envelope = wire.Envelope(session=gateway.session).SerializeToString()
    ends_the_session(gateway, [envelope + b"\x2a\x04\x08\x01\x53\x54"])  # in a Ping


@check("Limits and malformed bytes")
def two_frames_end_the_session(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    envelope = wire.Envelope(session=gateway.session).SerializeToString()
    ends_the_session(gateway, [envelope, envelope])


@check("Limits and malformed bytes")
def an_empty_frame_ends_the_session(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    ends_the_session(gateway, [b""])


def _lacking(number: str) -> Run:
    def run(gateway: Gateway, _: Worker) -> None:
        gateway.wait_welcomed()
        request = gateway.request("echo x")
        request.ClearField(number)
        envelope = wire.Envelope(session=gateway.session, requests=[request])
        ends_the_session(gateway, [envelope.SerializeToString()])

    run.__name__ = f"a_request_without_{number}_ends_the_session"
    return run


for _number in ("id", "attempt", "sequence"):
    check("Limits and malformed bytes")(_lacking(_number))


@check("Limits and malformed bytes")
def a_sequence_that_does_not_grow_ends_the_session(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    answers_echo(gateway)
    request = gateway.request("echo x", sequence=1)
    envelope = wire.Envelope(session=gateway.session, requests=[request])
    ends_the_session(gateway, [envelope.SerializeToString()])
    expect(not gateway.noted("started", request.id), "it was started")
