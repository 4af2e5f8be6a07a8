"""The record of finished batches: read back whole, up to a torn line, or not at all."""

from __future__ import annotations

import pytest

from topojax.row_files.journal import BatchRecord, Journal

RECORDS = (BatchRecord(4, (1, 2, 3)), BatchRecord(4, (4, 5, 6)), BatchRecord(1, (7, 8, 2**32 - 1)))


@pytest.fixture
def journal(tmp_path) -> Journal:
    journal = Journal(tmp_path / "batches.jsonl", "abc")
    journal.write(RECORDS[:1])
    for record in RECORDS[1:]:
        journal.append(record)
    return journal


def test_records_come_back(journal):
    assert journal.read() == RECORDS


def test_other_or_absent_files_hold_no_record(journal, tmp_path):
    assert Journal(journal.path, "abd").read() == ()
    assert Journal(tmp_path / "none", "abc").read() == ()
    for content in (b"", b"\xff\xfe\n", b"[1]\n", b"{}\n"):
        journal.path.write_bytes(content)
        assert journal.read() == ()


def test_a_torn_line_and_all_after_it_do_not_count(journal):
    content = journal.path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    for cut in range(len(content)):
        journal.path.write_bytes(content[:cut])
        # A line counts from its closing bracket on.
        complete = sum(end - 1 <= cut for end in ends)
        assert journal.read() == RECORDS[: max(complete - 1, 0)]
    journal.path.write_bytes(content[: ends[1] - 5] + content[ends[1] :])
    assert journal.read() == ()
