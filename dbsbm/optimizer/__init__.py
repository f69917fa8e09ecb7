"""Finds what could be better, with the cause and the evidence; what is applied has been proved."""
