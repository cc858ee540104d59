"""What the tests' workers serve: /sync/{word}/{argument} and /async/{word}/{argument}."""

import asyncio
import atexit
import ctypes
import os
import time

from holdfast_worker import NotProcessed, Problem, Reply, Request, plugin_config, service

JOURNAL = os.open(plugin_config(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


atexit.register(lambda: os.write(JOURNAL, b"left - - -\n"))


def note(word: str, request: Request) -> None:
    line = f"{word} {request.correlation_id} {request.attempt} {os.getpid()}\n"
    os.write(JOURNAL, line.encode())


@service("sync")
def sync(request: Request) -> Reply | dict | str | bytes:
    word, argument = request.parameters["word"], request.parameters["argument"]
    note("started", request)
    if word == "echo":
        return Reply(request.body, headers={"x-header": request.headers.get("x-header") or ""})
    if word == "sleep":
        cancelled = request.wait_cancelled(float(argument))
        note("cancelled" if cancelled else "ended", request)
        return {"pid": os.getpid(), "attempt": request.attempt, "remaining": request.remaining}
    if word == "spin":
        until = time.monotonic() + float(argument)
        while time.monotonic() < until:
            pass
        return {"pid": os.getpid()}
    if word == "hog":  # C code that keeps the interpreter's lock
        ctypes.PyDLL(None).usleep(int(float(argument) * 1e6))
        return {"pid": os.getpid()}
    if word == "problem":
        raise Problem(422, "There is no such article.", sku=argument)
    if word == "not-processed":
        raise NotProcessed("busy")
    if word == "exit":
        os._exit(7)
    raise ValueError(f"an unknown word: {word}")


@service("async")
async def asynchronous(request: Request) -> bytes | dict:
    note("started", request)
    if request.parameters["word"] == "echo":
        return request.body
    try:
        await asyncio.sleep(float(request.parameters["argument"]))
    except asyncio.CancelledError:
        note("cancelled", request)
        raise
    note("ended", request)
    return {"pid": os.getpid()}
