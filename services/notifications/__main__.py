"""`python -m services.notifications ROLE`."""

from chassis.cli import run
from services.notifications.main import SERVICE

if __name__ == "__main__":
    run(SERVICE)
