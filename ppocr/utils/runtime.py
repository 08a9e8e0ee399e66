"""Prepares the process for numeric work before paddle is imported.

Four things cost a CPU training step more than its arithmetic, and none of them can be changed
once paddle is loaded, so every tool calls :func:`prepare` first:

* **The allocator.** glibc maps every large tensor afresh and gives it back at once: half a million
  page faults in one detection step. Keeping the memory (no mmap, no trim, 64 MB of head room)
  brings them to zero; the resident size then stays at its peak.
* **Two OpenMP runtimes.** The wheel brings Intel's libiomp5, other libraries bring libgomp, and
  two runtimes spin against each other until two threads are slower than one. Loading libiomp5
  globally before anything else leaves one.
* **The instruction set.** The wheel's MKL uses its slowest kernels on every processor that is not
  from Intel. Told to take those for AVX2, a detection step on an AMD core needs half the time.
* **The number of threads.** Paddle takes one unless told otherwise; as many as there are physical
  cores that this process may really use (affinity, container quota, local ranks) is what helps.

``ONESPEC_RUNTIME=off`` leaves everything as the system has it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib.util
import io
import os
import platform
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SWITCH = "ONESPEC_RUNTIME"

# mallopt parameters of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_TRIM_BYTES = 2**31 - 1
_TOP_PAD_BYTES = 64 * 2**20
_PR_SET_PDEATHSIG = 1
_MKL_PATH, _MKL_AVX2 = "MKL_DEBUG_CPU_TYPE", "5"
# How long a thread spins for the next loop before it sleeps. The runtime's own 200 ms take the core
# from everybody else; none at all costs a wake-up per operator: a fifth of a detector's inference.
_WAIT_MS = "1"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was done to this process, and what could not be done."""

    enabled: bool
    threads: int = 0
    allocator: bool = False
    openmp: str = ""
    kernels: str = ""
    late: bool = False

    def __str__(self) -> str:
        if not self.enabled:
            return f"runtime: as the system has it ({SWITCH}=off)"
        allocator = "kept memory" if self.allocator else "system allocator"
        openmp = self.openmp or "default OpenMP"
        late = "; paddle was imported earlier, so this is only partly in force" if self.late else ""
        what = [f"{self.threads} thread(s)", openmp, self.kernels, allocator]
        return f"runtime: {', '.join(filter(None, what))} ({SWITCH}=off to undo){late}"


def prepare(enabled: bool = True, announce: bool = True) -> Prepared:
    """Return what was set for this process; call it before paddle or numpy is imported.

    ``enabled=False`` or ``ONESPEC_RUNTIME=off`` changes nothing. Only the first call acts. One
    line goes to stderr, from the first rank only, unless ``announce`` is false.
    """
    return _prepare_once(enabled and not switched_off(), announce)


def switched_off() -> bool:
    """Return whether the user wants the process as the system has it."""
    return os.environ.get(SWITCH, "").lower() in ("off", "0", "false", "no")


@lru_cache(maxsize=1)
def _prepare_once(enabled: bool, announce: bool) -> Prepared:
    if not enabled:
        os.environ[SWITCH] = "off"  # for whoever asks later, and for processes started from here
        done = Prepared(enabled=False)
    else:
        late = "paddle" in sys.modules
        allocator = keep_memory()
        threads = _set_threads()
        kernels = choose_kernels()
        done = Prepared(True, threads, allocator, load_openmp(), kernels, late)
    if announce and os.environ.get("PADDLE_TRAINER_ID", "0") == "0":
        sys.stderr.write(f"{done}\n")
    return done


def keep_memory() -> bool:
    """Return whether the allocator now keeps freed memory (glibc only)."""
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    settings = (
        (_M_MMAP_MAX, 0),
        (_M_TRIM_THRESHOLD, _TRIM_BYTES),
        (_M_TOP_PAD, _TOP_PAD_BYTES),
    )
    accepted = [libc.mallopt(name, value) == 1 for name, value in settings]
    return all(accepted)


def load_openmp() -> str:
    """Return the name of the OpenMP runtime that was loaded for everybody, or ''."""
    library = paddle_library("libiomp5.so")
    if library is None:
        return ""
    try:
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    except OSError:  # a wheel without it, or another architecture: the default works too
        return ""
    return library.stem


def paddle_library(name: str) -> Path | None:
    """Return the path of a shared library of the installed paddle, without importing paddle."""
    found = importlib.util.find_spec("paddle")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "libs" / name
    return path if path.is_file() else None


