"""The processes of a job watch each other: none waits for ever for one that has stopped.

A collective only knows that an answer is missing. So each process also says once a second that it
is alive, on a connection of its own: every other rank is connected to the first, which tells the
rest. A process that is killed, that fails or that goes silent for ``Global.rank_stall_s`` ends all
of them, with a line that names it and, where it could still speak, the reason it gave.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ppocr.training import aborts, ranks
from ppocr.training.events import Events
from ppocr.training.watch import ended
from ppocr.utils import dist
from ppocr.utils.exits import InternalError, OcrError
from ppocr.utils.logs import get_logger

TICK_S = 1.0  # between two signs of life
CONNECTING_S = 30.0
GRACE_S = 2.0  # for the main thread to end by itself: it may know more
ALIVE, DONE, FAILED = b"", b"done", b"failed"
MOST_BYTES = 1 << 16  # of one message
REMEDY = "its own log may say more; go on from the last checkpoint with -o Global.resume=auto"


class PeerFailed(OcrError):
    """Another process of the job has ended; the status is the one it gave."""

    def __init__(self, text: str, code: int = InternalError.exit_code) -> None:
        super().__init__(text)
        self.exit_code = code


@dataclass(slots=True)
class Peer:
    """The other end of a connection."""

    rank: int
    connection: socket.socket
    name: str = ""  # process and host
    heard: float = field(default_factory=time.monotonic)
    unread: bytes = b""
    done: bool = False

    def __str__(self) -> str:
        return f"rank {self.rank} ({self.name})" if self.name else f"rank {self.rank}"

    def say(self, message: bytes) -> None:
        """Send a line. What cannot be sent is left: a peer that is gone is noticed by reading."""
        with contextlib.suppress(OSError):
            self.connection.sendall(message + b"\n")

    def lines(self) -> list[bytes] | None:
        """Return the lines that have come, None when the other end has closed."""
        try:
            data = self.connection.recv(MOST_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self.heard = time.monotonic()
        *lines, self.unread = (self.unread + data).split(b"\n")
        return lines


class Watch:
    """A thread that says that this process lives, and listens to the others."""

    def __init__(
        self, peers: list[Peer], patience_s: float, end: Callable[[PeerFailed], None]
    ) -> None:
        self.peers, self.patience_s, self.end = peers, patience_s, end
        self.lost: PeerFailed | None = None
        self._known, self._over = threading.Event(), threading.Event()
        self._selector = selectors.DefaultSelector()
        self._bell, self._ring = socket.socketpair()  # so that closing need not wait for a tick
        self._selector.register(self._bell, selectors.EVENT_READ)
        for peer in peers:
            peer.connection.setblocking(False)
            self._selector.register(peer.connection, selectors.EVENT_READ, peer)
        self._thread = threading.Thread(target=self._run, name="peers", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self, error: BaseException | None = None) -> None:
        """Stop watching, and tell the others how this process ends."""
        self._over.set()
        self._ring.send(b"!")
        self._thread.join()
        self._tell(error)
        self._selector.close()
        for connection in (self._bell, self._ring, *(peer.connection for peer in self.peers)):
            connection.close()

    def reason(self, within_s: float) -> PeerFailed | None:
        """Return which peer has ended, if that is known so soon."""
        self._known.wait(within_s)
        return self.lost

    def _run(self) -> None:
        tick = min(TICK_S, self.patience_s / 4)
        beaten = 0.0
        while not self._over.is_set() and self.lost is None:
            for key, _ in self._selector.select(tick):
                if key.data is not None:
                    self._listen(key.data)
            now = time.monotonic()
            if now - beaten >= tick:  # only after everything that had come was read
                beaten = now
                self._beat(now)
        if self.lost is None:
            return
        self._tell(self.lost)  # at once: those who cannot know which one it was may be aborted
        self._known.set()
        if not self._over.wait(GRACE_S):  # it waits for the one that is gone
            self.end(self.lost)

    def _beat(self, now: float) -> None:
        for peer in self.peers:
            peer.say(ALIVE)
            silent_s = now - peer.heard
            if not peer.done and silent_s > self.patience_s:
                self._lose(
                    f"{peer} has given no sign of life for {self.patience_s:g} s "
                    f"(Global.rank_stall_s): it is stopped, or its machine cannot be reached; "
                    f"{REMEDY}"
                )

    def _listen(self, peer: Peer) -> None:
        lines = peer.lines()
        if lines is None:
            self._selector.unregister(peer.connection)
            if not peer.done:
                self._lose(f"{peer} has ended without a word (killed or crashed); {REMEDY}")
            return
        for line in lines:
            word, _, rest = line.partition(b" ")
            if word == DONE:
                peer.done = True
            elif word == FAILED:
                code, _, text = rest.decode(errors="replace").partition(" ")
                said = text if text.startswith("rank ") else f"{peer}: {text}"
                self._lose(said, int(code) if code.isdigit() else InternalError.exit_code)

    def _lose(self, text: str, code: int = InternalError.exit_code) -> None:
        if self.lost is None:
            self.lost = PeerFailed(text, code)

    def _tell(self, error: BaseException | None) -> None:
        message = DONE
        if error is not None:
            code = getattr(error, "exit_code", InternalError.exit_code)
            text = " | ".join(str(error).splitlines())[: MOST_BYTES // 8] or type(error).__name__
            message = b"%s %d %s" % (FAILED, code, text.encode(errors="replace"))
        for peer in self.peers:
            peer.say(message)


@contextlib.contextmanager
def watched(patience_s: float, events: Events) -> Iterator[None]:
    """Inside this block the end of any process of the job is the end of this one.

    An error that only says that a collective has failed is replaced by what made it fail.
    """
    peers = _connected() if dist.world_size() > 1 else []
    if not peers:
        yield
        return

    def end(lost: PeerFailed) -> None:
        ended(events, lost.exit_code, str(lost))

    def last_word() -> None:
        lost = watch.reason(GRACE_S)
        if lost is not None:
            end(lost)

    watch = Watch(peers, patience_s, end)
    watch.start()
    try:
        with aborts.told(last_word):
            yield
    except BaseException as error:
        lost = None if isinstance(error, OcrError) else watch.reason(GRACE_S)
        watch.close(lost or error)
        if lost is not None:
            raise lost from error
        raise
    watch.close()


def _connected() -> list[Peer]:
    """Return the peers of this process, [] where no connection can be made, which is said."""
    try:
        peers = _accepted() if dist.is_main() else _joined()
    except OSError as error:
        peers, failure = [], str(error)
    else:
        failure = ""
    failures = [one for one in ranks.gather(failure) if one]
    if failures:
        get_logger().warning(
            "the processes cannot watch each other (%s): one that stops is noticed only by "
            "Global.stall_s",
            failures[0],
        )
        for peer in peers:
            peer.connection.close()
        return []
    return peers


def _accepted() -> list[Peer]:
    """Return the connections of all other ranks, which are told where to call."""
    token, address = secrets.token_hex(16), _own_address()
    try:
        server = socket.create_server((address, 0))
    except OSError:
        ranks.share(None)
        raise
    peers: list[Peer] = []
    with server:
        server.settimeout(CONNECTING_S)
        ranks.share((address, server.getsockname()[1], token, _name()))
        try:
            while len(peers) < dist.world_size() - 1:
                connection, _ = server.accept()
                peer = _introduced(connection, token)
                if peer is None:
                    connection.close()
                else:
                    peers.append(peer)
        except OSError:
            for peer in peers:
                peer.connection.close()
            raise
    return peers


def _introduced(connection: socket.socket, token: str) -> Peer | None:
    """Return who is calling; None for anybody who does not belong to the job."""
    connection.settimeout(CONNECTING_S)
    try:
        with connection.makefile("rb") as file:
            words = file.readline(MOST_BYTES).decode(errors="replace").split(maxsplit=2)
    except OSError:
        return None
    if len(words) != 3 or not secrets.compare_digest(words[0].encode(), token.encode()):
        return None
    return Peer(int(words[1]), connection, words[2].strip())


def _joined() -> list[Peer]:
    """Return the connection to the first rank."""
    where = ranks.share(None)
    if where is None:
        return []
    address, port, token, name = where
    connection = socket.create_connection((address, port), CONNECTING_S)
    connection.sendall(f"{token} {dist.rank()} {_name()}\n".encode())
    return [Peer(0, connection, name)]


def _own_address() -> str:
    """Return the address at which the others reach this process, as the launcher gave it."""
    return os.environ.get("PADDLE_CURRENT_ENDPOINT", "").rpartition(":")[0] or "127.0.0.1"


def _name() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
