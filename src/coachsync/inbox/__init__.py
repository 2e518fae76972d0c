"""What is dropped into the inbox: whether it is whole, what it is, and whose. Pure: names and bytes in, reasons out."""
