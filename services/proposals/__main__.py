"""`python -m services.proposals ROLE`."""

from chassis.cli import run
from services.proposals.main import SERVICE

if __name__ == "__main__":
    run(SERVICE)
