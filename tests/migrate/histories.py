"""One history, written for every tool: a schema, a function with semicolons in its body, a column that a later version
renames (so that 10 must come after 9), and an index that can't be built in a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SCHEMA_UP = "CREATE SCHEMA app;\nCREATE TABLE app.item (id int PRIMARY KEY, name text);\n"
SCHEMA_DOWN = "DROP TABLE app.item;\nDROP SCHEMA app;\n"
FUNCTION_UP = """CREATE FUNCTION app.touch() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM 1;
    PERFORM 2;
END;
$body$;
"""
FUNCTION_DOWN = "DROP FUNCTION app.touch();\n"
COLUMN_UP = "ALTER TABLE app.item ADD COLUMN note text;\n"
COLUMN_DOWN = "ALTER TABLE app.item DROP COLUMN note;\n"
RENAME_UP = "ALTER TABLE app.item RENAME COLUMN note TO remark;\n"
RENAME_DOWN = "ALTER TABLE app.item RENAME COLUMN remark TO note;\n"
INDEX_UP = "CREATE INDEX CONCURRENTLY item_name_idx ON app.item (name);\n"
INDEX_DOWN = "DROP INDEX CONCURRENTLY app.item_name_idx;\n"

HISTORIES: Mapping[str, Mapping[str, str]] = {
    "golang-migrate": {
        "1_schema.up.sql": f"BEGIN;\n{SCHEMA_UP}COMMIT;\n",
        "1_schema.down.sql": f"BEGIN;\n{SCHEMA_DOWN}COMMIT;\n",
        "2_touch.up.sql": FUNCTION_UP,
        "2_touch.down.sql": FUNCTION_DOWN,
        "0009_note.up.sql": COLUMN_UP,
        "0009_note.down.sql": COLUMN_DOWN,
        "10_remark.up.sql": RENAME_UP,
        "10_remark.down.sql": RENAME_DOWN,
        "20240101120000_index.up.sql": INDEX_UP,
        "20240101120000_index.down.sql": INDEX_DOWN,
    },
    "diesel": {
        "2017-03-09-122510_schema/up.sql": SCHEMA_UP,
        "2017-03-09-122510_schema/down.sql": SCHEMA_DOWN,
        "20170910000000_touch/up.sql": FUNCTION_UP,
        "20170910000000_touch/down.sql": FUNCTION_DOWN,
        "2017-09-23-182408_note/up.sql": COLUMN_UP,
        "2017-09-23-182408_note/down.sql": COLUMN_DOWN,
        "20171010000000_remark/up.sql": RENAME_UP,
        "20171010000000_remark/down.sql": RENAME_DOWN,
        "2018-01-01-000000-0000_index/up.sql": INDEX_UP,
        "2018-01-01-000000-0000_index/down.sql": INDEX_DOWN,
        "2018-01-01-000000-0000_index/metadata.toml": "run_in_transaction = false\n",
    },
    "sqlx": {
        "1_schema.up.sql": SCHEMA_UP,
        "1_schema.down.sql": SCHEMA_DOWN,
        "2_touch.up.sql": FUNCTION_UP,
        "2_touch.down.sql": FUNCTION_DOWN,
        "9_note.up.sql": COLUMN_UP,
        "9_note.down.sql": COLUMN_DOWN,
        "10_remark.up.sql": RENAME_UP,
        "10_remark.down.sql": RENAME_DOWN,
        "11_index.up.sql": f"-- no-transaction\n{INDEX_UP}",
        "11_index.down.sql": f"-- no-transaction\n{INDEX_DOWN}",
    },
    "dbmate": {
        # One width: dbmate orders by the letters of the names.
        "01_schema.sql": f"-- the beginning\n\n-- migrate:up\n{SCHEMA_UP}\n-- migrate:down\n{SCHEMA_DOWN}",
        "02_touch.sql": f"-- migrate:up\n{FUNCTION_UP}\n-- migrate:down\n{FUNCTION_DOWN}",
        # Two pairs in one file: the second has its own options, and goes down before the first.
        "09_note.sql": f"-- migrate:up\n{COLUMN_UP}-- migrate:down\n{COLUMN_DOWN}"
                      f"-- migrate:up transaction:true\n{RENAME_UP}-- migrate:down\n{RENAME_DOWN}",
        "10_index.sql": f"-- migrate:up transaction:false\n{INDEX_UP}-- migrate:down transaction:false\n{INDEX_DOWN}",
    },
    "goose": {
        "1_schema.sql": f"-- +goose Up\n{SCHEMA_UP}\n-- +goose Down\n{SCHEMA_DOWN}",
        "2_touch.sql": f"-- +goose Up\n-- +goose StatementBegin\n{FUNCTION_UP}-- +goose StatementEnd\n"
                       f"-- +goose Down\n{FUNCTION_DOWN}",
        "9_note.sql": f"-- +goose up\n{COLUMN_UP}-- +goose down\n{COLUMN_DOWN}",
        "10_remark.sql": f"-- +goose Up\n{RENAME_UP}-- +goose Down\n{RENAME_DOWN}",
        "11_index.sql": f"-- +goose NO TRANSACTION\n-- +goose Up\n{INDEX_UP}-- +goose Down\n{INDEX_DOWN}",
    },
    "sql-migrate": {
        "1_schema.sql": f"-- +migrate Up\n{SCHEMA_UP}\n-- +migrate Down\n{SCHEMA_DOWN}",
        "2_touch.sql": f"-- +migrate Up\n-- +migrate StatementBegin\n{FUNCTION_UP}-- +migrate StatementEnd\n"
                       f"-- +migrate Down\n{FUNCTION_DOWN}",
        # The sections may alternate.
        "9_note.sql": f"-- +migrate Up\n{COLUMN_UP}-- +migrate Down\nSELECT 1;\n-- +migrate Up\nSELECT 2;\n"
                      f"-- +migrate Down\n{COLUMN_DOWN}",
        "10_remark.sql": f"-- +migrate Up\n{RENAME_UP}-- +migrate Down\n{RENAME_DOWN}",
        "11_index.sql": f"-- +migrate Up notransaction\n{INDEX_UP}-- +migrate Down notransaction\n{INDEX_DOWN}",
    },
    "flyway": {
        "V1__schema.sql": SCHEMA_UP,
        "U1__schema.sql": SCHEMA_DOWN,
        "V1.2__touch.sql": FUNCTION_UP,
        "U1.2__touch.sql": FUNCTION_DOWN,
        "sub/V1_9__note.sql": COLUMN_UP,
        "sub/U1_9__note.sql": COLUMN_DOWN,
        "V1.10__remark.sql": RENAME_UP,
        "U1.10__remark.sql": RENAME_DOWN,
        "V2__index.sql": INDEX_UP,
        "U2__index.sql": f"-- the .conf beside it says so\n{INDEX_DOWN}",
        "U2__index.sql.conf": "# script configuration\nexecuteInTransaction=false\n",
    },
    "tern": {
        f"{number:03}_{name}.sql": f"{up}\n---- create above / drop below ----\n{down}" for number, name, up, down in (
            (1, "schema", SCHEMA_UP, SCHEMA_DOWN), (2, "touch", FUNCTION_UP, FUNCTION_DOWN),
            (9, "note", COLUMN_UP, COLUMN_DOWN), (10, "remark", RENAME_UP, RENAME_DOWN),
            (11, "index", f"---- tern: disable-tx ----\n{INDEX_UP}", INDEX_DOWN))
    },
}

_CHANGES = (("schema", SCHEMA_UP, SCHEMA_DOWN), ("touch", FUNCTION_UP, FUNCTION_DOWN), ("note", COLUMN_UP, COLUMN_DOWN),
            ("remark", RENAME_UP, RENAME_DOWN))


def _sqitch() -> Mapping[str, str]:
    plan = "".join(f"{name} 2024-01-02T03:04:05Z Me <me@x.org> # {name}\n" for name in (
        *(name for name, _, _ in _CHANGES), "index"))
    return {"sqitch.plan": f"%syntax-version=1.0.0\n%project=app\n\n{plan}",
            **{f"deploy/{name}.sql": f"BEGIN;\n{up}COMMIT;\n" for name, up, _ in _CHANGES},
            **{f"revert/{name}.sql": f"BEGIN;\n{down}COMMIT;\n" for name, _, down in _CHANGES},
            "deploy/index.sql": INDEX_UP, "revert/index.sql": INDEX_DOWN}


def _liquibase() -> Mapping[str, str]:
    def changeset(identity: str, up: str, down: str, more: str = "") -> str:
        back = "".join(f"--rollback {line}\n" for line in down.splitlines())
        return f"--changeset me:{identity}{more}\n{up}{back}\n"

    names = "http://www.liquibase.org/xml/ns/dbchangelog"
    head = "--liquibase formatted sql\n\n"
    # A function with semicolons in its body is not split there; a block of rollback in place of its lines.
    touch = f"-- changeset me:touch splitStatements:false\n{FUNCTION_UP}/* liquibase rollback\n{FUNCTION_DOWN}*/\n"
    return {
        "changelog.xml": '<?xml version="1.0" encoding="UTF-8"?>\n'
                         f'<databaseChangeLog xmlns="{names}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                         f'xsi:schemaLocation="{names} {names}/dbchangelog-latest.xsd">\n'
                         '  <property name="schema" value="app"/>\n  <include file="db/001-tables.sql"/>\n'
                         '  <includeAll path="later" relativeToChangelogFile="true"/>\n</databaseChangeLog>\n',
        "db/001-tables.sql": head + changeset("schema", SCHEMA_UP.replace("app.", "${schema}."), SCHEMA_DOWN) + touch,
        "later/009_note.sql": head + changeset("note", COLUMN_UP, COLUMN_DOWN),
        "later/010_remark.sql": head + changeset("remark", RENAME_UP, RENAME_DOWN)
                                + changeset("index", INDEX_UP, INDEX_DOWN, " runInTransaction:false"),
    }


HISTORIES = {**HISTORIES, "sqitch": _sqitch(), "liquibase": _liquibase()}


def write(layout: str, folder: Path) -> Path:
    """Writes the history of `layout` into `folder`, which it returns."""
    return write_files(HISTORIES[layout], folder)


def named(folder: Path) -> Path:
    """The folder with its name in service.toml: what nobody is asked for."""
    (folder / "service.toml").write_text(f'name = "{folder.name}"\n', "utf-8")
    return folder


def write_files(files: Mapping[str, str], folder: Path) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
