"""Who the clients are, and which appointments are theirs: what a calendar already knows, and nothing of a session."""
