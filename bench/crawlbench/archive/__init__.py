"""Turns pages from elsewhere (archives, folders, real sites) into a site to serve (floor 4)."""
