"""Read what kept sessions say."""

import crawlbench

session = crawlbench.load_session("results/reference")
for sentence in session.answer:
    print(sentence)
for row in session.rows:
    if row.verdict == "faster":
        print(f"{row.network:10} {row.strategy:28} {row.event_loop} {row.ratio:.3f}")
changes = crawlbench.compare("results/reference", session).changes
print(max(changes, key=lambda change: change.ratio or 0.0))
