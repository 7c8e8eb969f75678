# Turns lit's JSON results into the lines that tools/test ends with: failures, `SKIP name: why`, and the two counts.
# usage: summary.py [RESULTS.json...] [--count PASSED FAILED]   (adds steps that are not lit tests, such as builds)
import argparse
import json
import re
from collections import Counter

import features

PASSED = {"PASS", "XFAIL", "FLAKYPASS"}
SKIPPED = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


def short(name):
    return name.split(" :: ", 1)[-1]


def skip_lines(test):
    """One line per skip: a whole test that lacks a feature, or parts that a running test reported itself."""
    name, output = short(test["name"]), test.get("output", "")
    if test["code"] in SKIPPED:
        missing = re.search(r"(?:unavailable features|following unsupported features): (.*)", output)
        names = [n.strip() for n in missing.group(1).split(",")] if missing else []
        return [f"SKIP {name}: {'; '.join(features.reason(n) for n in names) or output.strip() or 'unsupported'}"]
    return [m.group(1) for m in re.finditer(r"^(?:# \| )?(SKIP [^:\n]+: .+)$", output, re.M)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", nargs="*")
    parser.add_argument("--count", nargs=2, type=int, default=[0, 0], metavar=("PASSED", "FAILED"))
    arguments = parser.parse_args()
    counts, skips = Counter(passed=arguments.count[0], failed=arguments.count[1]), []
    for path in arguments.results:
        with open(path) as file:
            tests = json.load(file)["tests"]
        for test in tests:
            skips += skip_lines(test)
            if test["code"] in PASSED:
                counts["passed"] += 1
            elif test["code"] not in SKIPPED:
                counts["failed"] += 1
                print(f"FAIL {short(test['name'])} ({test['code'].lower()})")
    for line in skips:
        print(line)
    print(f"{len(skips)} skipped")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return counts["failed"] > 0 or counts["passed"] == 0


if __name__ == "__main__":
    raise SystemExit(main())
