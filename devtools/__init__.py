"""What `./dev` does.

It runs on a bare Python 3.11+: only the standard library until `.venv` is made.
"""
