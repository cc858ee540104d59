"""Each rule of proto/README.md that a worker keeps, as a check with a name.

A check gets a gateway whose worker has just been started, and raises Failed. `section` is the
contract's; `gateway` what the gateway does from the beginning; `busy` that the check needs a worker
that can be kept from starting requests (--at-once).
"""

from __future__ import annotations

import dataclasses
import signal
import time
from typing import Any, Callable

from scripted_gateway import QUIET, Failed, Gateway, Worker, expect, wire

__all__ = ["CHECKS", "Check", "Failed"]

Run = Callable[[Gateway, Worker], None]


@dataclasses.dataclass
class Check:
    name: str
    section: str
    run: Run
    gateway: dict[str, Any]
    busy: bool


CHECKS: list[Check] = []


def check(section: str, busy: bool = False, **gateway: Any) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        name = run.__name__.replace("_", "-")
        CHECKS.append(Check(name, section, run, gateway, busy))
        return run

    return register


def busy_with(gateway: Gateway, worker: Worker, milliseconds: int) -> list[int]:
    """As many slow requests as it takes until the worker starts no further one."""
    ids = [gateway.ask(f"sleep {milliseconds}") for _ in range(worker.at_once)]
    gateway.wait("that the slow ones run", lambda: running(gateway) == len(ids))
    return ids


def running(gateway: Gateway) -> int:
    return gateway.pongs[-1].running if gateway.pongs else 0


def answers_echo(gateway: Gateway) -> None:
    expect(gateway.reply_to(gateway.ask("echo still there")).body == b"still there", "the echo")


# ---- Frames --------------------------------------------------------------------------------------


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


# ---- A session -----------------------------------------------------------------------------------


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


# ---- Requests ------------------------------------------------------------------------------------


