"""Values as they are stored: written, compressed, signed, and read again if they are ours."""
