"""CSV files -> tables whose rows know where they stand. What is wrong in a file is reported with its line, and nothing is mended.

A position is a range of code points of the text, the end exclusive and the line end left out, so that a row can be a passage.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from wherefrom.report import Result, Severity

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")
ENDS = {"\r\n": "CRLF", "\n": "LF", "\r": "CR", "": "none"}
TWICE_ENCODED = re.compile(r"(?:[\u00c3\u00c2][\u0080-\u00bf]|\u00e2\u20ac|\u00e2\u0080)")  # UTF-8 read as cp1252 or Latin-1
INVISIBLE = "\ufeff\u200b\u00a0"


@dataclass(frozen=True)
class Cells:
    """One row: the columns that were asked for, trimmed, and where it stands in its table."""

    table: str
    line: int
    last: int
    start: int
    end: int
    values: Mapping[str, str] = field(hash=False)

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    @property
    def place(self) -> str:
        """`file:line`, for messages that point from one row to another."""
        return f"{self.table}:{self.line}"


@dataclass(frozen=True)
class Table:
    """A file that was read: its text, its header and its rows."""

    name: str
    text: str
    columns: frozenset[str]
    header: tuple[int, int]
    rows: tuple[Cells, ...]


class Findings:
    """What is found while tables are read. A code that the map accepts becomes a warning; all else keeps its severity."""

    def __init__(self, accepted: Collection[str] = ()) -> None:
        self.accepted = accepted
        self.results: list[Result] = []

    def add(self, place: Cells | tuple[str, int], code: str, message: str, hint: str, severity: Severity = Severity.VIOLATION) -> None:
        """Report one thing at a row, or at a file and line."""
        file, line = (place.table, place.line) if isinstance(place, Cells) else place
        if severity is Severity.VIOLATION and code in self.accepted:
            severity = Severity.WARNING
        self.results.append(Result(file, line, severity, code, "", message, hint))

    @property
    def grave(self) -> bool:
        """Whether there is a violation."""
        return any(result.severity is Severity.VIOLATION for result in self.results)


def decode(name: str, content: bytes, encoding: str, findings: Findings) -> str | None:
    """Return the text of a file; None, and a finding, where it is not in that encoding."""
    try:
        text = content.decode("utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        findings.add(
            (name, line), "wrong-encoding", f"a byte here is not {encoding}", "Save the file as UTF-8, or name its `encoding` in the map."
        )
        return None
    if content.startswith(BOM_UTF8):
        findings.add((name, 1), "byte-order-mark", "the byte order mark was left out", "Nothing needs to be done.", Severity.INFO)
    return text


def read_table(name: str, text: str, columns: Mapping[str, str], delimiter: str, findings: Findings) -> Table | None:
    """Return the table in a text; `columns` maps the names that are asked for to those of the header.

    None where there is no usable header. A row that cannot be read is reported and left out.
    """
    records = list(_records(name, text, delimiter, findings))
    if not records:
        findings.add((name, 1), "empty-table", "the table is empty", "Give it a header and rows, or leave it out.")
        return None
    (_, _, start, end, header), *body = records
    if not _sound_header(name, header, columns, findings):
        return None
    places = {ours: header.index(theirs) for ours, theirs in columns.items() if theirs in header}
    rows = []
    for line, last, begin, finish, cells in body:
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells, the header {len(header)}"
            findings.add((name, line), "broken-row", message, "Mend the row: quote cells that hold the separator.")
            continue
        row = Cells(name, line, last, begin, finish, {ours: cells[at].strip().strip(INVISIBLE) for ours, at in places.items()})
        rows.append(row)
        for ours, at in places.items():
            _look_at(row, columns[ours], cells[at], findings)
    _say_unread(name, header, columns, findings)
    _check_line_ends(name, text, records, findings)
    return Table(name, text, frozenset(places), (start, end), tuple(rows))


def _records(name: str, text: str, delimiter: str, findings: Findings) -> Iterator[tuple[int, int, int, int, list[str]]]:
    """Yield first line, last line, start, end and cells of each row; blank lines are told and passed over."""
    lines = LINE.findall(text)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    done = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.add((name, done + 1), "broken-row", f"the row cannot be read: {error}", "Mend its quotes; nothing after it was read.")
            return
        first, done = done, reader.line_num
        if cells:
            end = starts[done] - len(lines[done - 1]) + len(lines[done - 1].rstrip("\r\n"))
            yield first + 1, done, starts[first], end, cells
        else:
            findings.add((name, first + 1), "blank-line", "a blank line was passed over", "Nothing needs to be done.", Severity.INFO)


def _sound_header(name: str, header: list[str], columns: Mapping[str, str], findings: Findings) -> bool:
    twice = sorted(column for column, times in Counter(header).items() if times > 1 and column in columns.values())
    if twice:
        findings.add((name, 1), "column-twice", f"the header names {', '.join(twice)} twice", "Give each column one name.")
    near = {column.strip().strip(INVISIBLE).casefold(): column for column in header}
    for column in columns.values():
        if column not in header and column.casefold() in near:
            message = f"the header has {near[column.casefold()]!r}, not {column!r}"
            findings.add(
                (name, 1), "column-name", message, "Write the name in the map as it stands in the header, and the header without spaces."
            )
            return False
    return not twice


def _say_unread(name: str, header: list[str], columns: Mapping[str, str], findings: Findings) -> None:
    unread = [column for column in header if column not in columns.values()]
    if unread:
        message = f"not read: {', '.join(repr(column) for column in unread)}"
        findings.add((name, 1), "column-not-read", message, "Name a column in the map if it is one of those that are known.", Severity.INFO)


def _look_at(row: Cells, column: str, cell: str, findings: Findings) -> None:
    """Report what is strange in one cell."""
    if cell != cell.strip().strip(INVISIBLE) or re.search(r"[\t\r\n]|[^\S\r\n\t]{2}", cell):
        findings.add(row, "white-space", f"stray white space in {column}: {cell!r}", "Take it out, also where it cannot be seen.")
    if "\ufffd" in cell or TWICE_ENCODED.search(cell):
        findings.add(
            row,
            "wrong-encoding",
            f"letters of {column} are broken: {cell!r}",
            "The text was read in another encoding than it was written in.",
        )
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\r\n\ufeff" for c in cell):
        findings.add(
            row, "control-character", f"a control character in {column}: {cell!r}", "Take it out; no format of the web can hold it."
        )


def _check_line_ends(name: str, text: str, records: list[tuple[int, int, int, int, list[str]]], findings: Findings) -> None:
    """Report line ends that differ between rows, or that no program counts. Those inside of quoted cells may differ."""
    ends = [(last, _end_at(text, end)) for _, last, _, end, _ in records]
    kinds = Counter(kind for _, kind in ends if kind != "none")
    if len(kinds) > 1:
        usual = max(kinds, key=lambda kind: (kinds[kind], kind))
        line, other = next((line, kind) for line, kind in ends if kind not in (usual, "none"))
        message = f"the line ends with {other}, others with {usual}"
        findings.add((name, line), "mixed-line-ends", message, "Save the file with one kind of line end.")
    elif "CR" in kinds:
        findings.add(
            (name, 1), "mixed-line-ends", "lines end with CR alone", "Save the file with LF or CRLF; a CR alone is counted as no line."
        )


def _end_at(text: str, end: int) -> str:
    return ENDS["\r\n" if text.startswith("\r\n", end) else text[end : end + 1]]
