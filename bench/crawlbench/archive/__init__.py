"""Pages from elsewhere: archives, folders and real sites made into a site to serve (floor 4)."""
