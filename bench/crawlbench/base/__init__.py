"""The nouns that all rooms share, and the plain tools below them (floor 0)."""
