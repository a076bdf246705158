"""The job that comments: a stand-in of GitHub's interface on loopback, and files of strangers."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from ci.comments import tame
from ci.inputs import InputError
from ci.posting import BOT, PostError, post

SHA = "a" * 40
MARK = "<!-- crawlbench: crawlbench -->"


class GitHub(ThreadingHTTPServer):
    """What it holds, and what was written."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pulls = [{"number": 7, "head": {"sha": SHA}}]
        self.comments = []
        self.written = []
        self.asked = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self.server.asked.append((parts.path, query, self.headers["Authorization"]))
        page, size = int(query["page"][0]), int(query["per_page"][0])
        found = self.server.pulls if parts.path.endswith("/pulls") else self.server.comments
        self._answer(200, found[(page - 1) * size : page * size])

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.written.append((self.command, self.path, body["body"]))
        self._answer(201, {"id": 1})

    do_PATCH = do_POST  # noqa: N815  (the server calls it so)

    def _answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def github():
    with GitHub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def send(github, tmp_path):
    """Return a function that posts a text, and returns what was done."""

    def call(text="### hello\n", **changed):
        path = tmp_path / "comment.md"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        environ = {
            "INPUT_COMMENT": str(path),
            "INPUT_HEAD_SHA": SHA,
            "INPUT_HEAD_OWNER": "somebody",
            "INPUT_HEAD_BRANCH": "x&state=closed#$(id)",
            "INPUT_TOKEN": "secret",
            "GITHUB_REPOSITORY": "owner/library",
            "GITHUB_API_URL": f"http://127.0.0.1:{github.server_port}",
            **changed,
        }
        return post(environ)

    return call


def test_comment_is_posted_to_the_pull_request_of_the_commit(github, send):
    github.pulls.insert(0, {"number": 6, "head": {"sha": "b" * 40}})
    assert send(f"{MARK}\n### hello\n") == "commented on pull request 7"
    ((method, path, body),) = github.written
    assert (method, path) == ("POST", "/repos/owner/library/issues/7/comments")
    assert body == f"{MARK}\n### hello"
    _, query, authorization = github.asked[0]
    assert query["head"] == ["somebody:x&state=closed#$(id)"]
    assert query["state"] == ["open"]
    assert authorization == "Bearer secret"


def test_own_comment_is_replaced_and_no_other(github, send):
    others = [{"id": n, "user": {"login": "x"}, "body": MARK} for n in range(150)]
    github.comments = [
        *others,
        {"id": 500, "user": {"login": BOT}, "body": None},
        {"id": 501, "user": {"login": BOT}, "body": "<!-- crawlbench: other -->\nx"},
        {"id": 502, "user": {"login": BOT}, "body": f"{MARK}\r\nold"},
    ]
    assert send() == "replaced the comment on pull request 7"
    ((method, path, _),) = github.written
    assert (method, path) == ("PATCH", "/repos/owner/library/issues/comments/502")


def test_comments_of_another_token_are_replaced_too(github, send):
    github.comments = [
        {"id": 500, "user": None, "body": MARK},  # the account has gone
        {"id": 501, "user": {"login": BOT}, "body": MARK},
        {"id": 502, "user": {"login": "our-bot"}, "body": MARK},
    ]
    send(INPUT_AUTHOR="our-bot")
    send()
    paths = [path.rpartition("/")[2] for _, path, _ in github.written]
    assert paths == ["502", "501"]


def test_nothing_is_posted_when_the_branch_has_moved_on(github, send):
    github.pulls = [{"number": 7, "head": {"sha": "b" * 40}}]
    assert send().startswith("no open pull request has the last commit aaaaaaaaaaaa")
    assert github.written == []


def test_marks_and_calls_of_the_file_are_not_believed(github, send):
    send("<!-- crawlbench: other -->\n@everyone #1 <!-- never closed\nhidden")
    ((_, _, body),) = github.written
    assert body.startswith(f"{MARK}\n")
    assert "other" not in body
    assert "@everyone" not in body
    assert "hidden" not in body


@pytest.mark.parametrize(
    ("text", "alive"),
    [
        ("[x](//evil.example)", r"//|\]\("),
        ("[x](https&colon;//evil.example)", r"//|&\w|\]\("),
        (r"[x](https\://evil.example)", r"//|\\:|\]\("),
        ("&commat;octocat &#64;octocat &#x40;octocat", r"&[\w#]"),
        ("GH-12, gh-12", r"(?i)gh-\d"),
        (r"GH\-12 and \@octocat", r"\\-|@o"),
        ("[x]: http:evil.example\n[x][x] ![x](y)", r"http:e|\]:|\]\[|\]\("),
        ("<http:evil.example> <a href=/x>y</a> <!-- z -->", r"http:e|<[a-z/!]"),
        ("https:///evil.example www.evil.example", r"//|www\."),
        ("/merge\n > /approve now", r"(?m)^[ >]*/[a-z]"),
        (r"www\.evil.example mailto:a@-b.example", r"\\\.|mailto:a|@-"),
    ],
)
def test_nothing_in_a_comment_acts(github, send, text, alive):
    """Nor when it was tamed before: taming again changes nothing."""
    assert re.search(alive, text)
    send(text)
    ((_, _, body),) = github.written
    assert not re.search(alive, body.partition("\n")[2])
    assert tame(tame(text)) == tame(text)


def test_table_stays_a_table():
    """What tables of crawlbench escape stays escaped."""
    row = r"| a\|b \[x\] \<i\> \`y\` \*\_\{\}\#1\&\~\$\\ | 3 % | 1.2 ms |"
    assert tame(f"### head against base\n\n{row}\n").replace("\u200b", "").splitlines()[2] == row
    for cell in (r"a\|b", r"\[x\]", r"\`y\`", r"\*\_\{\}", r"\~\$\\"):
        assert cell in tame(row)


@pytest.mark.parametrize("text", [b"x" * 70_000, b"\xff\xfe"])
def test_file_that_is_no_comment_is_refused(github, send, text):
    with pytest.raises(PostError):
        send(text)
    assert github.written == []


def test_links_and_missing_files_are_refused(send, tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    for name in ("link", "gone", ""):
        with pytest.raises(PostError, match="is not a file"):
            send(INPUT_COMMENT=str(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "value"),
    [("INPUT_HEAD_SHA", "a; id"), ("INPUT_HEAD_SHA", ""), ("GITHUB_REPOSITORY", "a/b/../c")],
)
def test_odd_events_are_refused(send, name, value):
    with pytest.raises(PostError, match=name):
        send(**{name: value})


def test_name_that_would_leave_the_mark_is_refused(send):
    with pytest.raises(InputError):
        send(INPUT_NAME="x --> y")


def test_refusal_is_one_sentence(send):
    with pytest.raises(PostError, match="GitHub refused GET pulls: "):
        send(GITHUB_API_URL="http://127.0.0.1:1")
