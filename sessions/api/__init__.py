"""The API of sessions, their findings and the catalogues."""
