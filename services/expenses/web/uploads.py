"""A chosen receipt on its way in: read whole, judged before any transaction, kept by the one that follows."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile

from chassis.door import Door
from chassis.problems import Problem
from services.expenses.domain.receipt import Judged, NoFile, OneFileOnly
from services.expenses.receipts.judge import Judge, shown_name

FIELD = "receipt"
BARE = ("application/pdf", "image/")


@dataclass(frozen=True, slots=True)
class Upload:
    """A receipt that may be kept, and its name for its owner's eyes."""

    name: str
    judged: Judged


async def chosen_file(door: Door) -> Upload | None:
    """The file of a page's form, judged; None where none was chosen."""
    return await _judged(door, door.form or FormData())


async def sent_file(door: Door) -> Upload:
    """The file that an API caller sent, bare or as a form. Raises `Problem` 415 for anything else."""
    kind = door.request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind.startswith(BARE):
        return await _judge(door, await door.request.body(), name="")
    if kind == "multipart/form-data":
        await door.request.body()  # kept, so that the command's key can be made of it too
        form = await door.request.form(max_files=4, max_fields=20, max_part_size=64 * 1024)
        upload = await _judged(door, form)
        if upload is None:
            raise NoFile
        return upload
    raise Problem(
        415, "unsupported-media-type", "Send the PDF, JPEG or PNG itself, or a form with the file."
    )


async def _judged(door: Door, form: FormData) -> Upload | None:
    given = [each for each in form.getlist(FIELD) if isinstance(each, UploadFile)]
    chosen = [each for each in given if each.filename]  # browsers send an empty one for none
    if not chosen:
        return None
    if len(chosen) > 1:
        raise OneFileOnly
    content = await chosen[0].read()
    await chosen[0].seek(0)
    return await _judge(door, content, name=chosen[0].filename or "")


async def _judge(door: Door, content: bytes, *, name: str) -> Upload:
    judged = await _judge_of(door).receipt(content, name=name)
    return Upload(shown_name(name), judged)


def _judge_of(door: Door) -> Judge:
    """The one of this process: it lets only so many files be examined at once."""
    state: Any = door.request.app.state
    if not hasattr(state, "judge"):
        state.judge = Judge(door.settings.judging_at_once)
    return state.judge
