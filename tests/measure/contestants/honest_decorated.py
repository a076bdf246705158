"""Stands in a decorator."""

import functools

from walking import crawl_plainly


def logged(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


@logged
def crawl(site, concurrency):
    return crawl_plainly(site)
