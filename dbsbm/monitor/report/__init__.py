"""Reports of a span: what was measured, what went wrong, what was found, and how it was before."""
