"""Which service owns which schema, and where its migrations are."""

from console.services.ownership import UNASSIGNED, Service, owner_of, services_for

__all__ = ["UNASSIGNED", "Service", "owner_of", "services_for"]
