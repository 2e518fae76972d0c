"""Calendar servers out of Debian's packages, each started by ourselves on loopback, with a sink for what it mails."""