def _set_threads() -> int:
    """Put thread count and waiting policy into the environment; what the user set stays."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(given) if given.isdigit() and int(given) > 0 else usable_cores()
    os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("KMP_BLOCKTIME", _WAIT_MS)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(threads))
    return threads


def choose_kernels(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return what MKL was told about the processor, '' if nothing needs to be said."""
    if _MKL_PATH not in os.environ and is_amd_with_avx2(cpuinfo):
        os.environ[_MKL_PATH] = _MKL_AVX2
    return "MKL with AVX2" if os.environ.get(_MKL_PATH) == _MKL_AVX2 else ""


def is_amd_with_avx2(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether this is an AMD processor that has AVX2 (and FMA, which comes with it)."""
    try:
        text = cpuinfo.read_text()
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
    return "AuthenticAMD" in text and {"avx2", "fma"} <= set(flags)


def usable_cores() -> int:
    """Return the number of physical cores this process may use, at least 1.

    The smallest of: physical cores in the affinity mask, the container's CPU quota, and this
    rank's share when several data-parallel processes run on the machine without accelerators.
    """
    cores = physical_cores(_affinity())
    quota = _quota()
    if quota is not None:
        cores = min(cores, max(1, int(quota)))
    ranks = os.environ.get("PADDLE_LOCAL_SIZE") or os.environ.get("PADDLE_TRAINERS_NUM") or "1"
    return max(1, cores // max(1, int(ranks) if ranks.isdigit() else 1))


def processors() -> int:
    """Return how many processors there are for this process, both threads of a core counted."""
    return len(_affinity())


def _affinity() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def physical_cores(cpus: set[int], topology: Path = Path("/sys/devices/system/cpu")) -> int:
    """Return how many different cores the logical ``cpus`` belong to."""
    groups = set()
    for cpu in cpus:
        siblings = topology / f"cpu{cpu}" / "topology" / "thread_siblings_list"
        try:
            groups.add(siblings.read_text().strip())
        except OSError:
            groups.add(str(cpu))
    return len(groups)


def _quota(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")):
    """Return the CPU quota of the tightest enclosing control group in cores, or None."""
    quotas = [quota for folder in _groups(root, own) if (quota := _quota_of(folder)) is not None]
    return min(quotas, default=None)


def _groups(root: Path, own: Path) -> list[Path]:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        lines = []
    folders = [root, root / "cpu"]
    for line in lines:
        name = line.rpartition(":")[2].strip("/")
        for base in (root, root / "cpu") if name else ():
            inner = base / name
            folders += [inner, *(parent for parent in inner.parents if base in parent.parents)]
    return folders


def _quota_of(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
    except (OSError, ValueError):
        return None
    if quota.strip() in ("max", "-1"):
        return None
    return int(quota) / int(period)


def worker_environment() -> dict[str, str]:
    """Return the environment variables a loader worker is started with: one thread each."""
    one = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return dict.fromkeys(one, "1")


def prepare_worker() -> None:
    """Make this process a good loader worker.

    It dies with its parent, even if that is killed; leaves Ctrl-C and SIGTERM to the parent, which
    may want one more batch for its checkpoint; and uses one thread, because the workers are many.
    """
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    import cv2

    cv2.setNumThreads(0)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux; elsewhere nothing)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # the parent died before the request was made
        os._exit(70)


@contextmanager
def quiet_paddle_import() -> Iterator[None]:
    """Import paddle inside this block to drop its remarks about thread count and ccache.

    The first is about wheels built with OpenBLAS (the published ones use MKL), the second about
    compiling extensions. Anything else written to stderr meanwhile comes out at the end. Paddle's
    handlers of signals are taken out, see :func:`die_of_crashes`.
    """
    heard = io.StringIO()
    try:
        with redirect_stderr(heard), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="No ccache found")
            yield
        die_of_crashes()
    finally:
        lines = heard.getvalue().splitlines(keepends=True)
        sys.stderr.writelines(line for line in lines if "OMP_NUM_THREADS" not in line)


def die_of_crashes() -> None:
    """Let a crash end the process, with the Python stack on stderr.

    The handler that paddle installs for SIGSEGV and the like allocates memory to print its own
    stack: after a crash inside malloc it waits for ever for a lock that the process itself holds.
    It takes SIGTERM as well, which is ours.
    """
    paddle = sys.modules.get("paddle")
    if paddle is not None:
        paddle.disable_signal_handler()
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)
