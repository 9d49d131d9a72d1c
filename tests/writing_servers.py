"""Servers that take writes, run as people run them, and may be killed; and what a client of theirs asks."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from wherefrom.tokens import make_token

GRAPH = "https://example.org/id/graph/catalogue"
THING = "https://example.org/id/claim/reading-together-words"
NOTES = f"SELECT ?note {{ <{THING}> skos:editorialNote ?note }}"


class Served:
    """A running server: its process, a client without a token, and the headers of someone who may write."""

    def __init__(self, process: subprocess.Popen[str], client: httpx.Client, token: str) -> None:
        self.process, self.client = process, client
        self.may = {"Authorization": f"Bearer {token}"}

    def update(self, text: str, headers: Mapping[str, str] = {}) -> httpx.Response:
        return self.client.post("/update", content=text, headers={"Content-Type": "application/sparql-update", **self.may, **headers})

    def note(self, text: str, graph: str = GRAPH) -> httpx.Response:
        """Add a note to a claim, in a language, so that it conforms."""
        return self.update(f'INSERT DATA {{ GRAPH <{graph}> {{ <{THING}> skos:editorialNote "{text}"@en }} }}')

    def notes(self) -> set[str]:
        return {row["note"] for row in self.rows(NOTES)}

    def rows(self, query: str) -> list[dict[str, str]]:
        answer = self.client.get("/sparql", params={"query": query}, headers={"Accept": "application/sparql-results+json"})
        assert answer.status_code == 200, answer.text
        return [{name: cell["value"] for name, cell in row.items()} for row in answer.json()["results"]["bindings"]]

    def digest(self) -> str:
        return str(self.client.get("/health").json()["data"])


@contextmanager
def serving(folder: Path, log: Path, *options: str) -> Iterator[Served]:
    """Serve a knowledge base to one who may write; `log` is what the server says on standard error."""
    token, line = make_token("ada")
    (log.parent / "tokens").write_text(f"# who writes\n{line}\n", "utf-8")
    command = [sys.executable, "-m", "wherefrom", "--kb", str(folder), "serve", "--port", "0", "--token-file", str(log.parent / "tokens")]
    with log.open("ab") as errors, subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            told = re.fullmatch(r"Serving .+ at (http://127\.0\.0\.1:\d+)\n", said)
            assert told, f"the server said {said!r}; its log: {log.read_text()}"
            with httpx.Client(base_url=told[1], timeout=60) as client:
                yield Served(process, client, token)
        finally:
            process.send_signal(signal.SIGTERM)
