"""Pings, the lease, stops, lost connections."""

from __future__ import annotations

import signal
import time

from scripted_gateway import QUIET, Gateway, Worker, expect

from .check import answers_echo, busy_with, check, running


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
    gateway.wait("an answer", lambda: gateway.replies_to(id_))
    expect(len(gateway.hellos) == 1, "the session lives")


@check("Life, death and the lease")
def a_closed_connection_is_not_the_end(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.restart()
    gateway.wait("another probe", lambda: gateway.probes == 2)
    gateway.wait_welcomed()
    answers_echo(gateway)


@check("Frames")
def a_connection_on_which_nothing_is_heard_is_made_anew(gateway: Gateway, _: Worker) -> None:
    gateway.wait_welcomed()
    gateway.ping = gateway.welcome = False  # as if it were open and yet dead
    gateway.wait("another probe", lambda: gateway.probes == 2)
    gateway.ping = gateway.welcome = True
    hellos = len(gateway.hellos)
    gateway.wait_hello(hellos + 1)
    gateway.wait_welcomed()
    answers_echo(gateway)
