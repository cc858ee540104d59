import asyncio

import pytest
from holdfast_worker import NotProcessed, Problem, Reply, Request, service
from holdfast_worker.services import registered
from holdfast_worker.testing import invoke


@pytest.fixture
def serve():
    """Registers a handler as the service "s" for one test."""
    registered.clear()
    yield service("s")
    registered.clear()


def returning(result):
    return lambda _request: result


@pytest.mark.parametrize(
    ("result", "body", "content_type"),
    [
        ({"é": 1}, '{"é":1}'.encode(), "application/json"),
        ([1, None], b"[1,null]", "application/json"),
        ("é", "é".encode(), "text/plain; charset=utf-8"),
        (b"\xff", b"\xff", "application/octet-stream"),
        (Reply("x"), b"x", None),
        (Reply.json({}), b"{}", "application/json"),
        (Reply(b"", 204, {"a": "b"}), b"", None),
        (Reply(b"", 205, {"a": b"\t\x80\xff"}), b"", None),
    ],
)
def test_what_a_handler_returns_becomes_a_reply(serve, result, body, content_type):
    serve(returning(result))
    answer = invoke("s")
    assert (answer.kind, answer.body) == ("answered", body)
    assert answer.headers.get("content-type") == content_type


@pytest.mark.parametrize(
    "result",
    [
        None,
        3,
        Reply(status=99),
        Reply(status=600),
        Reply(status="200"),
        Reply("x", 204),
        Reply("x", 205),
        Reply("x", 304),
        Reply(bytearray()),
        Reply(headers={"content-length": "1"}),
        Reply(headers={"Transfer-Encoding": "chunked"}),
        Reply(headers={"a b": "1"}),
        Reply(headers={"": "1"}),
        Reply(headers={"a": "1\r\nb: 2"}),
        Reply(headers={"a": "\x01"}),
        Reply(headers={"a": "\x1b[2K"}),
        Reply(headers={"a": b"\x7f"}),
        Reply(headers={"a": 1}),
        Reply(headers=[("a", "b")] * 129),
        Reply(content_type="a\nb"),
        Reply("x" * 1001),
        {"a": float("nan")},
        {"a": object()},
        "\ud800",
    ],
)
def test_a_bad_reply_is_a_failure_with_a_reason(serve, result):
    serve(returning(result))
    answer = invoke("s", max_reply_bytes=1000)
    assert (answer.kind, answer.body) == ("failed", b"")
    assert answer.detail


def test_an_exception_is_a_failure_that_names_it(serve):
    @serve
    def broken(_request):
        raise SystemExit("no\nway")

    answer = invoke("s")
    assert (answer.kind, answer.status, answer.detail) == ("failed", 502, "SystemExit: no?way")


def test_an_exception_that_cannot_say_what_it_is_is_a_failure_too(serve):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("mute")

    @serve
    def broken(_request):
        raise Mute

    assert (invoke("s").kind, invoke("s").detail) == ("failed", "Mute")


def test_a_refusal_says_that_nothing_was_done(serve):
    @serve
    def refusing(_request):
        raise NotProcessed("busy")

    answer = invoke("s")
    assert (answer.kind, answer.status, answer.detail) == ("not-processed", 503, "busy")


def test_a_problem_is_an_answer(serve):
    @serve
    def problem(_request):
        raise Problem(422, "No.", detail="because", type="urn:x", headers={"a": "b"}, sku="tea")

    answer = invoke("s")
    assert (answer.kind, answer.status, answer.headers["a"]) == ("answered", 422, "b")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:x",
        "title": "No.",
        "status": 422,
        "detail": "because",
        "sku": "tea",
    }


def test_a_problem_that_cannot_be_sent_is_a_failure(serve):
    @serve
    def problem(_request):
        raise Problem(99, "No.")

    assert invoke("s").kind == "failed"


def test_a_body_that_is_no_json_is_a_400(serve):
    serve(lambda request: request.json())
    assert invoke("s", b"{").status == 400
    assert invoke("s", b"\xff").status == 400
    assert invoke("s", b"[" * 100_000).status == 400
    assert invoke("s", {"a": [1]}).json() == {"a": [1]}


def test_a_request_has_all_its_parts(serve):
    seen = []
    serve(lambda request: seen.append(request) or "")
    invoke(
        "s",
        "text",
        method="PUT",
        target="/a?b",
        headers={"h": b"\xffx"},
        parameters={"id": "é"},
        attributes={"orderId": "7"},
        idempotency_key="k",
        attempt=2,
        timeout=100.0,
    )
    (request,) = seen
    assert (request.body, request.method, request.target) == (b"text", "PUT", "/a?b")
    assert request.headers["h"].encode("utf-8", "surrogateescape") == b"\xffx"
    assert request.parameters.get("id") == "é" and request.parameters.get_all("id") == ["é"]
    assert "orderId" in request.attributes and list(request.attributes) == ["orderId"]
    assert (request.idempotency_key, request.attempt, request.service) == ("k", 2, "s")
    assert request.correlation_id == "0000000000000001"
    assert 90 < request.remaining <= 100
    with pytest.raises(KeyError):
        request.headers["none"]


def test_a_plain_handler_hears_of_a_cancel(serve):
    calls = []

    @serve
    def waiting(request: Request):
        request.on_cancel(lambda: calls.append("callback"))
        return "cancelled" if request.wait_cancelled(20) and request.cancelled else "not"

    assert invoke("s", cancel_after=0.01).body == b"cancelled"
    assert calls == ["callback"]


def test_a_callback_that_comes_after_the_cancel_is_called_at_once(serve):
    calls = []

    @serve
    def late(request: Request):
        request.wait_cancelled(20)
        request.on_cancel(lambda: calls.append("late"))
        return ""

    invoke("s", cancel_after=0.01)
    assert calls == ["late"]


def test_an_async_handler_is_cancelled_as_asyncio_does(serve):
    ended = []

    @serve
    async def waiting(_request):
        try:
            await asyncio.sleep(20)
        finally:
            ended.append(True)

    assert invoke("s", cancel_after=0.01).kind == "failed"
    assert ended == [True]


def test_an_async_handler_answers(serve):
    @serve
    async def echo(request: Request):
        await asyncio.sleep(0)
        return request.body

    assert invoke("s", b"x").body == b"x"


def test_two_handlers_of_one_service_are_both_named(serve):
    serve(returning(""))
    with pytest.raises(ValueError, match="service s has two handlers: .*<lambda> and .*<lambda>"):
        service("s")(returning(""))


@pytest.mark.parametrize("name", ["", "x" * 129, "é", "a\nb"])
def test_a_name_that_no_gateway_takes_is_refused(name):
    with pytest.raises(ValueError):
        service(name)


def test_there_are_at_most_64_services(serve):
    for number in range(64):
        service(f"s{number}")(returning(""))
    with pytest.raises(ValueError, match="at most 64"):
        service("one more")(returning(""))
