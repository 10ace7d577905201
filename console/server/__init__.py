"""The only package that talks to PostgreSQL: connections, sessions, queries, and what goes wrong with them."""

from console.server import package_versions

package_versions.provide()
