#!/usr/bin/env python3
"""readme_test.py — what README.md and docs/ say about the tree is true.

A code block that follows "<!-- file: PATH -->" equals that file; relative links lead somewhere;
source files and tests that are named in backticks exist.
Usage: readme_test.py [--fix] [root]    Exit: 0 clean, 1 findings. --fix rewrites the code blocks.
"""
import argparse
import glob
import os
import re
import sys

BLOCK = re.compile(r"(<!-- file: (\S+) -->\n```\w+\n)(.*?)(^```$)", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
QUOTED = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
SOURCE = re.compile(r"(?:include|base|proto|engine|shard|client|tools|tests|examples)/"
                    r"[\w./-]+\.(?:h|cc|py|sh|json)")
TEST_NAME = re.compile(r"[A-Z]\w*\.[A-Z]\w*")
TEST_MACRO = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.M)
PLANNED = {"engine/tls.cc"}  # named as such


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def documents(root):
    found = [glob.glob(os.path.join(root, pattern)) for pattern in ("*.md", "docs/*.md")]
    return sorted(sum(found, []))


def test_names(root):
    paths = glob.glob(os.path.join(root, "tests/**/*.cc"), recursive=True)
    return {".".join(match) for path in paths for match in TEST_MACRO.findall(read(path))}


def fix(root, path):
    text = read(path)
    fixed = BLOCK.sub(lambda m: m[1] + read(os.path.join(root, m[2])) + m[4], text)
    if fixed != text:
        with open(path, "w", encoding="utf-8") as file:
            file.write(fixed)


def check_blocks(root, text):
    for _, name, code, _ in BLOCK.findall(text):
        path = os.path.join(root, name)
        if not os.path.exists(path):
            yield f"{name} does not exist"
        elif code != read(path):
            yield f"the code block differs from {name} (--fix copies it)"
    if text.count("<!-- file: ") != len(BLOCK.findall(text)):
        yield "a '<!-- file: PATH -->' without a code block right behind it"


def check_links(path, text):
    for target in LINK.findall(FENCED.sub("", text)):
        if "://" not in target and not os.path.exists(os.path.join(os.path.dirname(path), target)):
            yield f"the link to {target} leads nowhere"


def check_names(root, text, tests):
    suites = {name.split(".")[0] for name in tests}
    for quoted in QUOTED.findall(FENCED.sub("", text)):
        is_source = SOURCE.fullmatch(quoted) and quoted not in PLANNED
        if is_source and not os.path.exists(os.path.join(root, quoted)):
            yield f"{quoted} does not exist"
        if TEST_NAME.fullmatch(quoted) and quoted not in tests:
            known = "" if quoted.split(".")[0] in suites else " (nor its suite)"
            yield f"there is no test {quoted}{known}"


def check(root):
    tests = test_names(root)
    for path in documents(root):
        text = read(path)
        findings = [*check_blocks(root, text), *check_links(path, text),
                    *check_names(root, text, tests)]
        for finding in findings:
            yield f"{os.path.relpath(path, root)}: {finding}"


def main():
    parser = argparse.ArgumentParser(description="checks README.md and docs/ against the tree")
    parser.add_argument("--fix", action="store_true", help="copy the example files into README.md")
    parser.add_argument("root", nargs="?",
                        default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    arguments = parser.parse_args()
    if arguments.fix:
        for path in documents(arguments.root):
            fix(arguments.root, path)
    findings = list(check(arguments.root))
    if not BLOCK.search(read(os.path.join(arguments.root, "README.md"))):
        findings.append("README.md: it shows no example file")
    summary = f"{len(documents(arguments.root))} pages, {len(findings)} findings"
    print("\n".join([*findings, summary]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
