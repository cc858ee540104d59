#!/usr/bin/env python3
"""Asks an echo service through aiohttp: whole and streamed bodies over kept connections.

Usage: aiohttp_client.py URL COUNT. Prints how many answers were wrong; exits 1 if any was.
"""

import asyncio
import sys

import aiohttp

CONCURRENT = 20


async def pieces(number):
    """A body of unknown length: aiohttp sends it in chunks."""
    for part in range(number % 5):
        yield b"%d-%d;" % (number, part)


async def is_right(session, url, number):
    """Whether request `number` gets its own body back."""
    if number % 2:
        body, expected = pieces(number), b"".join([part async for part in pieces(number)])
    else:
        body = expected = b"%d" % number * 10
    async with session.post(url, data=body) as answer:
        return answer.status == 200 and await answer.read() == expected


async def main(url, count):
    numbers = iter(range(count))
    wrong = 0

    async def work(session):
        nonlocal wrong
        for number in numbers:
            wrong += not await is_right(session, url, number)

    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await asyncio.gather(*(work(session) for _ in range(CONCURRENT)))
    print(f"{count} answers, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], int(sys.argv[2]))))
