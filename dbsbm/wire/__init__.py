"""What travels between the bot and the workers: the command, its sealed token, and the inbox."""
