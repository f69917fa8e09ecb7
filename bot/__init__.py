"""The Discord front end: it checks shapes, acknowledges, enqueues, and never does work itself.

`fleet` is its one door to Celery; workers write the answers into Discord.
"""
