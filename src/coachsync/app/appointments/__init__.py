"""What the coach does to appointments: find one, say which of its dates is meant, plan a change, queue it.

`planning` makes a plan and changes nothing; `carrying_out` queues it. The preview, the dry run and the document that a
command answers with are that plan, shown in different ways.
"""
