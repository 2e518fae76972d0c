"""HOW bytes are sealed: bytes in, bytes out; the only importer of cryptography."""
