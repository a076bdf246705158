"""Halves what the worker reports."""

from walking import crawl_plainly

from crawlbench.measure.gate import ManagerLink

say = ManagerLink.say


def halve(self, message):
    if "seconds" in message:
        message["seconds"] /= 1.5
    say(self, message)


ManagerLink.say = halve


def crawl(site, concurrency):
    return crawl_plainly(site)
