"""Instructions of loops, by the widest register that each of them names."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

CODE = """
	.cfi_startproc
	vpxor	%xmm0, %xmm0, %xmm0
.LBB0_1:
	vmovdqu64	(%rdi), %zmm1
	vpcmpleub	(%rsi,%rax), %zmm1, %k1
	kmovq	%k1, (%rdx)
	vpaddb	%ymm2, %ymm3, %ymm2
	addq	$64, %rax
	jne	.LBB0_1
	vzeroupper
	retq
"""


@pytest.fixture
def machine_code(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.delitem(sys.modules, "machine_code", raising=False)
    import machine_code

    return machine_code


def test_instructions_of_loops_are_counted_by_their_widest_register(machine_code):
    assert len(machine_code.loops(CODE)) == 6
    counts = machine_code.by_width(CODE)
    assert list(counts.values()) == [2, 1, 0, 1, 1, 1]


@pytest.mark.slow
def test_every_loop_over_voxels_has_vectors(machine_code, tmp_path):
    machine_code.main(["--output", str(tmp_path)])
    record = json.loads((tmp_path / "machine_code.json").read_text(encoding="utf-8"))
    assert len(record["parts"]) == 4
    for name, counts in record["parts"].items():
        assert sum(counts.values()) > 20, name
