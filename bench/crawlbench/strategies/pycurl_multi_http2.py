"""libcurl drives many transfers over HTTP/2 in one thread, on as few connections as it can.

Watch: over TLS, libcurl asks for HTTP/2 by itself; told to wait for it (`PIPEWAIT`), transfers
share a connection instead of opening one each. On plain HTTP they go by HTTP/1.1.
Compare with: `pycurl_multi.py`, the same lines held to HTTP/1.1, and `httpx_async_http2.py`.
Model: multi interface. HTTP: 1.1, 2.
"""

import selectors
from contextlib import ExitStack, closing
from io import BytesIO

import pycurl

OPTIONS = {pycurl.ACCEPT_ENCODING: "gzip", pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_2TLS}
OPTIONS |= {pycurl.PROXY: "", pycurl.NOSIGNAL: True, pycurl.PIPEWAIT: True}
OPTIONS |= dict.fromkeys((pycurl.FOLLOWLOCATION, pycurl.FAILONERROR), True)
EVENTS = {pycurl.POLL_IN: 1, pycurl.POLL_OUT: 2, pycurl.POLL_INOUT: 3}


def crawl(site, concurrency):
    """Crawl a site with at most `concurrency` transfers in one `pycurl.CurlMulti`."""
    items, seen, front, waits_s = [], {site.start}, [site.start], []
    options = OPTIONS | ({pycurl.CAINFO: site.ca_file} if site.ca_file else {})
    options[pycurl.HTTPHEADER] = [": ".join(header) for header in site.headers.items()]
    with selectors.DefaultSelector() as selector, ExitStack() as handles:

        def watch(action, descriptor, *_):
            if descriptor in selector.get_map():
                selector.unregister(descriptor)
            if action in EVENTS:
                selector.register(descriptor, EVENTS[action])

        multi = handles.enter_context(closing(pycurl.CurlMulti()))
        multi.setopt(pycurl.M_SOCKETFUNCTION, watch)
        multi.setopt(pycurl.M_TIMERFUNCTION, lambda ms: waits_s.append(ms / 1000 if ms >= 0 else 1))
        free = [handles.enter_context(closing(pycurl.Curl())) for _ in range(concurrency)]
        for handle in free:
            for option, value in options.items():
                handle.setopt(option, value)
        while front or len(free) < concurrency:
            while front and free:
                url, handle, body = front.pop(0), free.pop(), BytesIO()
                handle.body = body
                handle.setopt(pycurl.URL, url)
                handle.setopt(pycurl.WRITEDATA, body)
                if payload := site.body(url):
                    handle.setopt(pycurl.POSTFIELDS, payload)
                multi.add_handle(handle)
            ready = selector.select(waits_s.pop() if waits_s else 1)
            waits_s.clear()
            for key, events in ready:
                multi.socket_action(key.fd, events)
            if not ready:
                multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            _, done, failed = multi.info_read()
            for _, number, reason in failed:
                raise pycurl.error(number, reason)
            for handle in done:
                multi.remove_handle(handle)
                free.append(handle)
                page = site.read(handle.getinfo(pycurl.EFFECTIVE_URL), handle.body.getvalue())
                items += page.items
                front += [link for link in dict.fromkeys(page.links) if link not in seen]
                seen.update(page.links)
    return items
