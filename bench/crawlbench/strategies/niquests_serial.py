"""One page after the other, with the fork of requests that speaks HTTP/2 and HTTP/3.

Watch: kept to HTTP/1.1 and to the certificate checks of the others: by default it also asks the
authority whether a certificate was revoked. Installing it puts its own urllib3 in the place of
everybody's, requests' too, unless one says `URLLIB3_NO_OVERRIDE=1`.
Compare with: `requests_serial.py`, whose lines are the same, and `niquests_threads.py`.
Model: one thread. HTTP: 1.1.
"""

import niquests

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with one `niquests.Session`; nothing is concurrent, whatever is allowed."""
    with niquests.Session(
        disable_http2=True, disable_http3=True, revocation_configuration=None
    ) as session:
        session.trust_env = False  # no proxies, no netrc
        session.headers.update(HEADERS)
        session.verify = site.ca_file or True

        def fetch(url):
            response = session.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(response.url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = [fetch(url) for url in front]
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
