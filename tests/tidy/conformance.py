#!/usr/bin/env python3
"""conformance.py — docs/CONFORMANCE.md has a row for every rule, and a test for every row.

Checks that each rule id stands there exactly once, that each proof is the name of a test that is in
the tree and carries the id, and that nothing is without proof but what says why.
Usage: conformance.py [--write] [root]    Exit: 0 clean, 1 findings.
--write fills in proofs: up to three tests whose names carry the id. Good ones stay.
"""
import argparse
import glob
import os
import re
import sys

LAST = {"W": 24, "V": 86, "X": 9, "A": 16, "B": 20, "C": 12, "D": 25, "E": 11, "F": 12, "G": 10}
IDS = [f"{letter}{number}" for letter, last in LAST.items() for number in range(1, last + 1)]
WITH_TLS = {"V9", "V17", "V23", "V24", "V39", "V60", "W20"} | {f"G{number}" for number in (5, 6, 8, 9, 10)}
NOT_BUILT = {"X6", "X8", "X9"}
WITHOUT_PROOF = re.compile(r"(with TLS|not built): \S.+|with TLS")
PROOFS_MAX = 3

ROW = re.compile(r"^\| ([A-GVWX]\d+) \|(.*)\|([^|]*)\|$", re.M)
ID = re.compile(r"(?<![A-Za-z0-9])([A-GVWX]\d{1,2})(?![A-Za-z0-9])")
MACRO = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.M)
CHECK = re.compile(r"(['\"`])((?:[A-GVWX]\d+ )+(?:(?!\1|\$\{).)+)\1")
QUOTED = re.compile(r"`([^`]+)`")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def files(root, pattern):
    found = glob.glob(os.path.join(root, "tests", "**", pattern), recursive=True)
    return sorted(path for path in found if "node_modules" not in path)


def tests(root):
    """{id: [names]}, GoogleTest first; a check of a script is "file: its title"."""
    names = [f"{suite}.{name}" for path in files(root, "*.cc")
             for suite, name in MACRO.findall(read(path))]
    names += [f"{os.path.basename(path)}: {title}" for path in files(root, "*.js")
              for _, title in CHECK.findall(read(path))]
    by_id = {}
    for name in names:
        for rule in set(ID.findall(name.replace("_", " "))):
            by_id.setdefault(rule, []).append(name)
    return by_id


def proof_cell(old, candidates):
    kept = [name for name in QUOTED.findall(old) if name in candidates]
    if not kept:
        gtest = [name for name in candidates if ": " not in name]
        scripts = [name for name in candidates if ": " in name]
        kept = (gtest[:PROOFS_MAX - 1] + scripts[:1]) if scripts else gtest[:PROOFS_MAX]
        kept = kept or scripts[:PROOFS_MAX]
    return ", ".join(f"`{name}`" for name in kept)


def write(path, by_id):
    def row(match):
        rule, middle, proof = match.groups()
        if WITHOUT_PROOF.fullmatch(proof.strip()) or rule not in by_id:
            return match[0]
        return f"| {rule} |{middle}| {proof_cell(proof, by_id[rule])} |"
    text = ROW.sub(row, read(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def check_row(rule, proof, candidates):
    proof = proof.strip()
    if WITHOUT_PROOF.fullmatch(proof):
        if rule not in WITH_TLS | NOT_BUILT:
            yield f"{rule}: only rules of TLS and {', '.join(sorted(NOT_BUILT))} may be without a test"
        return
    named = QUOTED.findall(proof)
    if not named:
        yield f"{rule}: no test is named" + (" (--write finds some)" if candidates else
                                             ": no test carries the id in its name")
    for name in named:
        if name not in candidates:
            yield f"{rule}: no test `{name}` with this id in its name"


def findings(path, by_id):
    rows = ROW.findall(read(path))
    ids = [rule for rule, _, _ in rows]
    for rule in IDS:
        if ids.count(rule) != 1:
            yield f"{rule}: {ids.count(rule)} rows, must be one"
    for rule, _, proof in rows:
        if rule not in IDS:
            yield f"{rule}: there is no such rule"
        yield from check_row(rule, proof, by_id.get(rule, []))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("root", nargs="?", default=".")
    arguments = parser.parse_args()
    path = os.path.join(arguments.root, "docs/CONFORMANCE.md")
    by_id = tests(arguments.root)
    if arguments.write:
        write(path, by_id)
    found = list(findings(path, by_id))
    for finding in found:
        print(f"docs/CONFORMANCE.md: {finding}")
    print(f"conformance: {len(IDS)} rules, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
