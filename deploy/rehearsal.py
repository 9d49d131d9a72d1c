"""Runs the steps of the Containerfile without a container engine: in an empty folder, with a virtual environment for Python.

    python deploy/rehearsal.py [CONTAINERFILE]

Each folder of the image is a folder below the empty one. COPY copies, RUN runs, ENV and WORKDIR hold for what follows;
then CMD is started at a free port in place of the one that EXPOSE names, HEALTHCHECK is asked until it is content, and a
page is read. USER is not followed: nobody else's rights are to be had without an engine. An instruction that is not
known here is an error, so that the file cannot say what is not rehearsed.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

CONTEXT = Path(__file__).parents[1]
CONTAINERFILE = Path(__file__).with_name("Containerfile")
PAGE = "/claim/foundations-ipp-secure.ttl"
HEALTHY = 30.0  # seconds that the service has to become healthy


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Containerfile, each with what follows its name; comments are left out, lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n?", "", text, flags=re.MULTILINE))
    rows = (row.strip().partition(" ") for row in joined.splitlines() if row.strip())
    return [(name.upper(), rest.strip()) for name, _, rest in rows]


@dataclass
class Rehearsal:
    """What the steps so far have come to: the folder that stands for the image, the place in it, its environment."""

    root: Path
    place: Path
    environment: dict[str, str]
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    port: int = 0
    base: str = ""
    user: str = ""

    def step(self, name: str, rest: str) -> None:
        """Follow one instruction."""
        follow = getattr(self, f"_{name.lower()}", None)
        if follow is None:
            sys.exit(f"{name} is not rehearsed: teach it to {Path(__file__).name}, or do without.")
        print(f"{name} {rest}", flush=True)
        follow(rest)

    def _inside(self, path: str) -> Path:
        return self.root / path.lstrip("/") if path.startswith("/") else self.place / path

    def _from(self, rest: str) -> None:
        self.base = rest

    def _workdir(self, rest: str) -> None:
        self.place = self._inside(rest)
        self.place.mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        *sources, target = shlex.split(rest)
        for source in sources:
            found, into = CONTEXT / source, self._inside(target)
            if found.is_dir():
                shutil.copytree(found, into, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(found, into)

    def _run(self, rest: str) -> None:
        subprocess.run(["/bin/sh", "-c", rest], cwd=self.place, env=self.environment, check=True)

    def _env(self, rest: str) -> None:
        for assignment in shlex.split(rest):
            name, _, value = assignment.partition("=")
            self.environment[name] = str(self._inside(value)) if value.startswith("/") else value

    def _user(self, rest: str) -> None:
        self.user = rest

    def _expose(self, rest: str) -> None:
        self.port = int(rest)

    def _healthcheck(self, rest: str) -> None:
        self.health = json.loads(rest.partition("CMD")[2])

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)


def rehearse(containerfile: Path) -> None:
    """Follow all steps, start the service, and ask it; ends with an error where something fails."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        root = Path(folder, "image")
        root.mkdir()
        subprocess.run([sys.executable, "-m", "venv", str(Path(folder, "venv"))], check=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        path = f"{Path(folder, 'venv', 'bin')}{os.pathsep}{os.environ['PATH']}"
        rehearsal = Rehearsal(root, root, {**kept, "PATH": path, "HOME": folder})
        for name, rest in instructions(containerfile.read_text("utf-8")):
            rehearsal.step(name, rest)
        _ask(rehearsal)
    print("The steps of the Containerfile were rehearsed, its command answered. Not rehearsed without an engine: FROM, USER.")


def _ask(rehearsal: Rehearsal) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])

    def here(command: list[str]) -> list[str]:
        return [re.sub(rf"\b{rehearsal.port}\b", port, word) for word in command]

    with subprocess.Popen(here(rehearsal.command), cwd=rehearsal.place, env=rehearsal.environment) as service:
        try:
            until = time.monotonic() + HEALTHY
            while subprocess.run(here(rehearsal.health), env=rehearsal.environment, stderr=subprocess.DEVNULL, check=False).returncode:
                if service.poll() is not None or time.monotonic() > until:
                    sys.exit("The service did not become healthy.")
                time.sleep(0.2)
            with urlopen(f"http://127.0.0.1:{port}{PAGE}", timeout=10) as answer:
                size = len(answer.read())
            print(f"Healthy; {PAGE} has {size:,} bytes.")
        finally:
            service.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    rehearse(Path(sys.argv[1]) if len(sys.argv) > 1 else CONTAINERFILE)
