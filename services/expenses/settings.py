"""What the expenses service is told from outside, beside what every service is told."""

from typing import Annotated

from pydantic import Field

from chassis.settings import Settings


class ExpensesSettings(Settings):
    """Settings of this service alone."""

    judging_at_once: Annotated[int, Field(ge=1, le=16)] = 2  # receipts examined side by side
