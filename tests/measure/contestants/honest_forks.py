"""Has its pages read by processes that are forked."""

from multiprocessing import get_context

from walking import crawl_plainly


def crawl(site, concurrency):
    ours, theirs = get_context("fork").Pipe()

    def work():
        for url, body in iter(theirs.recv, None):
            theirs.send(site.read(url, body))

    def read(url, body):
        ours.send((url, body))
        return ours.recv()

    process = get_context("fork").Process(target=work)
    process.start()
    try:
        return crawl_plainly(site, read)
    finally:
        ours.send(None)
        process.join()
