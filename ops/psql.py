"""Opens psql on the clinic's database: python3 -m ops.psql [psql arguments]."""

from __future__ import annotations

import os
import sys

from ops.accounts import find_place
from ops.report import Failure, guarded
from ops.servers import Servers


def main() -> int:
    url = os.environ.get("DATABASE_URL", "")
    servers = Servers(find_place("run"), database_url=url)
    if not url and not servers.postgres.is_ready():
        raise Failure("The database is not running: start it with make run, or python3 -m ops.servers start")
    program = str(servers.postgres.programs() / "psql")
    os.execv(program, [program, servers.environment()["DATABASE_URL"], *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(guarded("psql", main))
