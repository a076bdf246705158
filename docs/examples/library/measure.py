"""Find out which way is faster, and by how much."""

import crawlbench

session = crawlbench.run(
    "quick",
    strategies=["requests-serial", "aiohttp-gather"],
    event_loops="asyncio",
    networks="wan",
    budget_s=30,
    progress=print,
)
print(session)
gather = session.row("aiohttp-gather")
print(gather.ratio, gather.ratio_low, gather.ratio_high, gather.verdict)
