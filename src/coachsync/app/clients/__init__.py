"""What the coach does to the client directory: find a client, add and change one, choose a name, import cards."""
