"""Kannel in a folder of its own: bearerbox, smsbox, and phones played by its own `fakesmsc`."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from types import TracebackType

import pytest

from tests.servers.process import ServerProcess, free_port

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
BEARERBOX_READY = "Start-up done"
SMSBOX_READY = "Connected to bearerbox"
PATIENCE_S = 30.0
"""How long a phone waits for what it expects; it comes in milliseconds."""

CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {password}
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
dlr-storage = internal
log-level = 1

group = smsc
smsc = fake
smsc-id = PHONE
port = {phones}
connect-allow-ip = 127.0.0.1

# an SMSC that is called: it takes what no phone here can write
group = smsc
smsc = http
smsc-id = NET
allowed-smsc-id = NET
system-type = kannel
port = {net}
connect-allow-ip = 127.0.0.1
smsc-username = us
smsc-password = {password}
send-url = "http://127.0.0.1:{admin}/"

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
http-request-retry = 60
http-queue-delay = 1
log-level = 1

group = sendsms-user
username = us
password = {password}

# as docs/sms.md shows it
group = sms-service
keyword = default
get-url = "{door}?id=%I&from=%p&to=%P&text=%b&charset=%C&ts=%T"
max-messages = 0

group = sms-service
keyword = posted
post-url = "{door}"
send-sender = true
max-messages = 0
"""


class Kannel:
    """Both boxes; what comes in goes to `door`, port `door_port`, where a test listens."""

    password = "0123456789"

    def __init__(self, folder: Path) -> None:
        self.door_port = free_port()
        self.door = f"http://127.0.0.1:{self.door_port}/sms/kannel"
        self._file = folder / "kannel.conf"
        self._ports = {name: free_port() for name in ("admin", "boxes", "phones", "net", "sendsms")}
        self.url = f"http://127.0.0.1:{self._ports['sendsms']}"
        self.net = f"http://127.0.0.1:{self._ports['net']}"
        self._boxes: list[ServerProcess] = []

    def __enter__(self) -> Kannel:
        if shutil.which("bearerbox") is None or not Path(FAKESMSC).exists():
            if os.environ.get("CI") == "true":
                pytest.fail("no Kannel on this machine: install kannel and kannel-extras")
            pytest.skip("no Kannel on this machine (kannel, kannel-extras)")
        self._file.write_text(CONFIGURATION.format(door=self.door, password=self.password, **self._ports))
        self._boxes.append(ServerProcess(["bearerbox", str(self._file)], BEARERBOX_READY))
        self._boxes.append(ServerProcess(["smsbox", str(self._file)], SMSBOX_READY))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._boxes:
            self._boxes.pop().end(signal.SIGKILL)

    def phone(self, *sent: str) -> Phone:
        """A phone that sends `FROM TO text WORDS`, one after the other, and then listens."""
        return Phone(self._ports["phones"], sent)


class Phone:
    """One `fakesmsc`; Kannel knows one at a time."""

    def __init__(self, port: int, sent: tuple[str, ...]) -> None:
        command = [FAKESMSC, "-H", "127.0.0.1", "-r", str(port), "-i", "0.01", "-m", str(len(sent))]
        # it wants a message even where it sends none
        self._process = subprocess.Popen(
            [*command, *(sent or ("0 0 text -",))], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._got: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            _, found, message = line.partition("Got message ")
            if found:
                self._got.put(message.partition("<")[2].rstrip().removesuffix(">"))

    def got(self) -> str:
        """The next SMS, `FROM TO KIND WORDS`."""
        return self._got.get(timeout=PATIENCE_S)

    def __enter__(self) -> Phone:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
