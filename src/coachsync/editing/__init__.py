"""What a person's change does to the text of an event: only the lines that must change do, byte for byte.

`moving`, `cancelling`, `deleting` and `adding` are what others use; `target` has the values they take and give.
"""
