"""Which service owns which schema, from each place that may say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.config import Config, ServiceConfig
from console.errors import ConfigError, UsageError
from console.services import owner_of, services_for


def folder(root: Path, name: str, toml: str | None = None) -> Path:
    made = root / name
    made.mkdir(parents=True)
    (made / "0001_a.up.sql").write_text("select 1;")
    if toml is not None:
        (made / "service.toml").write_text(toml)
    return made


def test_the_shipped_services_belong_to_the_demo_alone() -> None:
    names = [service.name for service in services_for(Config(), demo=True)]
    assert len(names) == 12 and "platform" in names and names == sorted(names)
    assert services_for(Config()) == ()


def test_a_folder_of_services_or_of_one(tmp_path: Path) -> None:
    folder(tmp_path / "m", "billing", 'schemas = ["billing", "ledger"]\ndepends_on = ["platform"]')
    folder(tmp_path / "m", "users")
    (tmp_path / "m" / "docs").mkdir()
    billing, users = services_for(Config(), migrations=tmp_path / "m")
    assert (billing.schemas, billing.depends_on, users.schemas) == (("billing", "ledger"), ("platform",), ("users",))
    (alone,) = services_for(Config(), migrations=tmp_path / "m" / "users", layout="flyway")
    assert (alone.name, alone.layout) == ("users", "flyway")
    (tmp_path / "m" / "users" / "seed").mkdir()
    (tmp_path / "m" / "users" / "seed" / "people.sql").write_text("select 1;")
    (alone,) = services_for(Config(), migrations=tmp_path / "m" / "users")
    assert alone.folder == tmp_path / "m" / "users", "a service's seeds were taken for its migrations"
    assert owner_of("ledger", (billing, users)) is billing and owner_of("public", (billing, users)) is None


def test_the_configuration_adds_to_the_folders_own_words(tmp_path: Path) -> None:
    made = folder(tmp_path, "billing_files", 'schemas = ["billing"]\ndescription = "Invoices"')
    config = Config(services={"billing": ServiceConfig(name="billing", migrations=made),
                              "mail": ServiceConfig(name="mail", schemas=("mail", "outbox"))})
    billing, mail = services_for(config)
    assert (billing.name, billing.schemas, billing.description, billing.folder) == (
        "billing", ("billing",), "Invoices", made)
    assert (mail.schemas, mail.folder) == (("mail", "outbox"), None)


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        services_for(Config(), migrations=tmp_path / "none")
    with pytest.raises(UsageError) as caught:
        services_for(Config(), demo=True, only="platfrom")
    assert caught.value.hint == "did you mean platform?"
    folder(tmp_path, "a", "schemata = ['a']")
    with pytest.raises(ConfigError, match="schemata: unknown key"):
        services_for(Config(), migrations=tmp_path)
    with pytest.raises(ConfigError, match="is no folder"):
        services_for(Config(services={"a": ServiceConfig(name="a", migrations=tmp_path / "x")}))
