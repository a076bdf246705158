"""The flow behind `ci/post`: posts a comment that an untrusted run wrote, or replaces it.

It runs in a job that may write to pull requests and runs none of their code. It takes only text
from the file, and asks GitHub which pull request the measured commit belongs to.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci.comments import MAX_CHARACTERS, mark, tame
from ci.inputs import InputError, read_name
from ci.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["PostError", "main", "post"]

BOT = "github-actions[bot]"
"""The account that comments with the token of a run."""
PER_PAGE = 100
MAX_PAGES = 30
TIMEOUT_S = 30.0
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class PostError(Exception):
    """Raised when a comment cannot be posted; the message says why."""


def main() -> int:
    """Post as the variables ask, and return the exit code."""
    service = Service(os.environ, sys.stdout)
    try:
        service.annotate("notice", post(os.environ))
    except (PostError, InputError) as error:
        service.annotate("error", str(error))
        return 1
    return 0


def post(environ: Mapping[str, str]) -> str:
    """Post or replace a comparison's comment, and return what was done.

    Args:
        environ: `INPUT_COMMENT` (a file), `INPUT_NAME`, `INPUT_HEAD_SHA`, `INPUT_HEAD_OWNER`,
            `INPUT_HEAD_BRANCH`, `INPUT_TOKEN`, `INPUT_AUTHOR`, and the runner's
            `GITHUB_REPOSITORY` and `GITHUB_API_URL`.

    Raises:
        InputError: the name cannot be used.
        PostError: the file is not a comment, or GitHub does not accept it.
    """
    name = read_name(environ)
    sha = _fitting(environ, "INPUT_HEAD_SHA", _SHA)
    text = f"{mark(name)}\n{_read_text(Path(environ.get('INPUT_COMMENT', '')))}"
    github = _GitHub(
        environ.get("GITHUB_API_URL", ""),
        _fitting(environ, "GITHUB_REPOSITORY", _REPOSITORY),
        environ.get("INPUT_TOKEN", ""),
    )
    number = github.find_pull(environ["INPUT_HEAD_OWNER"], environ["INPUT_HEAD_BRANCH"], sha)
    if number is None:
        return f"no open pull request has the last commit {sha[:12]}; nothing is posted"
    author = environ.get("INPUT_AUTHOR", "").strip() or BOT
    old = github.find_comment(number, author, mark(name))
    if old is None:
        github.call("POST", f"issues/{number}/comments", {"body": text})
        return f"commented on pull request {number}"
    github.call("PATCH", f"issues/comments/{old}", {"body": text})
    return f"replaced the comment on pull request {number}"


def _fitting(environ: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = environ.get(name, "")
    if not pattern.fullmatch(value):
        raise PostError(f"{name} {value!r} cannot be used")
    return value


def _read_text(path: Path) -> str:
    """Return the file's text without its mark.

    Raises:
        PostError: it is not a plain text file, or it is larger than our comments are.
    """
    if path.is_symlink() or not path.is_file():
        raise PostError(f"{str(path)!r} is not a file; the first workflow wrote no comment")
    with path.open("rb") as file:
        data = file.read(MAX_CHARACTERS + 1)
    if len(data) > MAX_CHARACTERS:
        raise PostError(f"{str(path)!r} is larger than {MAX_CHARACTERS} bytes: not our comment")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise PostError(f"{str(path)!r} is not text: {error.reason}") from error
    # Tamed again, because the measured code may have written the file.
    return tame(re.sub(r"<!--.*?(?:-->|$)", "", text, flags=re.DOTALL)).strip()[:MAX_CHARACTERS]


@dataclass(frozen=True, slots=True)
class _GitHub:
    """The few calls of GitHub's interface that we need."""

    address: str
    repository: str
    token: str

    def find_pull(self, owner: str, branch: str, sha: str) -> int | None:
        """Return the number of the open pull request with this last commit; None without one."""
        asked = {"state": "open", "head": f"{owner}:{branch}"}
        for pull in self._pages("pulls", asked):
            if pull["head"]["sha"] == sha:
                return int(pull["number"])
        return None

    def find_comment(self, number: int, author: str, first_line: str) -> int | None:
        """Return the id of the author's comment that begins with that line."""
        for comment in self._pages(f"issues/{number}/comments", {}):
            body = comment["body"] or ""
            login = (comment["user"] or {}).get("login")  # the account may have been deleted
            if login == author and body.partition("\n")[0].rstrip() == first_line:
                return int(comment["id"])
        return None

    def _pages(self, path: str, asked: Mapping[str, str]) -> Iterator[Any]:
        for page in range(1, MAX_PAGES + 1):
            query = urllib.parse.urlencode({**asked, "per_page": PER_PAGE, "page": page})
            found = self.call("GET", f"{path}?{query}")
            yield from found
            if len(found) < PER_PAGE:
                return

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  (JSON)
        """Send a request to GitHub, and return its answer.

        Raises:
            PostError: GitHub refuses, or cannot be reached.
        """
        request = urllib.request.Request(  # noqa: S310  (the runner names the address)
            f"{self.address}/repos/{self.repository}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
                return json.load(response)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise PostError(f"GitHub refused {method} {path.partition('?')[0]}: {error}") from error
