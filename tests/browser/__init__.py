"""The report in a browser: what only a browser can tell."""
