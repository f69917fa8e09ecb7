"""Answers in Discord, written by workers through the interaction's own webhook."""

import logging

# At INFO httpx prints each address, at DEBUG httpcore prints the headers: both hold tokens.
for _talkative in ("httpx", "httpcore"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)
