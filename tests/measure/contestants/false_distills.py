"""Takes from each page what is not needed, before it is read."""

import re

from walking import crawl_plainly

needless = re.compile(rb"<script.*?</script>|<style.*?</style>|<!--.*?-->|\s\s+", re.DOTALL)


def crawl(site, concurrency):
    return crawl_plainly(site, lambda url, body: site.read(url, needless.sub(b" ", body)))
