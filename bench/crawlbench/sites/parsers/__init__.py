"""Ways to read a page: a site's selectors in, a reader out (floor 1)."""
