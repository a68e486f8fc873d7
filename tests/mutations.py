"""`make mutate`: change an operator, a boundary and a join of each area's core model; worked tests must notice.

A rule that can be changed with every test still passing is not tested. Takes some minutes, so it is not part of `make
test`; tests/measures/test_mutations.py sees to it that each change still finds its place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from foundation.settings import DBT_PROJECT_DIR, Settings
from orchestration import warehouse


@dataclass(frozen=True)
class Mutation:
    """One change of a model's SQL, which its worked numbers must notice."""

    kind: str  # operator, boundary, join
    model: str  # path below models, without .sql
    old: str
    new: str
    macro: str = ""  # path below macros, without .sql, where the rule stands there and not in the model itself

    @property
    def file(self) -> str:
        """Where the rule stands, below the dbt project."""
        return f"macros/{self.macro}.sql" if self.macro else f"models/{self.model}.sql"

    @property
    def name(self) -> str:
        return Path(self.model).name

    @property
    def area(self) -> str:
        return Path(self.model).parent.name


MUTATIONS = tuple(
    Mutation(**found) for found in yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
)


def misplaced() -> Iterator[str]:
    """Mutations whose text does not stand exactly once in the model, in words."""
    for mutation in MUTATIONS:
        count = (DBT_PROJECT_DIR / mutation.file).read_text(encoding="utf-8").count(mutation.old)
        if count != 1:
            yield f"{mutation.file}: {mutation.old!r} stands there {count} times; it must once"


def survivors(built: Path, scratch: Path) -> Iterator[Mutation]:
    """Those that no worked test noticed. `built` holds work.duckdb and kefu.duckdb with the tables of the project."""
    waiting = list(MUTATIONS)
    while waiting:
        one_per_model = {mutation.model: mutation for mutation in reversed(waiting)}
        chosen = list(one_per_model.values())
        waiting = [mutation for mutation in waiting if mutation not in chosen]
        failed = _failed_models(chosen, built, scratch)
        for mutation in chosen:
            noticed = mutation.name in failed
            print(f"{'noticed' if noticed else 'MISSED':<8} {mutation.kind:<9} {mutation.model}", flush=True)
            if not noticed:
                yield mutation


def _failed_models(chosen: list[Mutation], built: Path, scratch: Path) -> set[str]:
    """Models of which a unit test failed in a copy of the project with these changes."""
    project = scratch / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs", "dbt_packages"))
    for mutation in chosen:
        path = project / mutation.file
        path.write_text(path.read_text(encoding="utf-8").replace(mutation.old, mutation.new), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "test"),
            *("--select", *(f"{mutation.name},test_type:unit" for mutation in chosen)),
            *("--project-dir", project, "--profiles-dir", project, "--target-path", scratch / "target"),
            *("--log-path", scratch),
        ],
        env={**os.environ, "KEFU_WORK_DB": str(built / "work.duckdb"), "KEFU_MARTS_DB": str(built / "kefu.duckdb")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stdout + done.stderr)
    results = json.loads((scratch / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    # a change that cannot even run tells nothing of the tests: only a result that differs counts
    broken = [result for result in results if result["status"] == "error"]
    if broken:
        raise RuntimeError("\n".join(f"{result['unique_id']}: {result['message']}" for result in broken))
    return {result["unique_id"].split(".")[2] for result in results if result["status"] == "fail"}


def main() -> int:
    wrong = list(misplaced())
    if wrong:
        print(*wrong, sep="\n")
        return 2
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        built = Path(os.environ["KEFU_WORK_DB"]).parent if "KEFU_WORK_DB" in os.environ else _empty_build(scratch)
        missed = list(survivors(built, scratch))
    print(f"{len(MUTATIONS) - len(missed)} of {len(MUTATIONS)} changes were noticed")
    return 1 if missed else 0


def _empty_build(scratch: Path) -> Path:
    """The project's tables where nothing was supplied: unit tests take the types of their inputs from them."""
    settings = Settings(home=scratch / "home")
    candidate = warehouse.prepare(settings, known_at=date(2026, 10, 31))
    warehouse.build(settings, candidate)
    return candidate.folder


if __name__ == "__main__":
    sys.exit(main())
