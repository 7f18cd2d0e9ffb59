"""Password hashing for tests."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CheapArgon2PasswordHasher(Argon2PasswordHasher):
    """The real algorithm at its lowest cost; used by settings.test only."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
