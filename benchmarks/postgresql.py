"""A PostgreSQL of one's own on loopback, from Debian's package, for the length of a block."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy

MISSING = "no PostgreSQL is installed (apt-get install postgresql)"


class NotInstalledError(RuntimeError):
    """There is no PostgreSQL on this machine."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database. Raises NotInstalledError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        raise NotInstalledError(MISSING)
    # it refuses to run as root
    as_user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    data = Path(tempfile.mkdtemp(prefix="kefu-postgresql-"))
    if as_user:
        shutil.chown(data, "postgres", "postgres")
    quiet: dict[str, Any] = {"cwd": "/", "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **as_user}
    made = [str(initdb), "-D", str(data), "-U", "kefu", "-A", "trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(made, check=True, **quiet)  # noqa: S603
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    postgres = str(Path(initdb).with_name("postgres"))
    served = [postgres, "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(data), "-F"]
    with subprocess.Popen(served, **quiet) as running:  # noqa: S603
        try:
            url = f"postgresql://kefu@127.0.0.1:{port}/postgres"
            _wait_for(url)
            yield url
        finally:
            running.send_signal(signal.SIGINT)  # a fast shutdown
            running.wait(timeout=60)
            shutil.rmtree(data)


def _wait_for(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    engine = sqlalchemy.create_engine(url)
    while True:
        try:
            engine.connect().close()
        except sqlalchemy.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            engine.dispose()
            return
