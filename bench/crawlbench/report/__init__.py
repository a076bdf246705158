"""What sessions found, as text for terminals, Markdown, pages, pictures and exports (floor 3)."""
