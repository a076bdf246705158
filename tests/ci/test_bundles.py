"""A pull request's bundles are judged by the branch that it wants to go into."""

from __future__ import annotations

import os
import subprocess

from tests.child import succeed
from tests.ci.steps import ROOT, action
from tests.ci.test_yaml import commands

BUNDLE = "results/matrix/day/api-1.bundle.gz"
MAKEFILE = """\
setup:
	mkdir -p .venv/bin
	cp judge .venv/bin/crawlbench
	chmod +x .venv/bin/crawlbench
"""
STRICT = """\
#!/bin/sh
shift 2
for bundle; do
  grep -q honest "$bundle" || { echo "$bundle"; exit 4; }
done
"""
"""Names the first bundle that is not honest."""
LAX = "#!/bin/sh\n"


def git(folder, *words):
    identity = ["-c", "user.name=ana", "-c", "user.email=ana@example.org"]
    return succeed(["git", *identity, *words], cwd=folder).stdout.strip()


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "more")


def judge(folder, brought):
    """Merge a pull request that brings these files as GitHub does, and run the job's steps."""
    git(folder, "init", "--quiet", "--initial-branch", "main")
    write(folder, {"Makefile": MAKEFILE, "judge": STRICT, "results/old.bundle.gz": "from before"})
    git(folder, "checkout", "--quiet", "-b", "request")
    write(folder, brought)
    git(folder, "checkout", "--quiet", "main")
    write(folder, {"README.md": "main went on"})
    git(folder, "merge", "--quiet", "--no-ff", "--message", "merged", "request")
    environment = {**os.environ, "GITHUB_SHA": git(folder, "rev-parse", "HEAD")}
    (job,) = action(".github/workflows/bundles.yml", ROOT)["jobs"].values()
    script = "set -eo pipefail\n" + "\n".join(commands(job))
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_honest_bundle_passes(tmp_path):
    """Only what the pull request brings is looked at."""
    assert judge(tmp_path, {BUNDLE: "honest"}).returncode == 0


def test_dishonest_bundle_is_named(tmp_path):
    """The job fails."""
    done = judge(tmp_path, {BUNDLE: "forged", "results/a.bundle.gz": "honest"})
    assert done.returncode
    assert done.stdout.splitlines()[-1] == BUNDLE


def test_pull_request_does_not_pass_by_its_own_rules(tmp_path):
    """Code that comes with a bundle is not what judges it."""
    done = judge(tmp_path, {BUNDLE: "forged", "judge": LAX})
    assert done.returncode
    assert done.stdout.splitlines()[-1] == BUNDLE


def test_pull_request_without_bundles_passes(tmp_path):
    """One that deletes a bundle, for example, or only writes beside them."""
    assert judge(tmp_path, {"results/notes.txt": "none"}).returncode == 0
