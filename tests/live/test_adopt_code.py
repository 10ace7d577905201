"""Tools whose migrations are code: what they print of them becomes files, which are adopted by what they say of
themselves; what can't be is named."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.live.test_adopt import migrate, run
from tests.live.test_frameworks import alembic_project, dbconsole
from tests.migrate.histories import named, write_files
from tests.migrate.ledgers import LEDGERS
from tests.support.servers import Database, missing


def test_alembics_revisions_become_files_and_are_adopted(database: Database, tmp_path: Path) -> None:
    project = alembic_project(tmp_path / "shop")
    (tmp_path / "dbconsole.toml").write_text("")
    where = ("-t", database.conninfo, "--migrations", str(project / "scripts"))
    done = dbconsole(tmp_path, "up", *where, "--to", "r2", "--yes")
    assert done.returncode == 0, done.stderr
    done = dbconsole(tmp_path, "adopt", "--write-sql", str(tmp_path / "sql"), *where)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 7, done.stderr
    files = {path.name: path.read_text() for path in (tmp_path / "sql").iterdir()}
    assert files["0002_the_r2.up.sql"] == "-- dbconsole: adopts=alembic/r2\nCREATE TABLE r2 (id int);\n"
    assert files["0002_the_r2.down.sql"] == "DROP TABLE r2;\n"
    again = dbconsole(tmp_path, "adopt", "--write-sql", str(tmp_path / "sql"), *where)
    assert again.returncode == 2 and "can't be written: File exists" in again.stderr
    folder = tmp_path / "sql"
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and "Alembic has applied 2 of its migrations" in err
    status, out, err = migrate(database, folder, "adopt", "--yes", "--json")
    assert status == 0 and len(json.loads(out)["done"]) == 2 and json.loads(out)["drift"] == [], err
    assert "can't be mirrored" in migrate(database, folder, "adopt", "--mirror", "--yes")[2]
    assert migrate(database, folder, "up", "--yes")[0] == 0
    assert "3 proved" in migrate(database, folder, "verify")[1]
    assert migrate(database, folder, "down", "--to", "0", "--yes")[0] == 0
    run(database, "UPDATE alembic_version SET version_num = 'r9'")
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and "Alembic's ledger is at r9, which no file of" in err


def test_what_alembic_cannot_take_back_has_no_way_down(database: Database, tmp_path: Path) -> None:
    project = alembic_project(tmp_path / "shop")
    last = project / "scripts" / "versions" / "r3_x.py"
    last.write_text(last.read_text().replace('op.execute("DROP TABLE r3")', 'raise RuntimeError("no way back")'))
    (tmp_path / "dbconsole.toml").write_text("")
    where = ("-t", database.conninfo, "--migrations", str(project / "scripts"))
    done = dbconsole(tmp_path, "adopt", "--write-sql", str(tmp_path / "sql"), *where)
    assert done.returncode == 0, done.stderr
    written = {path.name: path.read_text() for path in (tmp_path / "sql").iterdir()}
    assert not any(name.endswith(".down.sql") for name in written)
    assert "-- dbconsole: irreversible: Alembic prints no way down" in written["0003_the_r3.up.sql"]
    last.write_text(last.read_text().replace("def upgrade():", "def upgrade():\n    op.get_bind().execute('x').all()"))
    done = dbconsole(tmp_path, "adopt", "--write-sql", str(tmp_path / "more"), *where)
    assert done.returncode == 2 and "alembic upgrade heads --sql ended with status 1" in done.stderr


@pytest.mark.parametrize(("tool", "adopted", "after"), [
    ("rails", {"0001": "20240101000000"}, {"0002": "20240909000000"}),
    ("ecto", {"0001": "20240101000000", "0002": "20240202000000"}, {"0003": "20240909000000"}),
    ("django", {"0001": "auth.0001_initial, django/auth.0002_alter", "0002": "shop.0001_initial"}, {}),
])
def test_files_say_what_they_adopt(tool: str, adopted: Mapping[str, str], after: Mapping[str, str], database: Database,
                                   tmp_path: Path) -> None:
    """As who moves over from Rails or Ecto has them: a structure.sql for all, or a file for each."""
    folder = named(write_files({
        f"{number}_x.up.sql": f"-- dbconsole: adopts={tool}/{version}\nCREATE TABLE x{number} ();"
        for number, version in {**adopted, **after}.items()}, tmp_path / "app"))
    run(database, *LEDGERS[tool].ddl.split(";\n"), *(f"CREATE TABLE x{number} ()" for number in adopted))
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and f"has applied {len(adopted)} of its migrations" in err, err
    status, out, err = migrate(database, folder, "adopt", "--yes", "--json")
    assert status == 0 and len(json.loads(out)["done"]) == len(adopted), err
    status, out, err = migrate(database, folder, "up", "--yes", "--json")
    assert status == 0 and len(json.loads(out)["done"]) == len(after), err


def test_a_file_for_several_of_which_some_alone_are_applied(database: Database, tmp_path: Path) -> None:
    head = "-- dbconsole: adopts=ecto/20240101000000, ecto/20250101000000\n"
    folder = named(write_files({"1_x.up.sql": f"{head}SELECT 1;"}, tmp_path / "app"))
    run(database, *LEDGERS["ecto"].ddl.split(";\n"))
    status, _, err = migrate(database, folder, "adopt", "--yes")
    assert status == 2 and "app/1_x adopts 20250101000000 too, which Ecto has not applied" in err
    write_files({"1_x.up.sql": "-- dbconsole: adopts=ecto\nSELECT 1;"}, folder)
    assert "adopts=ecto: no tool/version" in migrate(database, folder, "adopt", "--yes")[2]


def test_a_framework_that_prints_no_sql_is_told_what_to_do(database: Database, tmp_path: Path) -> None:
    folder = write_files({"20260101000000_a.rb": "class A < ActiveRecord::Migration[8.0]\n"}, tmp_path / "app")
    status, _, err = migrate(database, folder, "adopt", "--write-sql", str(tmp_path / "sql"))
    assert status == 2 and "adopts=rails/VERSION" in err and not (tmp_path / "sql").exists()
    status, _, err = migrate(database, folder, "adopt", "--yes")
    assert status == 2 and "adopt --write-sql" in err


SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": {dbname!r}, "HOST": {host!r},
                        "PORT": {port!r}, "USER": {user!r}, "PASSWORD": {password!r}}}}}
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
FIRST = """
from django.db import migrations, models
class Migration(migrations.Migration):
    initial = True
    operations = [migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True)),
                                                  ("name", models.CharField(max_length=20, db_index=True))])]
