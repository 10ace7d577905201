"""The demo's data: about 50,000 rows that eleven services could have, made up by seeded chance.

The same moment `now` gives the same rows on every machine. All times lie around it: most in the past months, events
and predictions also in the months to come. It is the time of the load, to the hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from console.demo.sample import (
    analytics,
    code_quality,
    document_store,
    documentation,
    event_data,
    idea_lab,
    inference_enhancement,
    memory_management,
    memory_store,
    ui_testing,
    web_access,
)
from console.demo.sample.records import SampleRows

SERVICES = (
    analytics,
    code_quality,
    document_store,
    documentation,
    event_data,
    idea_lab,
    inference_enhancement,
    memory_management,
    memory_store,
    ui_testing,
    web_access,
)

CHANGES = (
    "SET LOCAL code_quality.reason = 'fixed by an update'",
    "UPDATE code_quality.vulnerabilities SET status = 'fixed' WHERE package IS NOT NULL AND id % 3 = 0",
    "SET LOCAL code_quality.reason = 'reviewed by the security team'",
    "UPDATE code_quality.vulnerabilities SET status = 'confirmed' WHERE status = 'open' AND id % 5 = 0",
    "UPDATE documentation.documents SET title = title || ', revised', body = body || E'\n_Revised after review._\n' "
    "WHERE status = 'published' AND id % 4 = 0",
    "UPDATE documentation.documents SET body = replace(body, 'Most teams', 'Many teams') "
    "WHERE id % 3 = 0 AND body LIKE '%Most teams%'",
    "UPDATE idea_lab.projects SET status = 'active' WHERE status = 'draft' AND created_at < now() - interval '90 days'",
)
"""What people changed since: the triggers of the services write it into their histories."""


def tables(now: datetime) -> Iterator[SampleRows]:
    """All tables' rows in an order that foreign keys allow; each to be used up before the next is asked for."""
    for service in SERVICES:
        yield from service.generate(now)
