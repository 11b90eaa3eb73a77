"""Pages of the office: deliveries, one delivery, one person's history."""

from chassis import web

pages = web.pages("/office/notifications", audience=web.OFFICE)