"""
SECOND = """
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.AddField("item", "note", models.TextField(default="")),
                  migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop)]
"""


def test_djangos_migrations_become_files_and_are_adopted(database: Database, tmp_path: Path) -> None:
    if importlib.util.find_spec("django") is None:
        missing("django", "not installed")
    known = conninfo_to_dict(database.conninfo)
    settings = SETTINGS.format(**{name: str(known.get(name, "")) for name in (
        "dbname", "host", "port", "user", "password")})
    write_files({
        "project/settings.py": settings, "project/manage.py": MANAGE, "project/shop/__init__.py": "",
        "project/shop/migrations/__init__.py": "", "project/shop/migrations/0001_initial.py": FIRST,
        "project/shop/migrations/0002_more.py": SECOND, "dbconsole.toml": f"""
[targets.t]
dsn = "{database.conninfo}"
environment = "development"
[services.shop]
migrations = "project/shop"
framework = "django"
schemas = ["public"]
up = "{sys.executable} {tmp_path / 'project' / 'manage.py'} migrate"
"""}, tmp_path)
    done = dbconsole(tmp_path, "up", "-t", "t", "--yes")
    assert done.returncode == 0, done.stderr
    done = dbconsole(tmp_path, "adopt", "--write-sql", str(tmp_path / "sql"), "-t", "t")
    assert done.returncode == 2 and "shop.0002_more: up, down" in done.stderr and not (tmp_path / "sql").exists()
    done = dbconsole(tmp_path, "adopt", "--write-sql", str(tmp_path / "sql"), "--leave-out-code", "-t", "t")
    assert done.returncode == 0 and "what these do in code is not in the files: shop.0002_more" in done.stderr
    more = (tmp_path / "sql" / "0002_shop_0002_more.up.sql").read_text()
    assert more.startswith("-- dbconsole: adopts=django/shop.0002_more\n-- Left out here")
    status, out, err = migrate(database, tmp_path / "sql", "adopt", "--yes", "--json")
    assert status == 0 and len(json.loads(out)["done"]) == 2 and json.loads(out)["drift"] == [], err
    assert "2 proved" in migrate(database, tmp_path / "sql", "verify")[1]
