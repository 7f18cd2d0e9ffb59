"""The API's doors to the diary."""
