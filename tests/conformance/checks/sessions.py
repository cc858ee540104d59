"""How a session begins and ends."""

from __future__ import annotations

import signal
import time

from scripted_gateway import QUIET, Gateway, Worker, expect, wire

from .check import answers_echo, check, running


@check("Frames", ask_who=False)
def a_probe_comes_first_and_nothing_before_the_question(gateway: Gateway, _: Worker) -> None:
    gateway.wait("a probe", lambda: gateway.probes == 1)
    gateway.idle(QUIET)
    expect(not gateway.envelopes, "an envelope came before WhoAreYou")


# Numbers 250 to 254, of all wire types but groups.
UNKNOWN = b"\xd0\x0f\x01" b"\xd9\x0f" + b"8" * 8 + b"\xe2\x0f\x01x" b"\xed\x0f4444"


@check("Frames", unknown=UNKNOWN)
def unknown_fields_are_skipped(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    answers_echo(gateway)
    request = gateway.request("echo inside").SerializeToString() + UNKNOWN
    envelope = wire.Envelope(session=gateway.session).SerializeToString()
    gateway.send_frames(envelope + b"\x3a" + bytes([len(request)]) + request)
    gateway.wait("the echo", lambda: gateway.replies and gateway.replies[-1].body == b"inside")
    expect(len(gateway.hellos) == 1, "the session was ended")


@check("A session")
def hello_says_who_it_is(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    hello, first = gateway.hellos[0], gateway.envelopes[0]
    expect(first.HasField("hello") and first.session == 0, "Hello comes first, with session 0")
    expect(hello.protocol == 1, f"the protocol is 1, not {hello.protocol}")
    expect(hello.instance, "the instance is not empty")
    expect("conformance" in [item.name for item in hello.services], "the service is named")


@check("A session")
def everything_after_welcome_carries_the_session(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    answers_echo(gateway)
    gateway.wait("a Pong", lambda: gateway.pongs)
    sessions = {envelope.session for envelope in gateway.envelopes[1:]}
    expect(sessions == {gateway.session}, f"{sessions} came in session {gateway.session}")


@check("A session", welcome=False)
def a_second_question_gets_no_second_hello(gateway: Gateway, _: Worker) -> None:
    gateway.wait_hello(1)
    gateway.send(who_are_you=wire.WhoAreYou(protocol=1))
    gateway.idle(QUIET)
    expect(len(gateway.hellos) == 1, "a second Hello came within a second")


@check("A session", welcome=False)
def a_question_after_a_second_is_answered_again(gateway: Gateway, _: Worker) -> None:
    gateway.wait_hello(1)
    gateway.idle(1.2)
    gateway.send(who_are_you=wire.WhoAreYou(protocol=1))
    gateway.wait_hello(2)
    expect(
        gateway.hellos[0].instance == gateway.hellos[1].instance,
        "one connection of one process has one instance",
    )


@check("A session")
def items_of_another_session_are_dropped(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.wait("a Pong", lambda: gateway.pongs)
    stray = gateway.request("echo stray")
    gateway.sequence -= 1
    gateway.send(session=gateway.session + 1, requests=[stray], ping=wire.Ping(sequence=9999))
    answers_echo(gateway)
    gateway.idle(QUIET)
    expect(not gateway.replies_to(stray.id), "a request of another session was answered")
    expect(not gateway.noted("started", stray.id), "a request of another session was started")
    expect(9999 not in [pong.sequence for pong in gateway.pongs], "a stray Ping was answered")


@check("A session")
def a_question_in_a_session_ends_it(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    id_ = gateway.ask("sleep 600")
    gateway.wait("that it runs", lambda: running(gateway) == 1)
    gateway.session = 0
    gateway.send(who_are_you=wire.WhoAreYou(protocol=1))
    gateway.wait_hello(2)
    gateway.wait_welcomed()
    answers_echo(gateway)
    gateway.idle(1.0)
    expect(not gateway.replies_to(id_), "a reply of the session that is over came")


@check("A session", reply_credit=0)
def a_new_session_counts_anew(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.send(reply_credit=wire.ReplyCredit(bytes_total=1000))
    for _i in range(3):
        answers_echo(gateway)
    first = [item.requests_total for _s, item in gateway.credits][0]
    gateway.session = 0
    gateway.send(who_are_you=wire.WhoAreYou(protocol=1))
    gateway.wait_hello(2)
    gateway.wait_welcomed()
    expect(gateway.credit().requests_total == first, "request credit begins anew")
    id_ = gateway.ask("echo no credit yet")
    gateway.idle(QUIET)
    expect(not gateway.replies_to(id_), "a reply came without credit in the new session")
    gateway.send(reply_credit=wire.ReplyCredit(bytes_total=1000))
    gateway.reply_to(id_)


@check("A session", welcome=False)
def a_refused_worker_waits_five_seconds(gateway: Gateway, _: Worker) -> None:
    gateway.wait_hello(1)
    gateway.send(refused=wire.Refused(reason=wire.Refused.PROTOCOL, protocol=9, detail="only 9"))
    began = time.monotonic()
    gateway.idle(1.5)
    gateway.send(who_are_you=wire.WhoAreYou(protocol=1))
    gateway.wait_hello(2)
    waited = time.monotonic() - began
    expect(waited > 4, f"it tried again after {waited:.1f} s")


@check("A session: Goodbye", ack_goodbye=False)
def a_drain_says_goodbye_waits_for_the_ack_and_finishes(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    slow = gateway.ask("sleep 700")
    gateway.wait("that it runs", lambda: running(gateway) == 1)
    worker.signal(signal.SIGTERM)
    gateway.wait("Goodbye", lambda: gateway.goodbyes == 1)
    crossed = gateway.ask("echo crossed the Goodbye")
    gateway.reply_to(crossed)
    gateway.reply_to(slow)
    pongs = len(gateway.pongs)
    gateway.wait("Pongs in the drain", lambda: len(gateway.pongs) > pongs + 1)
    expect(worker.exit_code(0.01) is None, "it left without the Ack")
    gateway.send(goodbye_ack=wire.GoodbyeAck())
    expect(worker.exit_code() == 0, "it ends with 0")
    expect(not gateway.returns, "what came before the Ack was returned")
