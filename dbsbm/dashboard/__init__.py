"""The operator's web page: health first, then whatever explains it.

One process (`python -m workers dashboard`) serves it with aiohttp. It needs the database and
SECRET_KEY, and nothing else: the broker, the cache and the bot may all be away while somebody looks
at why.

    access/   who may see it: sessions, the login form, headers
    reading/  what is read: spans, charts, tables, health, one incident, one trace
    views/    what each page is made of, as data
    static/   the page itself: its own ES modules and styles, no build step, no other host
"""
