"""WHO the clients are: what is known of each, what a share may call them, and which appointments are theirs. Pure."""
