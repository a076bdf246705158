"""niquests, in a fresh process for each page: import, client, first page.

Watch: what is measured is what a short program pays before it has anything: Python's start, which
`cold_python.py` shows alone, the library's import, its client, and one connection.
Compare with: `cold_requests.py`.
Model: a process per page. HTTP: 1.1.
"""

import subprocess
import sys

import niquests  # noqa: F401  (says what the program needs)

PROGRAM = """
import sys
import niquests
url, ca_file, method, body = sys.argv[1:]
headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
options = {"disable_http2": True, "disable_http3": True, "revocation_configuration": None}
with niquests.Session(**options) as session:
    session.trust_env = False
    session.verify = ca_file or True
    response = session.request(method, url, data=body or None, headers=headers)
response.raise_for_status()
sys.stdout.buffer.write(response.content)
"""


def crawl(site, concurrency):
    """Crawl a site with a process for each page, one after the other."""

    def fetch(url):
        arguments = [url, site.ca_file or "", site.method, (site.body(url) or b"").decode()]
        command = [sys.executable, "-P", "-c", PROGRAM, *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        return site.read(url, done.stdout)

    items, seen, front = [], {site.start}, [site.start]
    while front:
        pages = [fetch(url) for url in front]
        items += [item for page in pages for item in page.items]
        links = [link for page in pages for link in page.links]
        front = [link for link in dict.fromkeys(links) if link not in seen]
        seen.update(front)
    return items
