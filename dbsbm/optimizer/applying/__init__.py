"""Changes of schemas that a finding asks for: made online, watched, and undone byte for byte."""
