"""What the proposals service decides: rule sets, cycles, hosts, proposals, vacancies, sign-ins."""

# In the order of the story, which is the catalogue's too.
# ruff: noqa: I001
from schemas.proposals.programme import (
    RuleSetPublished,
    CyclePublished,
    CycleRescheduled,
)
from schemas.proposals.host import (
    ContactKind,
    HostFacts,
    HostRegistered,
    HostApproved,
    HostRefused,
    HostSuspended,
    HostFactsAmended,
    HostContactAdded,
    HostContactRemoved,
)
from schemas.proposals.proposal import (
    ScreeningOutcome,
    ProposalReminder,
    ProposalSubmitted,
    ProposalScreened,
    ProposalReminded,
    ProposalWithdrawn,
    ProposalLapsed,
)
from schemas.proposals.vacancy import (
    VacancyWithdrawal,
    VacancyPublished,
    VacancyOpened,
    VacancyClosed,
    VacancyAmended,
    VacancyWithdrawn,
    VacancyReadvertised,
    VacancyFilled,
    CurrentVacancy,
)
from schemas.proposals.person import (
    OfficeRole,
    SignInEnded,
    RoleEnded,
    PersonErasureOrdered,
    PersonErased,
    ContactCard,
    SealedLetter,
)

__all__ = [
    "ContactCard",
    "ContactKind",
    "CurrentVacancy",
    "CyclePublished",
    "CycleRescheduled",
    "HostApproved",
    "HostContactAdded",
    "HostContactRemoved",
    "HostFacts",
    "HostFactsAmended",
    "HostRefused",
    "HostRegistered",
    "HostSuspended",
    "OfficeRole",
    "PersonErased",
    "PersonErasureOrdered",
    "ProposalLapsed",
    "ProposalReminded",
    "ProposalReminder",
    "ProposalScreened",
    "ProposalSubmitted",
    "ProposalWithdrawn",
    "RoleEnded",
    "RuleSetPublished",
    "ScreeningOutcome",
    "SealedLetter",
    "SignInEnded",
    "VacancyAmended",
    "VacancyClosed",
    "VacancyFilled",
    "VacancyOpened",
    "VacancyPublished",
    "VacancyReadvertised",
    "VacancyWithdrawal",
    "VacancyWithdrawn",
]
