"""`python -m services.expenses ROLE`."""

from chassis.cli import run
from services.expenses.main import SERVICE

if __name__ == "__main__":
    run(SERVICE)
