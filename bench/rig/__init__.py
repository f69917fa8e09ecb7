"""A whole fleet to measure and to break: real processes under the stack's own supervisor.

`fleet` starts one and has its processes by name, `members` use it through the Discord stand-in,
`faults` break it. The benchmark `fleet` and the smoke tests share it.
"""
