"""A stand-in for Discord on this machine: REST, gateway, CDN and a page, over one TCP port.

An unmodified Discord client connects to it once it is told another base address. It exists so
that a newcomer can try the bot without an account, and so that tests, fault drills and load
benchmarks run against the real protocol. `app.DiscordStandin` runs it inside a process,
`python -m dbsbm.sandbox.discord` as a process of its own, and `client.StandinClient` drives it.
"""
