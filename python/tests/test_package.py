"""What is in the wheel and the sdist, and that the README's first example runs from the wheel."""

import os
import re
import socket
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

PYTHON = Path(__file__).parents[1]
MODULES = {f"authwright/{path.name}" for path in (PYTHON / "src" / "authwright").iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the package was built."""
    built = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(built), str(PYTHON)]
    subprocess.run(command, check=True, capture_output=True)
    return built


@pytest.fixture(scope="module")
def core(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment into which pip installed the wheel, with what it depends on and nothing else."""
    where = tmp_path_factory.mktemp("fresh") / "env"
    venv.create(where, with_pip=False)
    python = where / "bin" / "python"
    wheel, versions = str(next(dist.glob("*.whl"))), str(PYTHON / "requirements.txt")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--constraint", versions, wheel], check=True)
    subprocess.run([*pip, "check"], check=True, capture_output=True)
    return python


@pytest.fixture(scope="module")
def fresh(core: Path) -> Path:
    """The same, which for the rest sees what the tests have: pip cannot resolve FastMCP, as requirements.txt says."""
    purelib = said(core, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    (Path(purelib.strip()) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return core


def said(*command: str | Path) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_wheel_holds_the_package_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    info = {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"}
    assert names == MODULES | {f"authwright-0.1.0.dist-info/{name}" for name in info}
    assert "authwright/py.typed" in names


def test_the_sdist_holds_what_the_wheel_is_built_from(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        names = {name.removeprefix("authwright-0.1.0/") for name in sdist.getnames()}
    assert names == {f"src/{name}" for name in MODULES} | {
        "README.md",
        "LICENSE",
        "pyproject.toml",
        "PKG-INFO",
        ".gitignore",
    }


PROTECTED = """
import asyncio
from authwright import Resource

async def app(scope, receive, send):
    raise AssertionError("nobody has a token")

async def main():
    async def send(message):
        for name, value in message.get("headers", []):
            if name == b"www-authenticate":
                print(message["status"], value.decode())

    resource = Resource("https://mcp.example.com/mcp", "https://auth.example.com", scopes=["todo.read"])
    await resource.protect(app)({"type": "http", "method": "GET", "path": "/mcp", "headers": []}, None, send)

asyncio.run(main())
"""


def test_the_wheel_alone_protects_an_application(core: Path) -> None:
    metadata = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
    assert said(core, "-c", PROTECTED) == f'401 Bearer scope="todo.read", resource_metadata="{metadata}"\n'


def test_the_core_imports_no_framework(core: Path) -> None:
    frameworks = "{'fastmcp', 'mcp', 'starlette', 'pydantic'}"
    code = f"import sys, authwright; print(authwright.__file__, {frameworks} & set(sys.modules))"
    printed = said(core, "-c", code)
    assert str(core.parent.parent) in printed, "it is not the wheel's"
    assert printed.rstrip().endswith("set()")


def test_the_types_are_there_for_a_consumer(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(example(), encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(fresh), "server.py"]
    checked = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def example() -> str:
    """The README's first example."""
    found = re.search(r"```python\n(.*?)```", (PYTHON / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def running(fresh: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the README's first example, which runs on a port that was free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    (tmp_path / "server.py").write_text(example().replace("3000", port), encoding="utf-8")
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [fresh, "server.py"], cwd=tmp_path, stdout=output, stderr=output, env=dict(os.environ)
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    transport = httpx.HTTPTransport(retries=10)  # each waits longer than the one before
    with httpx.Client(transport=transport) as http:
        try:
            http.get(address)
        except httpx.ConnectError:
            pytest.fail(f"the server does not answer ({process.poll()}): {log.read_text(encoding='utf-8')}")


def test_the_first_example_of_the_readme_runs(running: str) -> None:
    answer = httpx.post(f"{running}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    metadata = f"{running}/.well-known/oauth-protected-resource/mcp"
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f'Bearer scope="todo.read", resource_metadata="{metadata}"'
    assert httpx.get(metadata).json()["authorization_servers"] == ["http://127.0.0.1:8080"]
