"""Processes that prepare batches while the network computes.

They are started fresh (not forked), import neither paddle nor a device, live as long as the
loader, die with their parent even if it is killed, and never decide anything: batch n of epoch e
is the same whichever of them makes it. Work is dealt in turn, so answers come back in order.

A worker that raises, dies or hangs ends the run with the place of the sample it was at; it never
leaves the parent waiting.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pickle
import signal
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from ppocr.data.fetch import Fetched, Fetcher
from ppocr.data.sampler import Request
from ppocr.data.shared import Parcel, Receiver, Sender, sweep
from ppocr.utils import runtime
from ppocr.utils.exits import DataError, InternalError, OcrError
from ppocr.utils.logs import get_logger

_OFTEN = {
    "SIGKILL": " (often: out of memory)",
    "SIGBUS": " (often: a damaged LMDB, or no room in shared memory)",
}
AHEAD = 2  # batches each worker may be ahead of the consumer
START_S = 120
STALL_S = 300.0


class Workers:
    """``count`` processes around one fetcher; :meth:`run` yields batches in the asked order."""

    def __init__(
        self, fetcher: Fetcher, count: int, shared_memory: bool = True, stall_s: float = STALL_S
    ) -> None:
        self.fetcher, self.stall_s = fetcher, stall_s
        payload = _pickled(fetcher)
        left = sweep()
        if left:
            get_logger().info("removed %d segments of shared memory that dead loaders left", left)
        self._members = [_Member(number, payload, shared_memory) for number in range(count)]
        self._warned = False

    def run(self, requests: Iterator[Request]) -> Iterator[Fetched]:
        """Yield the batch of each request, in order; leaving early drops what is under way."""
        pending: deque[tuple[_Member, Request]] = deque()
        turn = 0
        try:
            while True:
                while len(pending) < AHEAD * len(self._members):
                    request = next(requests, None)
                    if request is None:
                        break
                    member = self._members[turn % len(self._members)]
                    member.ask(request)
                    pending.append((member, request))
                    turn += 1
                if not pending:
                    return
                member, request = pending.popleft()
                yield self._answer(member, request)
        except InternalError:
            pending.clear()  # a worker is dead or hangs: nothing of it will arrive
            self.close()
            raise
        finally:
            for member, request in pending:
                with contextlib.suppress(OcrError):
                    self._answer(member, request)

    def close(self) -> None:
        """End the processes."""
        for member in self._members:
            member.stop()
        self._members = []

    def _answer(self, member: _Member, request: Request) -> Fetched:
        kind, content = member.answer(self.stall_s, lambda: self._at(member, request))
        if kind == "ok":
            if content.batch is not None and member.lost_shared_memory and not self._warned:
                self._warned = True
                get_logger().warning(
                    "shared memory is too small for the loader's batches, using pipes instead "
                    "(slower; in docker give --shm-size=2g, or set loader.use_shared_memory: false)"
                )
            return content
        if kind == "data":
            raise DataError(content)
        raise InternalError(f"loader worker {member.number}: {content}")

    def _at(self, member: _Member, request: Request) -> str:
        """Return what a worker was at: the sample it had begun, else those of its batch."""
        if member.position in request.positions:
            place = self.fetcher.place(request.epoch, member.position)
            return f"epoch {request.epoch + 1}, sample {member.position}, {place}"
        places = self.fetcher.places(request)
        shown = ", ".join(places[:8])
        return f"epoch {request.epoch + 1}, one of: {shown}" + (" ..." if len(places) > 8 else "")


class _Member:
    """One worker process as seen from its parent."""

    def __init__(self, number: int, payload: bytes, shared_memory: bool) -> None:
        self.number, self.lost_shared_memory = number, False
        self._shared, self._receiver = shared_memory, Receiver()
        self._answered = False  # the first answer takes the start of the process as well
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._position = context.RawValue("q", -1)  # survives the worker, unlike a message
        self.process = context.Process(
            target=serve,
            args=(theirs, payload, shared_memory, self._position),
            name=f"loader-{number}",
            daemon=True,
        )
        with _environment(runtime.worker_environment()):
            self.process.start()
        theirs.close()

    @property
    def position(self) -> int:
        """The sample that the process began last."""
        return self._position.value

    def ask(self, request: Request) -> None:
        try:
            self._pipe.send(("make", request))
        except OSError as error:
            raise self._died() from error

    def answer(self, stall_s: float, at: Any) -> tuple[str, Any]:
        """Return what the worker says next; an InternalError if it is dead or silent."""
        try:
            patience_s = stall_s if self._answered else max(stall_s, START_S)
            if not self._pipe.poll(patience_s):
                self._dump_stack()
                text = f"loader worker {self.number} gave no answer for {patience_s:g} s; at {at()}"
                raise InternalError(text)
            kind, parcel = self._pipe.recv()
            self._answered = True
        except (EOFError, OSError) as error:
            raise self._died(at()) from error
        if not isinstance(parcel, Parcel):
            return kind, parcel
        content = self._receiver.unpack(parcel)
        if parcel.segment >= 0:
            self._pipe.send(("free", parcel.segment))
        fetched, self.lost_shared_memory = content
        self.lost_shared_memory = self.lost_shared_memory and self._shared
        return kind, Fetched(*fetched)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send(("stop", None))
        self.process.join(timeout=2)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(timeout=2)
        self._receiver.close()
        self._pipe.close()

    def _died(self, at: str = "") -> InternalError:
        self.process.join(timeout=2)
        code = self.process.exitcode
        name = signal.Signals(-code).name if code and code < 0 else ""
        why = f"was ended by {name}{_OFTEN.get(name, '')}" if name else f"ended ({code})"
        where = f"; it was at {at}" if at else ""
        return InternalError(f"loader worker {self.number} {why}{where}")

    def _dump_stack(self) -> None:
        """Let the worker write its Python stack to stderr."""
        if hasattr(signal, "SIGUSR1") and self.process.pid:
            os.kill(self.process.pid, signal.SIGUSR1)
            self.process.join(timeout=0.5)


def serve(pipe: Connection, payload: bytes, shared_memory: bool, position: Any) -> None:
    """Make batches until told to stop: the whole life of a worker process."""
    runtime.prepare_worker()
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=True)
    sender = Sender(shared_memory)
    try:
        fetcher = pickle.loads(payload)  # noqa: S301 - from our own parent
        # arrays of a batch are made where they will be sent from, if the collate can leave that
        if hasattr(getattr(fetcher, "collate", None), "later"):
            fetcher.collate = fetcher.collate.later
        while True:
            kind, content = pipe.recv()
            if kind == "stop":
                break
            if kind == "free":
                sender.give_back(content)
            else:
                pipe.send(_made(fetcher, content, sender, position))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass  # the parent has gone
    finally:
        sender.close()


def _made(fetcher: Fetcher, request: Request, sender: Sender, position: Any) -> tuple[str, Any]:
    """Return the answer for one request; errors travel as text, which can always be sent."""

    def note(begun: int) -> None:
        position.value = begun

    try:
        fetched = fetcher(request, note)
        parts = (fetched.batch, fetched.rejects, fetched.requested)
        parcel = sender.pack(parts)
        return "ok", replace(parcel, content=(parcel.content, not sender.enabled))
    except InternalError as error:
        return "error", f"{error}\n{traceback.format_exc()}"
    except OcrError as error:
        return "data", str(error)
    except Exception:  # noqa: BLE001 - whatever it is, the parent must hear of it
        return "error", traceback.format_exc()


def _pickled(fetcher: Fetcher) -> bytes:
    try:
        return pickle.dumps(fetcher)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InternalError(f"a transform cannot be sent to loader workers: {error}") from error


@contextlib.contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
