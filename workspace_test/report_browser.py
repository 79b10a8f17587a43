"""The report of a run in a real browser: pictures of the page, and what the browser had to complain about.

    python workspace_test/report_browser.py REPORT.html --browser PATH [--output DIR] [--width 1400] [--dark] [--print]

The browser is any headless Chromium. It is driven over a pipe, without a script of the page being run: nothing may be
requested from anywhere, nothing may be logged, and the page may not be wider than the window. Without a browser it
says so and ends well.
"""

import argparse
import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "chrome-headless-shell")
SLICE = 8000  # pixels: beyond 16384 a browser's picture repeats itself
OVERFLOW = (
    "JSON.stringify([document.documentElement.scrollWidth, document.documentElement.clientWidth, "
    "Math.ceil(document.documentElement.getBoundingClientRect().height)])"
)


class Browser:
    """A headless Chromium that takes commands of the DevTools protocol through two pipes."""

    def __init__(self, path):
        self.profile = tempfile.mkdtemp()
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        fixed = (os.dup(to_browser), os.dup(from_browser))
        options = ["--headless", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--remote-debugging-pipe", "--in-process-gpu", f"--user-data-dir={self.profile}", "about:blank"]
        command = [sys.executable, "-c", _STARTER, *map(str, fixed), str(path), *options]
        self.process = subprocess.Popen(command, pass_fds=fixed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for descriptor in (to_browser, from_browser, *fixed):
            os.close(descriptor)
        self._numbers, self._buffer, self.events = itertools.count(1), b"", []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self._write)
        self.process.terminate()
        self.process.wait(timeout=20)
        os.close(self._read)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, session=None, **parameters):
        """Send a command and wait for its answer; events that come before it are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        """The next event of a kind."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def _next(self):
        while b"\0" not in self._buffer:
            piece = os.read(self._read, 2**20)
            if not piece:
                raise RuntimeError("the browser ended: is it a headless Chromium with all its libraries?")
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


_STARTER = """
import os, sys
read, write, program, *options = sys.argv[1:]
os.dup2(int(read), 3), os.dup2(int(write), 4)
os.set_inheritable(3, True), os.set_inheritable(4, True)
os.execv(program, [program, *options])
"""


def pictures_of(browser, url, width, dark, printed):
    """PNG pieces of the page from top to bottom, and complaints."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Network", "Log", "Runtime"):
        browser.call(f"{domain}.enable", session)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.call("Emulation.setEmulatedMedia", session, media="print" if printed else "screen", features=scheme)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.call("Emulation.setDeviceMetricsOverride", session, **size)
    browser.call("Page.navigate", session, url=url)
    browser.wait_for("Page.loadEventFired")
    answer = browser.call("Runtime.evaluate", session, expression=OVERFLOW)["result"]["value"]
    content, window, height = json.loads(answer)
    browser.call("Emulation.setDeviceMetricsOverride", session, **{**size, "height": min(height, SLICE)})
    pieces = []
    for top in range(0, height, SLICE):
        clip = {"x": 0, "y": top, "width": width, "height": min(SLICE, height - top), "scale": 1}
        shot = browser.call("Page.captureScreenshot", session, format="png", clip=clip, captureBeyondViewport=True)
        pieces.append(base64.b64decode(shot["data"]))
    complaints = [] if content <= window else [f"the page is {content} pixels wide in a window of {window}"]
    return pieces, [*complaints, *_complaints(browser.events, url)]


def _complaints(events, url):
    for event in events:
        method, about = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and not about["request"]["url"].startswith(("data:", url, "about:")):
            yield f"requests {about['request']['url'][:200]}"
        elif method == "Log.entryAdded":
            yield f"logs {about['entry']['text']}"
        elif method == "Runtime.exceptionThrown":
            yield "throws an exception"


def main():
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("--browser", help="a headless Chromium (default: the first one found)")
    parser.add_argument("--output", type=Path, default=Path("."), help="folder of the pictures")
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--print", dest="printed", action="store_true", help="as it is printed")
    options = parser.parse_args()
    path = options.browser or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        print("no browser was found: name a headless Chromium with --browser; nothing was looked at")
        return 0
    url = options.report.resolve().as_uri()
    with Browser(path) as browser:
        version = browser.call("Browser.getVersion")["product"]
        pieces, complaints = pictures_of(browser, url, options.width, options.dark, options.printed)
    options.output.mkdir(parents=True, exist_ok=True)
    name = f"report_{options.width}{'_dark' * options.dark}{'_print' * options.printed}"
    for k, piece in enumerate(pieces):
        (options.output / f"{name}_{k}.png").write_bytes(piece)
    print(f"{version}: {len(pieces)} pictures in {options.output} ({name}_0.png ...)")
    for complaint in complaints:
        print(f"FAILED: the page {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
