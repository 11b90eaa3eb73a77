"""The development identity provider: a real OpenID Connect exchange with people who do not exist.

`python -m deploy.local.identity PORT [FILE …]`: the people of further files come beside ours. Anyone
may sign in as anyone: it listens on loopback alone.
It names as issuer whatever host it was asked by, so browser and services reach it by one address.
"""

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from deploy.local.ports import LISTENS_ON

PEOPLE = Path(__file__).with_name("people.toml")


def people(file: Path = PEOPLE) -> list[dict[str, Any]]:
    """Everyone in `people.toml`: `sub`, and what the provider asserts about them."""
    return [person for group in tomllib.loads(file.read_text()).values() for person in group]


def issuer(port: int) -> str:
    """The one address by which it must be asked."""
    return f"http://localhost:{port}"


def main(port: int, *further: Path) -> None:
    """Serve until the process is told to end."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http, on loopback alone
    import uvicorn
    from oidc_provider_mock import User, app

    known = [person for file in (PEOPLE, *further) for person in people(file)]
    users = [User(sub=person.pop("sub"), claims=person) for person in known]
    uvicorn.run(
        app(user_claims=users), interface="wsgi", host=LISTENS_ON, port=port, log_level="warning"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), *(Path(name) for name in sys.argv[2:]))
