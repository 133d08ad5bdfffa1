"""Rights: who may see and write what. One module, one table; every read, write, page and push asks here.

A doc carries *tags* (whose class, whose own, the office …), a person *holds* tags by role. Where they meet,
the doc is in scope, with the *view* that the tag gives: which of its fields are shown.
"""

from server.access.audience import VIEW_FIELDS, audience, shows
from server.access.roles import (
    ROLE_TITLES,
    Principal,
    load_principal,
    principal_of,
    schools_of,
    server_principal,
)
from server.access.writing import REVIEWS, may_create, may_edit, may_grant, may_raise, may_settle

__all__ = [
    "REVIEWS",
    "ROLE_TITLES",
    "VIEW_FIELDS",
    "Principal",
    "audience",
    "load_principal",
    "may_create",
    "may_edit",
    "may_grant",
    "may_raise",
    "may_settle",
    "principal_of",
    "schools_of",
    "server_principal",
    "shows",
]
