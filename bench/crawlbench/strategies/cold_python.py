"""No client at all, in a fresh process for each page: import, client, first page.

Watch: what is left are Python's start, a socket, and TLS where there is any: the floor of what a
short program pays before it has anything.
Compare with: `cold_http_client.py`.
Model: a process per page. HTTP: 1.1.
"""

import subprocess
import sys

PROGRAM = """
import sys
import gzip
import socket
import ssl
from urllib.parse import urlsplit
url, ca_file, method, body = sys.argv[1:]
headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
at = urlsplit(url)
connection = socket.create_connection((at.hostname, at.port or 443))
if at.scheme == "https":
    tls = ssl.create_default_context(cafile=ca_file or None)
    connection = tls.wrap_socket(connection, server_hostname=at.hostname)
path = url.partition(at.netloc)[2]
lines = [f"{name}: {value}\\r\\n" for name, value in headers.items()]
length = f"Host: {at.netloc}\\r\\nContent-Length: {len(body)}\\r\\nConnection: close\\r\\n"
connection.sendall(f"{method} {path} HTTP/1.0\\r\\n{length}{''.join(lines)}\\r\\n{body}".encode())
answer = b"".join(iter(lambda: connection.recv(65_536), b""))
head, _, packed = answer.partition(b"\\r\\n\\r\\n")
if b" 200 " not in head[:20]:
    sys.exit(repr(head))
sys.stdout.buffer.write(gzip.decompress(packed))
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
