"""`python -m services.applications ROLE`."""

from chassis.cli import run
from services.applications.main import SERVICE

run(SERVICE)
