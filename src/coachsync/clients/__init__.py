"""WHO the clients are: what is known of each, by which code they go here, and what a share may call them. Pure."""