@check("Requests")
def a_request_arrives_whole(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    id_ = gateway.ask(
        "request",
        attempt=2,
        method="PUT",
        target="/orders/7?a=b",
        route="/orders/{id}",
        idempotency_key="key-1",
        parameters=[wire.Field(name="id", value=b"7")],
        headers=[wire.Field(name="a", value=b"one"), wire.Field(name="a", value=b"two")],
        attributes=[wire.Field(name="orderId", value="ö".encode())],
    )
    reply = gateway.reply_to(id_)
    expect((reply.attempt, reply.kind, reply.status) == (2, wire.Reply.ANSWERED, 200), "a 200")
    lines = reply.body.decode().split("\n")
    for line in (
        "attempt 2",
        "service conformance",
        "route /orders/{id}",
        "method PUT",
        "target /orders/7?a=b",
        "key key-1",
        "parameter id 7",
        "header a one",
        "header a two",
        "attribute orderId ö",
    ):
        expect(line in lines, f"the handler saw '{line}': it saw {lines}")


@check("Requests")
def bodies_are_bytes(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    body = bytes(range(256)) * 64
    expect(gateway.reply_to(gateway.ask(b"echo " + body)).body == body, "the same bytes come back")


@check("Requests")
def a_thousand_requests_are_answered_once_within_the_credit(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    ids: list[int] = []
    while len(ids) < 1000:
        batch = []
        while len(ids) < min(1000, gateway.credit().requests_total, len(ids) + 100 - len(batch)):
            batch.append(gateway.request(f"echo {len(ids)}"))
            ids.append(batch[-1].id)
        if batch:
            gateway.send(requests=batch)
        total = gateway.credit().requests_total
        gateway.wait(
            "more credit", lambda: gateway.credit().requests_total > total or total >= 1000
        )
    gateway.wait("every reply", lambda: len(gateway.replies) >= 1000)
    gateway.idle(QUIET)
    seen = {reply.id: reply.body for reply in gateway.replies}
    expect(len(gateway.replies) == 1000, f"{len(gateway.replies)} replies to 1000 requests")
    expect(seen == {id_: b"%d" % i for i, id_ in enumerate(ids)}, "each has its own answer")
    expect(not gateway.returns, "requests within the credit came back")


@check("Requests")
def a_failure_is_failed_with_a_detail(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    reply = gateway.reply_to(gateway.ask("fail on request"))
    expect(reply.kind == wire.Reply.FAILED, "the kind is FAILED")
    expect("on request" in reply.detail, f"the detail says why: '{reply.detail}'")
    expect(not reply.body, "a failure has no body")
    answers_echo(gateway)


@check("Requests")
def a_refusal_is_not_processed(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    reply = gateway.reply_to(gateway.ask("not-processed"))
    expect(reply.kind == wire.Reply.NOT_PROCESSED, "the kind is NOT_PROCESSED")


@check("Requests")
def a_cancelled_request_that_runs_is_told_and_not_answered(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    id_ = gateway.ask("sleep 15000")
    gateway.wait("that it runs", lambda: running(gateway) == 1)
    gateway.cancel(id_)
    gateway.wait_noted("cancelled", id_)
    expect(not gateway.replies_to(id_), "a cancelled request was answered")


@check("Requests")
def a_cancel_beside_its_request_keeps_it_from_starting(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    request = gateway.request("echo x")
    gateway.send(requests=[request], cancels=[wire.Cancel(id=request.id, attempt=1)])
    expect(not gateway.noted("started", request.id), "it was started")
    expect(not gateway.replies_to(request.id), "it was answered")


@check("Requests")
def cancels_of_unknown_requests_are_ignored(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.cancel(4711)
    id_ = gateway.ask("sleep 300", attempt=2)
    gateway.cancel(id_, attempt=1)
    expect(gateway.reply_to(id_).body == b"slept", "a Cancel of another attempt is ignored")
    answers_echo(gateway)


@check("Requests", busy=True)
def a_cancelled_request_that_waits_is_never_started(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    busy_with(gateway, worker, 600)
    id_ = gateway.ask("echo x")
    gateway.cancel(id_)
    expect(not gateway.noted("started", id_), "it was started")
    expect(not gateway.replies_to(id_), "it was answered")


@check("Requests", busy=True)
def an_expired_request_that_waits_is_never_started(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    busy_with(gateway, worker, 600)
    id_ = gateway.ask("echo x", timeout_ms=100)
    expect(not gateway.noted("started", id_), "it was started")
    expect(not gateway.replies_to(id_), "it was answered")


@check("Requests")
def a_request_that_has_expired_is_dropped_without_a_word(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    id_ = gateway.ask("echo x", timeout_ms=0)
    expect(not gateway.noted("started", id_), "it was started")
    gateway.idle(QUIET)
    expect(not gateway.replies_to(id_) and not gateway.returns, "something was said of it")


# ---- Return --------------------------------------------------------------------------------------


@check("Requests: Return")
def an_unknown_service_is_returned(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    item = gateway.return_of(gateway.ask("x", service="nobody-serves-this", attempt=3))
    expect(item.reason == wire.Return.NO_SERVICE, "the reason is NO_SERVICE")
    expect(item.attempt == 3, "the attempt is repeated")
    answers_echo(gateway)


@check("Requests: Return")
def what_exceeds_the_credit_is_returned(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    allowed = gateway.credit().requests_total
    requests = [gateway.request("echo x") for _i in range(allowed + 3)]
    gateway.send(requests=requests)
    everything = lambda: len(gateway.replies) + len(gateway.returns) >= len(requests)  # noqa: E731
    gateway.wait("an answer or Return for each", everything)
    expect(
        [item.reason for item in gateway.returns] == [wire.Return.OVER_CREDIT] * 3,
        f"the last three are OVER_CREDIT: {[item.reason for item in gateway.returns]}",
    )
    expect(
        {item.id for item in gateway.returns} == {request.id for request in requests[-3:]},
        "those that came last are returned",
    )


@check("Requests: Return")
def after_goodbye_ack_requests_are_returned(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    slow = gateway.ask("sleep 1000")
    gateway.wait("that it runs", lambda: running(gateway) == 1)
    worker.signal(signal.SIGTERM)
    gateway.wait("Goodbye", lambda: gateway.goodbyes == 1)
    item = gateway.return_of(gateway.ask("echo late"))
    expect(item.reason == wire.Return.DRAINING, "the reason is DRAINING")
    gateway.reply_to(slow)


@check("Requests: Return", busy=True)
def behind_slow_handlers_a_request_ends_in_one_way(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    busy_with(gateway, worker, 1500)
    id_ = gateway.ask("echo x")
    ends = lambda: gateway.replies_to(id_) + [
        r for r in gateway.returns if r.id == id_
    ]  # noqa: E731
    gateway.wait("a Reply or a Return", ends)
    returned = [item for item in gateway.returns if item.id == id_]
    expect(all(item.reason == wire.Return.STUCK for item in returned), "the reason is STUCK")
    gateway.wait("that it is free again", lambda: running(gateway) == 0)
    expect(len(ends()) == 1, "it came back twice")
    expect(not returned or not gateway.noted("started", id_), "it was returned and started")


# ---- Credit --------------------------------------------------------------------------------------


@check("Credit", reply_credit=0)
def replies_wait_for_reply_credit(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    for _i in range(3):
        gateway.ask("bytes 10")
    gateway.idle(QUIET)
    expect(not gateway.replies, "a reply came without any credit")

    def pay(total: int) -> int:
        gateway.send(reply_credit=wire.ReplyCredit(bytes_total=total))
        gateway.until(lambda: len(gateway.replies) == 3, QUIET)
        return sum(_payload(reply) for reply in gateway.replies)

    size = _payload_of_first(gateway, pay)
    expect(pay(size) == size, "a reply came although all credit was used up")
    expect(pay(size + 1) == 2 * size, "the last reply may exceed the credit")
    expect(pay(size * 4) == 3 * size, "all replies come when they may")


def _payload_of_first(gateway: Gateway, pay: Callable[[int], int]) -> int:
    size = pay(1)
    expect(len(gateway.replies) == 1, f"one byte of credit lets one reply go: {gateway.replies}")
    return size


def _payload(reply: Any) -> int:
    fields = sum(len(field.name.encode()) + len(field.value) for field in reply.headers)
    return len(reply.body) + len(reply.detail.encode()) + fields


def _request_payload(request: Any) -> int:
    texts = (
        request.service,
        request.route,
        request.method,
        request.target,
        request.idempotency_key,
    )
    fields = [*request.parameters, *request.headers, *request.attributes]
    return (
        len(request.body)
        + sum(len(text.encode()) for text in texts)
        + sum(len(field.name.encode()) + len(field.value) for field in fields)
    )


@check("Credit")
def what_is_done_gives_its_credit_back(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    first = gateway.credit()
    fields = [wire.Field(name="n", value=b"v" * 50)]
    requests = [
        gateway.request("echo " + "x" * 100, headers=fields, attributes=fields, parameters=fields),
        gateway.request("fail x", idempotency_key="k" * 20),
        gateway.request("echo expired", timeout_ms=0),
        gateway.request("echo x", service="nobody-serves-this"),
        gateway.request("echo cancelled"),
    ]
    gateway.send(requests=requests, cancels=[wire.Cancel(id=requests[4].id, attempt=1)])
    size = sum(_request_payload(request) for request in requests)
    gateway.wait(
        "credit for all five",
        lambda: gateway.credit().requests_total >= first.requests_total + 5
        and gateway.credit().bytes_total >= first.bytes_total + size,
    )
    gateway.idle(QUIET)
    last = gateway.credit()
    expect(last.requests_total == first.requests_total + 5, "no more requests than were done")
    expect(last.bytes_total == first.bytes_total + size, "exactly the bytes of their payload")


@check("Credit")
def totals_only_grow(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    for i in range(50):
        gateway.ask(f"echo {i}")
        gateway.until(lambda: False, 0.01)
    gateway.wait("every reply", lambda: len(gateway.replies) == 50)
    totals = [(item.requests_total, item.bytes_total) for _, item in gateway.credits]
    for before, after in zip(totals, totals[1:]):
        expect(before[0] <= after[0] and before[1] <= after[1], f"{before}, then {after}")


@check("Credit", reply_credit=0)
def one_whose_reply_waits_is_not_done(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    first = gateway.credit().requests_total
    gateway.ask("echo x")
    gateway.idle(QUIET)
    expect(gateway.credit().requests_total == first, "it gave its credit back before it was sent")
    gateway.send(reply_credit=wire.ReplyCredit(bytes_total=1000))
    gateway.wait("its credit", lambda: gateway.credit().requests_total == first + 1)


# ---- Life, death and the lease -------------------------------------------------------------------


@check("Life, death and the lease")
def pings_are_answered_whatever_the_handlers_do(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.ask("sleep 2000")
    gateway.wait("that it runs", lambda: running(gateway) == 1)
    gateway.pongs.clear()
    gateway.idle(1.2)
    pongs = gateway.pongs
    expect(len(pongs) >= 4, f"{len(pongs)} Pongs to 12 Pings")
    sequences = [pong.sequence for pong in pongs]
    expect(sequences == sorted(set(sequences)), "each Pong has its Ping's sequence")
    expect(pongs[-1].started_through == 1, "started_through is the sequence of the one that runs")
    expect(pongs[-1].oldest_started_age_ms > 300, "oldest_started_age_ms is its age")
    expect(len(gateway.hellos) == 1, "the session lives")


@check("Life, death and the lease")
def started_through_counts_what_was_dropped_or_returned(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.ask("echo x", timeout_ms=0)
    gateway.ask("echo x", service="nobody-serves-this")
    answers_echo(gateway)
    gateway.wait("that", lambda: gateway.pongs[-1].started_through == 3 if gateway.pongs else False)
    expect(running(gateway) == 0 and gateway.pongs[-1].oldest_started_age_ms == 0, "none runs")


@check("Life, death and the lease", busy=True)
def started_through_stops_before_what_waits(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    ids = busy_with(gateway, worker, 900)
    gateway.ask("echo waits")
    gateway.wait("that it waits", lambda: gateway.pongs[-1].queued == 1)
    expect(gateway.pongs[-1].started_through == len(ids), "started_through stops before it")


@check("Life, death and the lease")
def without_pings_the_session_is_over(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    id_ = gateway.ask("sleep 15000")
    gateway.wait("that it runs", lambda: running(gateway) == 1)
    gateway.ping = False
    gateway.wait_hello(2)
    gateway.ping = True
    gateway.wait_welcomed()
    gateway.wait_noted("cancelled", id_)
    expect(not gateway.replies_to(id_), "a reply of the session that is over came")


@check("Life, death and the lease", reply_credit=0)
def replies_that_were_owed_are_forgotten_with_the_lease(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    id_ = gateway.ask("echo owed")
    gateway.idle(QUIET)
    gateway.ping = False
    gateway.reply_credit = 1 << 40
    gateway.wait_hello(2)
    gateway.ping = True
    gateway.wait_welcomed()
    answers_echo(gateway)
    expect(not gateway.replies_to(id_), "it came in the new session")


@check("Life, death and the lease")
def after_a_stop_nothing_old_is_started(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    gateway.wait("a Pong", lambda: gateway.pongs)
    worker.signal(signal.SIGSTOP)
    gateway.idle(gateway.lease + 0.4)
    id_ = gateway.ask("echo old")
    gateway.idle(0.2)  # a Ping waits behind it
    worker.signal(signal.SIGCONT)
    gateway.wait_hello(2)
    gateway.wait_welcomed()
    expect(not gateway.noted("started", id_), "it was started")
    expect(not gateway.replies_to(id_), "it was answered")


@check("Life, death and the lease", busy=True)
def after_a_stop_nothing_that_waited_is_started(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    slow = busy_with(gateway, worker, 1500)
    id_ = gateway.ask("echo waits")
    gateway.wait("that it waits", lambda: gateway.pongs[-1].queued == 1)
    worker.signal(signal.SIGSTOP)
    gateway.idle(1.7)  # the slow ones end meanwhile
    worker.signal(signal.SIGCONT)
    gateway.wait_hello(2)
    gateway.wait_welcomed()
    expect(not gateway.noted("started", id_), "it was started")
    expect(not [r for r in gateway.replies if r.id in (id_, *slow)], "an old one was answered")


@check("Life, death and the lease")
def a_stop_shorter_than_the_lease_is_only_a_pause(gateway: Gateway, worker: Worker) -> None:
    gateway.wait_welcomed()
    gateway.wait("a Pong", lambda: gateway.pongs)
    worker.signal(signal.SIGSTOP)
    id_ = gateway.ask("echo meanwhile")
    time.sleep(0.05)
    worker.signal(signal.SIGCONT)
    gateway.wait("an answer", lambda: gateway.replies_to(id_) or len(gateway.hellos) > 1)


@check("Life, death and the lease")
def a_closed_connection_is_not_the_end(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.restart()
    gateway.wait("another probe", lambda: gateway.probes == 2)
    gateway.wait_welcomed()
    answers_echo(gateway)


# ---- The end -------------------------------------------------------------------------------------


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


# ---- Limits and malformed bytes ------------------------------------------------------------------


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
