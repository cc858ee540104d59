#!/usr/bin/env python3
"""Holds docs/load-result.schema.json against results: every result fits, and every member that the
schema knows occurs in one of them. Usage: schema_test.py SCHEMA SAMPLES_PROGRAM FOLDER GOLDEN...
"""

import copy
import json
import pathlib
import subprocess
import sys
import unittest

import jsonschema

SCHEMA, RESULTS = {}, {}


def members(schema, path, found, seen):
    """Names every member of the schema as path/name, following references."""
    reference = schema.get("$ref")
    if reference:
        if (path, reference) in seen:
            return
        seen.add((path, reference))
        members(SCHEMA["$defs"][reference.rsplit("/", 1)[1]], path, found, seen)
    for name, member in schema.get("properties", {}).items():
        found.add(f"{path}/{name}")
        members(member, f"{path}/{name}", found, seen)
    if "items" in schema:
        members(schema["items"], path, found, seen)


def occurring(value, path, found):
    if isinstance(value, dict):
        for name, member in value.items():
            found.add(f"{path}/{name}")
            occurring(member, f"{path}/{name}", found)
    elif isinstance(value, list):
        for item in value:
            occurring(item, path, found)


class SchemaTest(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_every_result_fits(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        for name, result in RESULTS.items():
            errors = [f"{error.json_path}: {error.message}"[:200]
                      for error in validator.iter_errors(result)]
            self.assertEqual(errors, [], name)

    def test_every_member_of_the_schema_occurs(self):
        known, found = set(), set()
        members(SCHEMA, "", known, set())
        for result in RESULTS.values():
            occurring(result, "", found)
        # Only the latency has its buckets written out.
        known = {name for name in known
                 if not name.endswith("/buckets") or name.endswith("/latency/buckets")
                 and "good" not in name}
        known -= {"/summary/all/name"}
        self.assertEqual(sorted(known - found), [])

    def test_what_the_schema_does_not_know_does_not_fit(self):
        validator = jsonschema.Draft202012Validator(SCHEMA)
        result = RESULTS["result.json"]
        for change in (lambda it: it.update(extra=1), lambda it: it.pop("seed"),
                       lambda it: it["summary"]["all"].update(extra=1),
                       lambda it: it["intervals"][0].update(second=-1)):
            changed = copy.deepcopy(result)
            change(changed)
            self.assertFalse(validator.is_valid(changed))


def main():
    schema, program, folder, *golden = sys.argv[1:]
    SCHEMA.update(json.loads(pathlib.Path(schema).read_text(encoding="utf-8")))
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    # The long one has nothing that the others have not.
    subprocess.run([program, folder, "rich", "closed", "search", "empty"], check=True, timeout=100)
    for path in [*pathlib.Path(folder).glob("*.json"), *map(pathlib.Path, golden)]:
        RESULTS[path.name] = json.loads(path.read_text(encoding="utf-8"))
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    return 0 if result.wasSuccessful() and len(RESULTS) >= 5 else 1


if __name__ == "__main__":
    sys.exit(main())
