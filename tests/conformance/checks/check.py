"""What a check is, and what several of them need."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable

from scripted_gateway import Gateway, Worker, expect

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
