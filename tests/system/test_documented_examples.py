"""The examples of docs/http.md, run as they stand there: whoever copies them gets events."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from clinic import AWA, DIOP, Clinic, Programs, open_clinic
from forked import REAL_TIME, ROOT
from live_page import PATIENCE
from playwright.async_api import Browser

pytestmark = pytest.mark.asyncio(loop_scope="session")
EXAMPLES = re.findall(
    r"^```(sh|python|js)\n(.*?)^```", (ROOT / "docs" / "http.md").read_text(), re.MULTILINE | re.DOTALL
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with open_clinic(tmp_path_factory.mktemp("clinic")) as clinic:
        yield clinic


@pytest_asyncio.fixture(loop_scope="session")
async def others(clinic: Clinic) -> AsyncIterator[Programs]:
    async with Programs(clinic) as others:
        yield others


def example(language: str, *, speaking_of: str) -> str:
    [found] = [text for kind, text in EXAMPLES if kind == language and speaking_of in text]
    return found


async def says(program: asyncio.subprocess.Process, wanted: str) -> None:
    assert program.stdout
    said = b""
    async with asyncio.timeout(PATIENCE):
        while wanted not in said.decode(errors="replace"):
            part = await program.stdout.read(4096)
            assert part, f"it ended and never said {wanted!r}: {said.decode()}"
            said += part


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """They go on until the test ends, whichever way."""
    # Under a faked clock Python's sleep is refused, EINVAL.
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    program = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=both, start_new_session=True, env=REAL_TIME
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            program.terminate()
            await program.wait()


async def test_curl(clinic: Clinic, others: Programs) -> None:
    text = example("sh", speaking_of="api/events").replace("http://127.0.0.1:8000", clinic.address)
    assert text.count(clinic.address) == 3
    async with running("bash", "-c", text.replace("curl -sN", "exec curl -sN")) as shell:
        await says(shell, '{"events":[{"seq":')  # the first that is kept
        await says(shell, "event: hello")
        await others.grant(AWA)
        await says(shell, "event: access_request_status_changed")


async def test_python(clinic: Clinic, others: Programs, tmp_path: Path) -> None:
    await others.id_of(DIOP)
    token = others.token(DIOP)
    cursor = (await others.ask(DIOP, "GET", "/notifications"))["items"][0]["seq"]
    assert cursor > 50, "the demo has more than one portion to tell"
    file = tmp_path / "example.py"
    text = example("python", speaking_of="httpx").replace("http://127.0.0.1:8000", clinic.address)
    file.write_text(f"token = {token!r}\n{text}")
    async with running(sys.executable, str(file)) as program:
        await says(program, f"\n{cursor} ")


@pytest.mark.parametrize("way", ["/api/events", "/notifications/poll"])
async def test_javascript(browser: Browser, clinic: Clinic, others: Programs, way: str) -> None:
    await others.id_of(DIOP)
    known = (await others.ask(DIOP, "GET", "/notifications"))["items"][0]["seq"]
    said: list[str] = []
    context = await browser.new_context()
    page = await context.new_page()
    page.on("console", lambda message: said.append(message.text))
    await page.goto(clinic.address + "/sign-in")
    given = f"const token = {others.token(DIOP)!r};" + (f"const cursor = {known - 3};" if "api" in way else "")
    text = example("js", speaking_of=way)
    listening = asyncio.ensure_future(page.evaluate(f"(async () => {{ {given} {text} }})()"))
    wanted = f"id: {known}\n" if "api" in way else f"{known} "
    async with asyncio.timeout(PATIENCE):
        while not any(wanted in line for line in said):
            assert not listening.done(), listening
            await asyncio.sleep(0.05)
    await context.close()
    with pytest.raises(Exception, match="closed"):
        await listening
