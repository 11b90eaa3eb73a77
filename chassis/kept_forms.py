"""What somebody typed when their sign-in had ended: sealed, for them alone, for an hour (row 43)."""

import json
from typing import Any
from uuid import UUID

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from chassis.database import Database
from chassis.identity import Keys
from schemas.envelope import new_id

_ALGORITHMS = ["dir", "A256GCM"]


def _key(keys: Keys) -> OctKey:
    return OctKey.import_key(keys.derived("kept forms"))


async def keep(
    database: Database, typed: dict[str, Any], *, person_ref: UUID, path: str, keys: Keys
) -> UUID:
    """Store the text and return the id that the address will carry."""
    kept_id = new_id()
    sealed = jwe.encrypt_compact(
        {"alg": "dir", "enc": "A256GCM"}, json.dumps(typed), _key(keys), _ALGORITHMS
    )
    async with database.transaction() as tx:
        await tx.execute(
            "DELETE FROM kept_forms WHERE kept_at < clock_timestamp() - interval '1 hour'"
        )
        await tx.execute(
            "INSERT INTO kept_forms (kept_id, person_ref, path, sealed) VALUES ($1, $2, $3, $4)",
            kept_id,
            person_ref,
            path,
            sealed.encode(),
        )
    return kept_id


async def take(
    database: Database, kept_id: str, *, person_ref: UUID, path: str, keys: Keys
) -> dict[str, Any] | None:
    """Give the text back to the person who typed it, on the page it was typed on; to nobody else."""
    try:
        wanted = UUID(kept_id)
    except ValueError:
        return None
    row = await database.find_row(
        """
        SELECT sealed FROM kept_forms
         WHERE kept_id = $1 AND person_ref = $2 AND path = $3
           AND kept_at > clock_timestamp() - interval '1 hour'
        """,
        wanted,
        person_ref,
        path,
    )
    if row is None:
        return None
    try:
        opened = jwe.decrypt_compact(row["sealed"], _key(keys), _ALGORITHMS)
    except JoseError:
        return None  # the deployment's secret has changed since
    return json.loads(opened.plaintext or b"{}")
