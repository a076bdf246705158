"""The site `douban-subjects`: the list of the Top 250 and the page of each movie (floor 1)."""
