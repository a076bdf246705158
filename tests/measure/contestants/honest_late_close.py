"""Lets a thread say the last goodbye to the mirror while others are measured."""

import socket
import threading

from walking import connect, get, walk


def crawl(site, concurrency):
    connection = connect(site)
    items = walk(site, lambda url: get(connection, url))
    connection.sock.shutdown(socket.SHUT_RD)
    threading.Timer(0.05, connection.close).start()
    return items
