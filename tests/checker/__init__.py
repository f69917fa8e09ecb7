"""An independent checker of the cache: processes that read, write, break things and count.

After Meta's Polaris: a judge that takes part in nothing reads the truth from the database, asks
every cache what it would serve, and counts what is older than it may be. Beside it each reader
checks every single one of its reads against a board on which writers note what they committed, so
that a million reads are checked at the speed of reading.

    writers   transactions on SQLite, with the cache told as the product tells it
    readers   threads that read through the cache, its local level included
    judge     a process of its own that compares database and caches
    crew      starts them on a server of their own, has a fault happen, and gives the verdict
"""
