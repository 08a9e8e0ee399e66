"""Row P10: memory does not grow while a run goes on."""

from __future__ import annotations

import mmap
import subprocess
import sys

from tests.faults import memory, tiny


def test_p10_memory_is_flat_over_many_epochs():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.memory", "--epochs", "60"],
        env=tiny.ENVIRONMENT,
        cwd=tiny.ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-600:] + done.stderr[-600:]
    assert "MB per 100 steps" in done.stdout


def test_p10_a_leak_is_caught():
    leaking = [100 + 0.02 * step for step in range(200)]
    assert memory.slope(leaking) > memory.LIMIT_MB
    assert memory.slope([100.0] * 40 + [130.0] * 160) < memory.LIMIT_MB


def test_p10_the_probe_sees_memory():
    # A mapping of its own: the allocator may serve 64 MB from what earlier tests gave back.
    with mmap.mmap(-1, 64 << 20) as held:
        before = memory.resident_mb()
        held.write(b"\1" * (64 << 20))
        assert memory.resident_mb() > before + 50
