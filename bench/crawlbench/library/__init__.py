"""What `import crawlbench` offers, and the pytest plug-in (floor 5).

Like the command line it calls the rooms below and turns names into plans; unlike the command line
it neither prints nor exits. `crawlbench/__init__.py` has the public names.
"""
