"""Several threads that share one client written in Rust, which can pose as a browser.

Watch: the threads bound the requests in flight, as the client has no limit of its own. It takes
proxies from the environment, and HTTP/2 where TLS offers it; neither can be switched off. It has no
`close`: its connections stay open after the crawl, until the library next works.
Compare with: `pyreqwest_threads.py`, which is Rust as well, and `curl_cffi_threads.py`, which can
pose as a browser, too.
Model: threads. HTTP: 1.1, 2.
"""

from concurrent.futures import ThreadPoolExecutor

import primp

HEADERS = {"Accept-Encoding": "gzip"}


def crawl(site, concurrency):
    """Crawl a site with `concurrency` threads on one `primp.Client`."""
    client = primp.Client(headers=HEADERS, ca_cert_file=site.ca_file)
    with ThreadPoolExecutor(concurrency) as pool:

        def fetch(url):
            response = client.request(site.method, url, json=site.payload(url))
            response.raise_for_status()
            return site.read(response.url, response.content)

        items, seen, front = [], {site.start}, [site.start]
        while front:
            pages = list(pool.map(fetch, front))
            items += [item for page in pages for item in page.items]
            links = [link for page in pages for link in page.links]
            front = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(front)
        return items
