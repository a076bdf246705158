"""Sends the requests for all pages at once, on one connection."""

import gzip
import socket
from urllib.parse import urlsplit


def crawl(site, concurrency):
    at = urlsplit(site.start)
    stream = socket.create_connection((at.hostname, at.port))
    answers = stream.makefile("rb")

    def ask(url):
        path = url.split("/", 3)[3]
        head = f"GET /{path} HTTP/1.1\r\nHost: {at.netloc}\r\nAccept-Encoding: gzip\r\n\r\n"
        stream.sendall(head.encode())

    def receive():
        lines = [line.lower() for line in iter(answers.readline, b"\r\n")]
        for line in lines:
            if line.startswith(b"content-length:"):
                return gzip.decompress(answers.read(int(line[15:])))
        pieces = []
        while size := int(answers.readline(), 16):
            pieces.append(answers.read(size))
            answers.readline()
        answers.readline()
        return gzip.decompress(b"".join(pieces))

    items, seen, front = [], {site.start}, [site.start]
    while front:
        for url in front:
            ask(url)
        pages = [site.read(url, receive()) for url in front]
        items += [item for page in pages for item in page.items]
        links = dict.fromkeys(link for page in pages for link in page.links)
        front = [link for link in links if link not in seen]
        seen.update(front)
    answers.close()
    stream.close()
    return items
