"""What the API of the diary parses and presents, by noun."""
