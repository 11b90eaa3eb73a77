"""What the notifications service is told beside what every service is told: how mail leaves."""

from typing import Annotated

from pydantic import Field, SecretStr, model_validator

from chassis.settings import Port, Settings
from services.notifications.mailer.post import Server, Tls


class NotificationsSettings(Settings):
    """The mail server, and the key that opens contact cards."""

    contacts_private_key: SecretStr  # P-256, JWK as JSON: held here alone
    smtp_host: str = "127.0.0.1"
    smtp_port: Port = 25
    smtp_tls: Tls | None = None  # none in development, STARTTLS in production, where it is required
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")] = "internships@localhost"
    senders: Annotated[int, Field(ge=1, le=32)] = 4  # how many hand over side by side

    @model_validator(mode="after")
    def _mails_safely(self) -> "NotificationsSettings":
        if self.is_production and self.smtp_tls is Tls.NONE:
            raise ValueError("SMTP_TLS must be starttls or implicit in production")
        if self.is_production and self.mail_from.endswith("@localhost"):
            raise ValueError("MAIL_FROM must be an address at which bounces are read")
        return self

    @property
    def server(self) -> Server:
        """Where mail is handed over."""
        default = Tls.STARTTLS if self.is_production else Tls.NONE
        return Server(
            host=self.smtp_host,
            port=self.smtp_port,
            tls=self.smtp_tls or default,
            sender=self.mail_from,
            username=self.smtp_username,
            password=self.smtp_password.get_secret_value() if self.smtp_password else None,
        )
