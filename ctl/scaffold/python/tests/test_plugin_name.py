import plugin_name_service  # noqa: F401 (registers the service)
from holdfast_worker.testing import invoke


def test_greets_whom_the_body_names() -> None:
    answer = invoke("plugin_name", "Ada")
    assert (answer.status, answer.body) == (200, b"hello Ada\n")


def test_refuses_a_body_that_names_nobody() -> None:
    assert invoke("plugin_name").status == 400
