"""What each page is made of."""
