"""The suite's service (README.md) for holdfast_worker."""

from holdfast_worker import NotProcessed, Reply, Request, service

journal: list[str] = []


@service("conformance")
def conformance(request: Request) -> Reply | str | bytes:
    word, _, argument = request.body.partition(b" ")
    if word == b"journal":
        return "\n".join(journal)
    journal.append(f"started {request.correlation_id}")
    if word == b"echo":
        return argument
    if word == b"sleep":
        cancelled = request.wait_cancelled(int(argument) / 1000)
        journal.append(f"{'cancelled' if cancelled else 'ended'} {request.correlation_id}")
        return "slept"
    if word == b"fail":
        raise RuntimeError(argument.decode())
    if word == b"not-processed":
        raise NotProcessed(argument.decode())
    if word == b"bytes":
        return b"x" * int(argument)
    if word == b"header":
        return Reply(headers={"x-long": "x" * int(argument)})
    if word == b"request":
        return describe(request)
    raise ValueError("an unknown word")


def describe(request: Request) -> str:
    lines = [
        f"attempt {request.attempt}",
        f"service {request.service}",
        f"route {request.route}",
        f"method {request.method}",
        f"target {request.target}",
        f"key {request.idempotency_key}",
    ]
    for kind, fields in (
        ("parameter", request.parameters),
        ("header", request.headers),
        ("attribute", request.attributes),
    ):
        lines += [f"{kind} {name} {value}" for name, value in fields.items()]
    return "\n".join(lines)
