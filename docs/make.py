"""Makes what documents quote: the commands' help, and README's pictures and table.

python docs/make.py            write them
python docs/make.py --check    write nothing; exit 1 if one is out of date
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from crawlbench.cli.app import app
from crawlbench.measure.store import load_session
from crawlbench.report.answer import find_answer
from crawlbench.report.markdown import render_table
from crawlbench.report.notes import find_notes
from crawlbench.report.picture import render_svg
from crawlbench.report.results import results_schema
from crawlbench.report.tables import answer_headers, group_tables
from crawlbench.report.terminal import render_table as render_table_for_terminal
from crawlbench.report.view import SessionView

if TYPE_CHECKING:
    from crawlbench.report.table import Table

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "results" / "default"
COMMANDS = (
    "",
    *(
        "run",
        "sweep",
        "report",
        "ab",
        "compare",
        "history",
        "plan",
        "aa",
        "doctor",
        "list",
        "crawl",
        "load",
        "check",
        "probe",
        "submit",
        "verify-bundle",
    ),
    *("env", "env list", "env remove"),
    *("mirror", "mirror build", "mirror serve", "mirror bench"),
    *("mirror import", "mirror record", "mirror verify"),
)
TABLE = re.compile(r"(<!-- table: made by `make docs` -->\n).*?(<!-- end of table -->)", re.DOTALL)
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
QUOTED_NOTES = ("warning", "session", "machine")
WIDTH = 80  # columns of the picture


def main() -> None:
    """Write the documents, or check them."""
    stale = [path for path, text in make_documents().items() if read(path) != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date; run: make docs")
        sys.exit(1 if stale else 0)
    for path in stale:
        path.write_text(make_documents()[path], encoding="utf-8", newline="\n")
        print(path.relative_to(ROOT))


def read(path: Path) -> str:
    """Return a file's text, empty if there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def make_schema() -> str:
    """Return the JSON Schema of what `report --format json` writes."""
    return json.dumps(results_schema(), indent=1) + "\n"


def make_documents() -> dict[Path, str]:
    """Return each document's path and the text that it should have."""
    readme = ROOT / "README.md"
    return {
        ROOT / "docs" / "cli.md": make_command_reference(),
        ROOT / "docs" / "results.schema.json": make_schema(),
        ROOT / "docs" / "session.svg": make_picture(),
        ROOT / "docs" / "ratios.svg": render_svg(SessionView(load_session(REFERENCE))),
        readme: TABLE.sub(lambda found: found[1] + make_table() + found[2], read(readme)),
    }


NOT_TYPED = """You need not type options each time. The command line comes first, then
a variable, and then the nearest `pyproject.toml` that has a table `[tool.crawlbench]`:

```toml
[tool.crawlbench.run]
rounds = 10
network = ["loopback", "wan"]

[tool.crawlbench.mirror.serve]
port = 8000
```

The variable of an option is named after the command and the option: `CRAWLBENCH_RUN_ROUNDS=10`,
`CRAWLBENCH_MIRROR_SERVE_PORT=8000`. `crawlbench --install-completion` sets up the completion of
bash, zsh or fish."""

ALIKE = """Three options mean the same in every command. `-o` names where a result goes: a folder
for a session, a file for a page or a picture. An existing one is kept unless `--force` is given;
even then a folder is replaced only if crawlbench wrote it, and it is restored if nothing takes its
place. `--json` prints the result as one JSON document, and nothing else on standard output."""


def make_command_reference() -> str:
    """Return the help of all commands as a Markdown page."""
    parts = ["# Command line", "Made from `--help` by `make docs`.", NOT_TYPED, ALIKE]
    for command in COMMANDS:
        title = f"crawlbench {command}".strip()
        parts.append(f"## {title}\n\n```\n{help_of(command)}\n```")
    return "\n\n".join(parts) + "\n"


def help_of(command: str) -> str:
    """Return what a command's `--help` prints."""
    environment = {"COLUMNS": "80", "TERM": "dumb"}
    call = [*command.split(), "--help"]
    outcome = CliRunner().invoke(app, call, prog_name="crawlbench", env=environment)
    return outcome.output.strip()


def make_table() -> str:
    """Return what the reference session answers, as Markdown."""
    view = SessionView(load_session(REFERENCE))
    found = find_notes(view)
    answer = "\n\n".join(sentence.text for sentence in find_answer(view))
    reading = next(text for label, text in found if label == "reading")
    tables = [render_table(table) for table in answer_tables(view)]
    notes = "\n".join(f"- {label}: {text}" for label, text in found if label in QUOTED_NOTES)
    return "\n" + "\n\n".join([answer, *tables, f"How to read it: {reading}", notes]) + "\n\n"


def answer_tables(view: SessionView) -> list[Table]:
    """Return each group's table with what most people look for."""
    groups = zip(view.crawls, group_tables(view), strict=True)
    return [table.pick(answer_headers(group)) for group, table in groups]


def make_picture() -> str:
    """Return what the reference session answers as SVG, without fonts from elsewhere."""
    console = Console(width=WIDTH, record=True, file=Path(os.devnull).open("w"), highlight=False)
    for table in answer_tables(SessionView(load_session(REFERENCE))):
        console.print(Text(table.title, style="bold"))
        console.print(render_table_for_terminal(table, WIDTH))
        console.print()
    svg = console.export_svg(title="crawlbench run default", unique_id="crawlbench")
    return FONT.sub("", svg).replace("\xa0", "&#160;")


if __name__ == "__main__":
    main()
