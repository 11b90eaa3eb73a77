"""The gallery: every letter with example data, as its reader sees it."""

from chassis import web

pages = web.pages("/office/notifications/letters", audience=web.OFFICE)
