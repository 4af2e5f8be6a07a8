"""A headless Chromium, driven over a pipe: what a browser makes of a page, and what it asks for.

The DevTools protocol without a library: JSON objects, each ended by a zero byte, on the file
descriptors 3 and 4 of the browser.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 60
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--remote-debugging-pipe",
    "--window-size=1200,900",
)
# What the browser is started by: it looks for its pipe at two fixed numbers.
_AT_3_AND_4 = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)
_KEYS = {
    "Tab": 9,
    "Enter": 13,
    "PageUp": 33,
    "PageDown": 34,
    "End": 35,
    "Home": 36,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
}


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None where there is none, or no such pipe to drive it."""
    if os.name != "posix":
        return None
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Chromium:
    """A browser with one page.

    Attributes:
        errors: what the page has logged as an error or thrown, since it was opened.
        requests: addresses that it asked for, but for its own and for data inside it.
    """

    def __init__(self, executable: str, profile: Path) -> None:
        to_browser, self._to = _high_pipe()
        self._from, from_browser = _high_pipe()
        ends = (to_browser, from_browser)
        numbers = [str(end) for end in ends]
        command = [sys.executable, "-c", _AT_3_AND_4, *numbers, executable, *_FLAGS]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}"],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in ends:
            os.close(end)
        self._numbers, self._unread = itertools.count(1), b""
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._page = ""
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session: str = attached["sessionId"]
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(_SECONDS)
        os.close(self._to)
        os.close(self._from)

    def open(self, page: Path, *, scripts: bool = True) -> None:
        """Load a page from a file, and forget what the one before it did."""
        self.ask("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        self.errors, self.requests, self._page = [], [], page.as_uri()
        self.ask("Page.navigate", {"url": self._page})
        self.wait_for("document.readyState === 'complete' && location.protocol === 'file:'")

    def value(self, expression: str) -> Any:
        """Return what an expression is in the page, as JSON has it."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        found = self.ask("Runtime.evaluate", asked)
        if "exceptionDetails" in found:
            raise AssertionError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait_for(self, expression: str, seconds: float = _SECONDS) -> None:
        """Wait until an expression holds in the page.

        Raises:
            AssertionError: it does not within that time.
        """
        end = time.monotonic() + seconds
        while not self.value(expression):
            if time.monotonic() > end:
                raise AssertionError(f"{expression} did not come true; errors: {self.errors}")
            time.sleep(0.02)

    def press(self, key: str, times: int = 1) -> None:
        """Press a key as a person does, wherever the focus is."""
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        if key == "Enter":
            pressed["text"] = "\r"
        for _ in range(times):
            self.ask("Input.dispatchKeyEvent", {"type": "keyDown", **pressed})
            self.ask("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})

    def click(self, selector: str, across: float, down: float) -> None:
        """Click on an element, at shares of its width and height, once it is in the window."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({selector!r}); "
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); "
            "return [b.left, b.top, b.width, b.height]; })()"
        )
        at = {"x": box[0] + across * box[2], "y": box[1] + down * box[3]}
        for kind in ("mousePressed", "mouseReleased"):
            clicked = {"type": kind, "button": "left", "clickCount": 1, **at}
            self.ask("Input.dispatchMouseEvent", clicked)

    def picture(self) -> bytes:
        """Return the window as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot")["data"])

    def ask(self, method: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call a method of the protocol for the page."""
        return self._ask(method, arguments or {}, self._session)

    def _ask(
        self, method: str, arguments: dict[str, Any], session: str | None = None
    ) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": arguments}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            if not select.select([self._from], [], [], _SECONDS)[0]:
                raise AssertionError(f"the browser has not answered for {_SECONDS} s")
            read = os.read(self._from, 2**20)
            if not read:
                raise AssertionError(f"the browser ended: {self._process.wait(_SECONDS)}")
            self._unread += read
        message, self._unread = self._unread.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        method, said = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            address = said["request"]["url"]
            if address != self._page and not address.startswith(("data:", "blob:")):
                self.requests.append(address)
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(said["exceptionDetails"]))
        elif (method == "Log.entryAdded" and said["entry"]["level"] == "error") or (
            method == "Runtime.consoleAPICalled" and said["type"] in ("error", "assert")
        ):
            self.errors.append(json.dumps(said))


def _high_pipe() -> tuple[int, int]:
    """Return a pipe whose numbers are out of the way of 3 and 4."""
    import fcntl

    moved = []
    for end in os.pipe():
        moved.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10))
        os.close(end)
    return moved[0], moved[1]
