"""Make the development keys of the compose file, once, each where only those who need it look.

`python -m deploy.compose.keys FOLDER`: `shared/` for all services, `desk/` for the front desk, `post/`
for notifications. What is there is left alone.
"""

import os
import sys
import tempfile
from pathlib import Path

from deploy.local.keys import keys_in


def main(folder: Path) -> None:
    """Write what is missing, each file readable by its owner alone."""
    if (folder / "post" / "contacts-private-key").exists():
        return
    with tempfile.TemporaryDirectory() as made:
        keys = keys_in(Path(made) / "secrets")
    for name, value in {
        "shared/cookie-secret": keys.cookie_secret,
        "shared/signing-public-key": keys.signing_public_key,
        "desk/client-secret": keys.client_secret,
        "desk/person-key": keys.person_key,
        "desk/signing-private-key": keys.signing_private_key,
        "desk/contacts-public-key": keys.contacts_public_key,
        "post/contacts-private-key": keys.contacts_private_key,
    }.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
        with os.fdopen(descriptor, "w") as output:
            output.write(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
