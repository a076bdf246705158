"""Ways to crawl a site, one file each (floor 2). Each can be lifted out and used elsewhere."""
