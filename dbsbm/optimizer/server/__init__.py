"""What can be read of any MySQL or MariaDB server, as plain data. Nothing is written."""
