"""Who may ask the server of a review: the page with the token, by the address that was printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from hfsft.release.report.html_pages import source_hash
from hfsft.review.security import HEADERS
from tests.review.asking import ask
from tests.review.memory import MemoryReviewing, a_row
from tests.review.serving import Serving


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with Serving(MemoryReviewing([a_row(0)])) as serving:
        yield serving


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_another_host_is_refused(served: Serving, host: str) -> None:
    got = ask(served.url, "queue", headers={"Host": host.format(port=urlsplit(served.url).port)})
    assert got.status in (400, 403)
    assert "Question" not in got.text


def test_the_name_of_this_machine_is_let_in(served: Serving) -> None:
    assert ask(served.url, "queue", headers={"Host": f"localhost:{urlsplit(served.url).port}"}).status == 200


@pytest.mark.parametrize("token", ["", "x", "{}x", "/{}", "%C3%A9", "\x7f"])
def test_another_token_finds_nothing(served: Serving, token: str) -> None:
    at = urlsplit(served.url)
    own = at.path.strip("/")
    for path in ("queue", "", "verdict"):
        got = ask(f"http://{at.netloc}/{token.format(own)}/", path)
        assert got.status == 404
        assert got.json["error"] == "there is nothing here: open the address that the terminal printed"


def test_tokens_are_long_and_differ(served: Serving) -> None:
    with Serving(MemoryReviewing([])) as other:
        tokens = {urlsplit(each.url).path for each in (served, other)}
    assert len(tokens) == 2
    assert all(len(token) > 30 for token in tokens)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_another_page_is_refused(served: Serving, headers: dict[str, str]) -> None:
    sent = {name: value.format(port=urlsplit(served.url).port) for name, value in headers.items()}
    assert ask(served.url, "undo", {}, headers=sent).status == 403


def test_a_request_that_writes_says_which_page_it_comes_from(served: Serving) -> None:
    got = ask(served.url, "undo", headers={"Content-Type": "application/json"}, method="PUT")
    assert got.status == 405
    sent = ask(served.url, "undo", headers={"Origin": "", "Content-Type": "application/json"}, method="POST")
    assert sent.status == 403


@pytest.mark.parametrize("path", ["", "queue", "row/none", "nowhere", "../other"])
def test_every_answer_says_that_nothing_else_may_use_it(served: Serving, path: str) -> None:
    got = ask(served.url, path)
    for name, value in HEADERS.items():
        assert got.headers[name] == value or name == "Content-Security-Policy"
    assert "frame-ancestors 'none'" in got.headers["Content-Security-Policy"]
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]


def test_only_our_own_scripts_and_style_are_in_the_page(served: Serving) -> None:
    got = ask(served.url)
    policy = got.headers["Content-Security-Policy"]
    scripts = re.findall(r"<script>(.*?)</script>", got.text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", got.text, re.DOTALL)
    assert sorted(re.findall(r"'sha256-[^']+'", policy)) == sorted(map(source_hash, [*scripts, style]))
    assert "unsafe" not in policy
    assert not re.search(r"""(src|href)=["'](?!#|data:)| style=| on[a-z]+=""", got.text.split("<script")[0])
