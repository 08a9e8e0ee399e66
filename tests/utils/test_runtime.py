"""The process before paddle: threads, quotas, allocator, switch-off; workers that die in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ppocr.utils import dist, runtime

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "KMP_", "ONESPEC_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_it_says_in_one_line_what_it_did_and_imports_nothing_heavy():
    done = run(
        "import sys; from ppocr.utils import runtime\n"
        "found = runtime.prepare(); runtime.prepare()\n"
        "print(found.threads, *({'paddle', 'numpy', 'cv2'} & set(sys.modules)))"
    )
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("runtime: ")
    assert done.stdout.split() == [str(runtime.usable_cores())]


def test_a_given_thread_count_is_respected():
    done = run(
        "import os; from ppocr.utils import runtime; runtime.prepare()\n"
        "print(os.environ['OMP_NUM_THREADS'])",
        OMP_NUM_THREADS="3",
    )
    assert done.stdout.strip() == "3"


@pytest.mark.parametrize("how", ["environment", "argument"])
def test_it_can_be_switched_off(how):
    off = {"ONESPEC_RUNTIME": "off"} if how == "environment" else {}
    code = (
        "import os; from ppocr.utils import runtime\n"
        f"runtime.prepare(enabled={how == 'environment'})\n"
        "print('OMP_NUM_THREADS' in os.environ, 'omp' in open('/proc/self/maps').read())"
    )
    done = run(code, **off)
    assert done.stdout.split() == ["False", "False"]
    assert "off" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_only_one_openmp_runtime_computes_and_memory_is_kept():
    code = (
        "import resource; from ppocr.utils import runtime; found = runtime.prepare()\n"
        "import numpy as np\n"
        "np.ones(8 << 20); before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(20): np.ones(4 << 20)\n"
        "print(found.allocator, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)"
    )
    kept, faults = run(code).stdout.split()
    assert kept == "True"
    assert int(faults) < 100
    usual = run(code, ONESPEC_RUNTIME="off").stdout.split()
    assert int(usual[1]) > 300  # each array anew: 16 faults if its pages are huge, else 8192


def test_hyperthreads_are_one_core(tmp_path):
    for cpu, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings + "\n")
    assert runtime.physical_cores({0, 1, 2, 3}, tmp_path) == 2
    assert runtime.physical_cores({0, 2}, tmp_path) == 1
    assert runtime.physical_cores({7, 8, 9}, tmp_path) == 3


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu.cfs_quota_us": "400000", "cpu.cfs_period_us": "100000"}, 4.0),
        ({"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_the_quota_of_a_container(tmp_path, files, cores):
    own = tmp_path / "cgroup"
    own.write_text("0::/job/step\n")
    folder = tmp_path / "root" / "job" / "step"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    assert runtime._quota(tmp_path / "root", own) == cores


def test_ranks_share_the_cores(monkeypatch):
    monkeypatch.setattr(runtime, "_affinity", lambda: set(range(1000, 1008)))
    monkeypatch.setattr(runtime, "_quota", lambda: None)
    monkeypatch.setenv("PADDLE_LOCAL_SIZE", "4")
    assert runtime.usable_cores() == 2


def test_the_launcher_decides_rank_and_device(monkeypatch):
    for name in ("PADDLE_TRAINER_ID", "PADDLE_TRAINERS_NUM", "FLAGS_selected_gpus"):
        monkeypatch.delenv(name, raising=False)
    assert (dist.rank(), dist.world_size(), dist.is_main()) == (0, 1, True)
    monkeypatch.setenv("PADDLE_TRAINER_ID", "3")
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "4")
    monkeypatch.setenv("FLAGS_selected_gpus", "2")
    assert (dist.rank(), dist.world_size(), dist.is_main()) == (3, 4, False)
    assert dist.device_index() == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a request to the Linux kernel")
def test_a_worker_does_not_outlive_a_killed_parent():
    code = (
        "import multiprocessing, time\n"
        "from ppocr.utils import runtime\n"
        "def work(pipe):\n"
        "    runtime.die_with_parent(); pipe.send(1); time.sleep(60)\n"
        "ours, theirs = multiprocessing.Pipe()\n"
        "one = multiprocessing.get_context('fork').Process(target=work, args=(theirs,))\n"
        "one.start(); ours.recv(); print(one.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        worker = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30  # it would sleep for 60
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(worker)


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("vendor", "flags", "expected"),
    [
        ("AuthenticAMD", "fpu sse4_2 avx avx2 fma", True),
        ("AuthenticAMD", "fpu sse4_2 avx", False),
        ("GenuineIntel", "fpu avx2 fma avx512f", False),
    ],
)
def test_mkl_is_told_about_avx2_only_where_it_does_not_look(tmp_path, vendor, flags, expected):
    info = tmp_path / "cpuinfo"
    info.write_text(f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: {flags}\n")
    assert runtime.is_amd_with_avx2(info) is expected
    assert not runtime.is_amd_with_avx2(tmp_path / "nowhere")


def test_both_threads_of_a_core_are_processors(monkeypatch):
    monkeypatch.setattr(runtime, "_affinity", lambda: {1000, 1001, 1002})
    assert runtime.processors() == 3
