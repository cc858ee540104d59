"""The code that docs/python.md shows, as a reader would run it."""

import importlib
import pathlib
import re
import sys

import pytest
from holdfast_worker.services import registered

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs/python.md"


@pytest.fixture
def shown(tmp_path, monkeypatch):
    registered.clear()
    service, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    (tmp_path / "quotes.py").write_text(service)
    (tmp_path / "test_quotes.py").write_text(test)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("test_quotes")
    registered.clear()
    for name in ("quotes", "test_quotes"):
        sys.modules.pop(name, None)


def test_the_example_passes_its_own_test(shown):
    shown.test_a_quote()


def test_the_example_answers_what_its_comments_say(shown):
    assert shown.invoke("orders.quote", b"no json").status == 400
    answer = shown.invoke("orders.quote", {"sku": "coffee"})
    assert (answer.status, answer.json()["detail"]) == (422, "coffee")
