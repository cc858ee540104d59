"""What becomes of requests."""

from __future__ import annotations

import signal

from scripted_gateway import QUIET, Gateway, Worker, expect, wire

from .check import answers_echo, busy_with, check, running


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


@check("Requests: Return")
def an_unknown_service_is_returned(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    item = gateway.return_of(gateway.ask("x", service="nobody-serves-this", attempt=3))
    expect(item.reason == wire.Return.NO_SERVICE, "the reason is NO_SERVICE")
    expect(item.attempt == 3, "the attempt is repeated")
    answers_echo(gateway)


@check("Requests")
def any_attempt_from_one_up_is_taken_and_repeated(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    for attempt in (1, 255, 256, 70_000, (1 << 32) - 1):
        reply = gateway.reply_to(gateway.ask("echo x", attempt=attempt))
        expect((reply.attempt, reply.body) == (attempt, b"x"), f"attempt {attempt} is answered")
        refused = gateway.return_of(gateway.ask("x", service="nobody-serves-this", attempt=attempt))
        expect(refused.attempt == attempt, f"attempt {attempt} is returned")
        dropped = gateway.request("echo x", attempt=attempt)
        cancel = wire.Cancel(id=dropped.id, attempt=attempt)
        gateway.send(requests=[dropped], cancels=[cancel])
        expect(not gateway.noted("started", dropped.id), f"attempt {attempt} is cancelled")


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
