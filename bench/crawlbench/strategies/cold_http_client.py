"""The standard library, in a fresh process for each page: import, client, first page.

Watch: what is measured is what a short program pays before it has anything: Python's start, which
`cold_python.py` shows alone, the library's import, its client, and one connection.
Compare with: `cold_python.py`.
Model: a process per page. HTTP: 1.1.
"""

import subprocess
import sys

PROGRAM = """
import sys
import gzip
import ssl
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit
url, ca_file, method, body = sys.argv[1:]
headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
at = urlsplit(url)
if at.scheme == "https":
    tls = ssl.create_default_context(cafile=ca_file or None)
    connection = HTTPSConnection(at.netloc, context=tls)
else:
    connection = HTTPConnection(at.netloc)
connection.request(method, url.partition(at.netloc)[2], body or None, headers)
response = connection.getresponse()
if response.status != 200:
    sys.exit(str(response.status))
sys.stdout.buffer.write(gzip.decompress(response.read()))
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
