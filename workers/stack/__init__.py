"""The local stack: every process of the fleet on one machine, under one supervisor.

`./dev up` runs it. Nothing here knows Celery or Discord: `fleet` says which processes there are,
`supervisor` keeps any set of them alive.
"""
