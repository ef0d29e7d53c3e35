"""A ``docker`` without an engine: volumes are folders, containers run ``tar`` alone, and every call is noted.

Scripts under test start it as ``docker``. ``STANDIN`` names its folder; a call that ``FAILS`` matches fails. It says
nothing of how Docker behaves: only whether a script asks for the right things in the right order.
"""

import os
import re
import shutil
import sys
from pathlib import Path

_CHOICE = re.compile(r"\$\{([A-Z0-9_]+):?-([^}]*)\}")


def main(arguments: list[str]) -> int:
    place = Path(os.environ["STANDIN"])
    call = " ".join(arguments)
    with (place / "calls").open("a") as calls:
        calls.write(f"{call}\n")
    if re.search(os.environ.get("FAILS", "^$"), call):
        return 1
    volumes = place / "volumes"
    match arguments:
        case ["compose", "version", "--short"]:
            print(os.environ.get("COMPOSE_VERSION", "2.29.1"))  # noqa: T201
        case ["compose", "port", _, port]:
            print(_published(port))  # noqa: T201
        case ["volume", "create", *_, name]:
            (volumes / name).mkdir()
        case ["volume", "inspect", name]:
            return int(not (volumes / name).exists())
        case ["volume", "rm", "--force", name]:
            shutil.rmtree(volumes / name, ignore_errors=True)
        case ["run", *options]:
            mounted = options[options.index("-v") + 1].split(":")[0]
            program = options[options.index("--entrypoint") + 1]
            told = options[options.index("weather-platform:local") + 1 :]
            here = [str(volumes / mounted) if word == "/volume" else word for word in told]
            os.execvp(program, [program, *here])  # noqa: S606
    return 0


def _published(port: str) -> str:
    """As Compose reads the file: the environment wins over ``.env``."""
    given = dict(line.split("=", 1) for line in Path(".env").read_text().splitlines() if re.match("[A-Z]", line))
    given |= os.environ
    (published,) = re.findall(rf'ports: \["(.*):{port}"\]', Path("docker-compose.yml").read_text())
    return _CHOICE.sub(lambda found: given.get(found[1]) or found[2], published)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
