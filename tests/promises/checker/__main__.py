"""`python -m tests.promises.checker --folder F`: judge a finished run anew. Exit 1 where it finds anything."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from tests.promises.checker import Evidence, gather, judge
from tests.promises.history import read

HISTORY = "history.jsonl"


def main() -> int:
    """Read what was kept beside the history; with a database and a broker, gather it first."""
    parser = argparse.ArgumentParser(prog="python -m tests.promises.checker", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="with the history of a run")
    parser.add_argument("--dsn", help="of the administrator, while the house still stands")
    parser.add_argument("--bootstrap", help="of its broker")
    parser.add_argument("--mails", help="page of its mail catcher")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    given = parser.parse_args()
    if given.dsn:
        evidence = asyncio.run(gather(dsn=given.dsn, bootstrap=given.bootstrap, mails=given.mails))
        evidence.keep(given.folder)
    else:
        evidence = Evidence.read(given.folder)
    history = given.folder / HISTORY
    verdict = judge(evidence, list(read(history)) if history.exists() else [])
    print(json.dumps(verdict.as_json(), indent=2) if given.json else verdict)
    return 0 if verdict.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
