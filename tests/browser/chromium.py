"""Chromium without its screen, driven by its DevTools protocol: it opens pages and tells what they did.

Every name of the network leads to the loopback interface, so that whatever a page asks for is seen there
and nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

WAIT_S = 30.0
_LISTENING = re.compile(r"DevTools listening on (ws://\S+)")
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # containers seldom allow it, and the pages are ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    # All frames in the page's own process, or the protocol tells of them elsewhere.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,OptimizationHints,MediaRouter,Translate",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)
# In every frame, before anything else: what a payload calls, and what may not be taken from a page.
_WITNESS = """
window.ran = (...what) => report(String(what[0]));
window.alert = window.confirm = window.prompt = window.print = () => report('dialog');
"""
_TURNS = "new Promise(done => setTimeout(() => setTimeout(done, 0), 0))"


@dataclass(slots=True)
class Visit:
    """What a page did. ``ran`` names the payloads whose script ran, "dialog" if one opened a dialog;
    ``asked`` are the addresses it asked for, each with what for ("Image", "Document", ...), its own first;
    ``told`` is what the evaluated script gave."""

    ran: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    told: Any = None


def missing() -> str | None:
    """Why Chromium cannot be used here, or None."""
    return None if shutil.which("chromium") else "not installed: chromium"


class Chromium:
    """The browser, from entering to leaving the block. ``hosts`` maps names to ports of the loopback
    interface; all others lead to ``elsewhere``."""

    def __init__(self, folder: Path, hosts: Mapping[str, int], elsewhere: int) -> None:
        # Nobody would answer a greeting of TLS: port 9 refuses at once.
        rules = ["MAP *:443 127.0.0.1:9", *(f"MAP {name} 127.0.0.1:{port}" for name, port in hosts.items())]
        rules += [f"MAP * 127.0.0.1:{elsewhere}", "EXCLUDE 127.0.0.1"]
        self._command = [
            "chromium",
            *_OPTIONS,
            f"--user-data-dir={folder}",
            f"--host-resolver-rules={', '.join(rules)}",
            "about:blank",
        ]
        self._runner = asyncio.Runner()

    def __enter__(self) -> Chromium:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert self._process.stderr
        found, said = None, []
        while found is None and (line := self._process.stderr.readline()):
            said.append(line)
            found = _LISTENING.search(line)
        assert found, "".join(said)
        self._address = found[1]
        # What it goes on to say must be read, or it stops at a full pipe.
        self._drain = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._drain.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.close()
        self._process.terminate()
        self._process.wait(WAIT_S)
        self._drain.join(WAIT_S)
        assert self._process.stderr
        self._process.stderr.close()

    def visit(self, url: str, script: str = "null") -> Visit:
        """Open a page in a tab of its own, wait until it has loaded, and evaluate a script in it.
        TimeoutError after 30 seconds."""
        return self._runner.run(self._visit(url, script))

    async def _visit(self, url: str, script: str) -> Visit:
        async with asyncio.timeout(WAIT_S), _connected(self._address) as tab:
            for domain in ("Page", "Runtime", "Network"):
                await tab.call(f"{domain}.enable")
            await tab.call("Runtime.addBinding", name="report")
            await tab.call("Page.addScriptToEvaluateOnNewDocument", source=_WITNESS)
            await tab.call("Page.navigate", url=url)
            await tab.until(lambda: tab.loaded)
            told = await tab.call(
                "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
            )
            assert "exceptionDetails" not in told, told["exceptionDetails"]
            tab.visit.told = told["result"].get("value")
            # What the script set going shows as requests and in the next turns of the page's own loop.
            await tab.until(lambda: not tab.pending)
            await tab.call("Runtime.evaluate", expression=_TURNS, awaitPromise=True)
            await tab.until(lambda: not tab.pending)
            return tab.visit


class _Tab:
    """One tab's end of the protocol: calls with their answers, and what its events add up to."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.visit = Visit()
        self.loaded = False
        self.pending: set[str] = set()
        self.session: str | None = None
        self._socket = socket
        self._number = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        await self._socket.send_str(json.dumps(message))
        while True:
            answer = await self._next()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._next()

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json()
        about = message.get("params", {})
        match message.get("method"):
            case "Runtime.bindingCalled":
                self.visit.ran.add(about["payload"])
            case "Page.loadEventFired":
                self.loaded = True
            case "Network.requestWillBeSent":
                self.visit.asked.append((about["request"]["url"], about.get("type", "Other")))
                self.pending.add(about["requestId"])
            case "Network.loadingFinished" | "Network.loadingFailed":
                self.pending.discard(about["requestId"])
        return message


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator[_Tab]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, max_msg_size=0) as socket,
    ):
        tab = _Tab(socket)
        target = (await tab.call("Target.createTarget", url="about:blank"))["targetId"]
        attached = await tab.call("Target.attachToTarget", targetId=target, flatten=True)
        tab.session = attached["sessionId"]
        yield tab
        tab.session = None
        await tab.call("Target.closeTarget", targetId=target)
