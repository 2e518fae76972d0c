"""The inbox: what is dropped there is sealed to the right client, verified, and only then overwritten and removed."""
