"""A headless Chromium, told what to do through its DevTools protocol."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1600,1200")


class Page:
    """The one page of a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._sent = 0

    def ask(self, expression: str) -> Any:
        """Value of a JavaScript expression."""
        self._sent += 1
        parameters = {"expression": expression, "returnByValue": True}
        request = {"id": self._sent, "method": "Runtime.evaluate", "params": parameters}
        self._socket.send(json.dumps(request))
        while (answer := json.loads(self._socket.recv(timeout=60))).get("id") != self._sent:
            pass
        return answer["result"]["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 60) -> Any:
        """The value of an expression once it is true."""
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            if time.monotonic() > end:
                text = self.ask("document.body.innerText")
                raise TimeoutError(f"{expression} stayed {value!r}; the page says {text[:2000]}")
            time.sleep(0.2)
        return value


@contextmanager
def open_page(address: str, profile: Path) -> Iterator[Page]:
    """A page at the address; the browser is gone afterwards."""
    place = [f"--user-data-dir={profile}", "--remote-debugging-port=0"]
    browser = subprocess.Popen(
        [str(CHROMIUM), *_OPTIONS, *place, address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_socket_address(profile), max_size=None, ping_interval=None) as socket:
            yield Page(socket)
    finally:
        browser.terminate()
        browser.wait(20)


def _socket_address(profile: Path) -> str:
    port_file = profile / "DevToolsActivePort"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if port_file.is_file() and (lines := port_file.read_text().splitlines()):
            with urlopen(f"http://127.0.0.1:{lines[0]}/json/list") as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.2)
    raise TimeoutError("Chromium did not open a page")
