"""libcurl drives many transfers in one thread, with handles that are used again.

Watch: C does all but the callbacks and the reading, so little Python runs per page. `select` takes
file numbers below 1024 only, which bounds the connections. libcurl would speak HTTP/2 over TLS and
heed the environment's proxies unless told not to.
Compare with: `limit_socket.py`, the same loop without a client, and `curl_cffi_threads.py`, which
puts libcurl into threads.
Model: multi interface. HTTP: 1.1.
"""

from contextlib import ExitStack, closing
from io import BytesIO

import pycurl


def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` transfers in one `pycurl.CurlMulti`."""
    items, seen, front = [], {site.start}, [site.start]
    with ExitStack() as handles:
        multi = handles.enter_context(closing(pycurl.CurlMulti()))
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, concurrency)
        free = [handles.enter_context(closing(pycurl.Curl())) for _ in range(concurrency)]
        for handle in free:
            handle.setopt(pycurl.ACCEPT_ENCODING, "gzip")
            handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
            handle.setopt(pycurl.PROXY, "")  # none, whatever the environment says
            handle.setopt(pycurl.FOLLOWLOCATION, True)
            handle.setopt(pycurl.FAILONERROR, True)
            handle.setopt(pycurl.NOSIGNAL, True)
            if site.ca_file:
                handle.setopt(pycurl.CAINFO, site.ca_file)
        while front or len(free) < concurrency:
            while front and free:
                handle, handle.body = free.pop(), BytesIO()
                handle.setopt(pycurl.URL, front.pop(0))
                handle.setopt(pycurl.WRITEDATA, handle.body)
                multi.add_handle(handle)
            multi.perform()
            waiting, done, failed = multi.info_read()
            for handle, number, reason in failed:
                raise pycurl.error(number, f"{handle.getinfo(pycurl.EFFECTIVE_URL)}: {reason}")
            for handle in done:
                multi.remove_handle(handle)
                free.append(handle)
                page = site.read(handle.getinfo(pycurl.EFFECTIVE_URL), handle.body.getvalue())
                items += page.items
                links = [link for link in dict.fromkeys(page.links) if link not in seen]
                front += links
                seen.update(links)
            if not done and not waiting:
                multi.select(1.0)
    return items
