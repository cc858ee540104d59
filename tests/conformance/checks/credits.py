"""How much may be sent."""

from __future__ import annotations

from typing import Any, Callable

from scripted_gateway import QUIET, Gateway, Worker, expect, wire

from .check import check


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
