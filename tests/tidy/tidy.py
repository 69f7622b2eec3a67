#!/usr/bin/env python3
"""tidy.py — the house rules that a compiler does not check (CONTRIBUTING.md, "Rules").

Usage: tidy.py [--self-test] [root]     Exit: 0 clean, 1 findings (one line each).
Needs nothing but python3. --self-test shows every rule a wrong snippet and fails if it is silent.
"""
import argparse
import fnmatch
import os
import re
import subprocess
import sys
import tempfile
from collections import namedtuple

# Which first path component a folder's #include "..." may have. None: anything.
FLOORS = {
    "include/ringroad": {"ringroad"},
    "base": {"base", "ringroad"},
    "proto": {"base", "proto", "ringroad"},
    "engine": {"base", "engine", "ringroad"},
    "shard": {"base", "proto", "engine", "shard", "ringroad"},
    "client": {"base", "proto", "engine", "client", "ringroad"},
    "service": {"base", "proto", "engine", "service", "ringroad"},
    "tools": {"tools", "ringroad"},
    "examples": {"ringroad"},
    "tests": None,
    "bench": None,
}

# Third-party header (regular expression) -> the places that may include it.
FENCES = {
    r"liburing(\.h|/.*)": ["engine/uring_setup.h"],
    r"engine/uring_setup\.h": ["engine/uring_*.cc"],
    r"wolfssl/.*": ["engine/tls.cc"],
    r"simdjson\.h": ["proto/json.cc"],
    r"nlohmann/.*": ["tools/json_value.cc", "tests/*", "bench/*"],
    r"sys/epoll\.h": ["engine/epoll_io.cc", "bench/macro/*", "bench/scale/*"],  # loads stand on nothing of ours
    r"zmq\.h(?:pp)?": ["bench/macro/zmq_forwarder.cc"],  # somebody else's server, to compare with
    r"linux/io_uring\.h": [],  # liburing brings its own, and the two differ
}

OUTSIDE = ["client/*", "tools/*", "tests/*", "bench/*"]  # not the engine's data path
ATOMICS_IN = OUTSIDE + [
    "base/counter.h", "base/spsc_ring.h", "base/mpsc_ring.h", "base/log.cc",
    "engine/mailbox.*", "engine/block.*", "engine/loop.*", "engine/uring_io.*",
    "engine/shared_packet.*", "engine/stream_channel.*", "engine/stream_hub.*",
    "shard/interest_filter.*", "shard/client_directory.*", "shard/server_core.*", "shard/shard.*",
    "shard/client_tasks.*", "service/proxy.cc",
]
MUTEXES_IN = OUTSIDE + [
    "service/*", "base/log.cc", "shard/pattern_directory.*",
    "shard/server_core.*",  # start and stop only
    "engine/stream_channel.*", "engine/stream_hub.*",  # a program's threads wait there for room
    "shard/logins.*",  # handshakes only
    "shard/client_tasks.*",  # what other threads ask of a shard
]

# (rule, pattern in code, where it is forbidden, where it is allowed all the same, what to say)
CORE = ["base/*", "proto/*", "engine/*", "shard/*", "client/*"]
WORDS = [
    ("atomic", r"\bstd::atomic|<atomic>|\b__(?:atomic|sync)_", ["*"], ATOMICS_IN,
     "atomics live in the files listed in tidy.py"),
    ("mutex", r"\bstd::(?:\w+_)?mutex\b", ["*"], MUTEXES_IN,
     "mutexes live in the files listed in tidy.py"),
    ("shared_ptr", r"\bstd::(?:shared_ptr|make_shared|enable_shared_from_this)\b",
     ["engine/*", "proto/*", "shard/*"], ["shard/server.cc", "shard/server_core.*",
      "engine/stream.*", "engine/stream_handle.cc"],  # a stream's handle outlives its loop
     "ownership here is a tree"),
    ("friend", r"\bfriend\b", CORE, [], "a file that needs friend needs a redesign"),
    ("volatile", r"\bvolatile\b", ["*"], [], "volatile orders nothing between threads"),
    ("using_std", r"\busing\s+namespace\s+std\b", ["*"], [], "write std::"),
]

FILE_LINES_MAX, FILE_LINES_REVIEW, FUNCTION_LINES_MAX = 700, 400, 70
LONG_FILE = re.compile(r"// tidy: long file: \S")
LONG_FUNCTION = re.compile(r"// tidy: long function: \S")

# Paths and hosts of one machine. A lookbehind keeps "include/x/work_queue.h" and URLs out.
MACHINE_PATH = re.compile(r"(?<![\w.\-{}*])/(?:work|farm)(?![\w\-])")
REGISTRY = re.compile(r"(?i)\b(?:registry|resolved|index-url|goproxy)\W{1,5}https?://([^/\s\"':]+)")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
TOKENS = re.compile(
    r'//(?:[^\n\\]|\\.)*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)

Finding = namedtuple("Finding", "path line rule text")


class Source:
    """One file: its text, and the same with comments and literals blanked (lines kept)."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.is_cpp = path.endswith((".h", ".cc"))
        self.lines = text.splitlines()
        self.code = TOKENS.sub(blank, text) if self.is_cpp else ""
        self.includes = [(line_of(text, m.start()), m[1] == '"', m[2])
                         for m in INCLUDE.finditer(text)] if self.is_cpp else []

    def within(self, patterns):
        return any(fnmatch.fnmatchcase(self.path, pattern) for pattern in patterns)


def blank(match):
    quote = "" if match[0].startswith("/") else "0"  # a literal stays an operand
    return quote + "\n" * match[0].count("\n")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def floor_of(path):
    return next((folder for folder in FLOORS if path.startswith(folder + "/")), None)


def check_floors(source, _tree):
    folder = floor_of(source.path)
    allowed = FLOORS.get(folder)
    if folder is None or allowed is None:
        return
    for line, quoted, name in source.includes:
        first = name.split("/")[0] if "/" in name else ""
        ours = first in {"base", "proto", "engine", "shard", "client", "service", "tools",
                         "examples", "tests", "bench", "ringroad"}
        if (quoted or ours) and first not in allowed:
            yield Finding(source.path, line, "floor", f"{folder} may not include {name}")
        elif folder == "include/ringroad" and not quoted and not re.fullmatch(r"[a-z_0-9]+", name):
            yield Finding(source.path, line, "floor", f"public headers include std only, not {name}")


def check_fences(source, _tree):
    for line, _, name in source.includes:
        for header, homes in FENCES.items():
            if re.fullmatch(header, name) and not source.within(homes):
                where = f"only in {', '.join(homes)}" if homes else "nowhere"
                yield Finding(source.path, line, "fence", f"{name} belongs {where}")


def check_file_length(source, _tree):
    lines = len(source.lines)
    if lines > FILE_LINES_MAX:
        yield Finding(source.path, 1, "file_length", f"{lines} lines, more than {FILE_LINES_MAX}")
    elif lines > FILE_LINES_REVIEW and not LONG_FILE.search(source.text):
        yield Finding(source.path, 1, "file_length",
                      f"{lines} lines need a comment '// tidy: long file: <why>'")


def opens(head):
    """What the '{' after this text opens, outside any function: container, function or other."""
    head = re.sub(r"\b(?:alignas|__attribute__|noexcept|requires)\s*\((?:[^()]|\([^()]*\))*\)", " ",
                  head)
    head = re.sub(r"\[\[.*?\]\]", " ", head, flags=re.S).strip()
    while head.startswith("template"):
        head = cut_template(head)
    if re.search(r"=\s*$", head):
        return "other"
    if ")" in head or head == "" or head.startswith(","):  # the last two: after a{1}, b{2} {
        return "function"
    if re.search(r"\b(?:namespace|class|struct|union|enum|extern)\b", head):
        return "container"
    return "other"


def cut_template(head):
    depth = 0
    for i, char in enumerate(head):
        depth += (char == "<") - (char == ">")
        if char == ">" and depth == 0:
            return head[i + 1:].strip()
    return ""


def functions(code):
    """(first line, last line) of every outermost function body, with its signature."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.)*", lambda m: "\n" * m[0].count("\n"), code,
                  flags=re.M | re.S)
    stack, head_start, begin = [], 0, 0
    for match in re.finditer(r"[{};]|(?:public|protected|private)\s*:", code):
        char = match[0]
        in_function = "function" in stack
        if char == "{":
            kind = opens(code[head_start:match.start()])
            if kind == "function" and not in_function:
                head = code[head_start:match.start()]
                begin = head_start + len(head) - len(head.lstrip())
            stack.append(kind)
        elif char == "}" and stack:
            kind = stack.pop()
            if kind == "function" and "function" not in stack:
                yield line_of(code, begin), line_of(code, match.start())
        if not in_function or "function" not in stack:
            head_start = match.end()


def check_function_length(source, _tree):
    for first, last in functions(source.code):
        if last - first + 1 <= FUNCTION_LINES_MAX:
            continue
        above = first - 1  # the comment block just above the function
        while above > 0 and source.lines[above - 1].lstrip().startswith("//"):
            above -= 1
        if not LONG_FUNCTION.search("\n".join(source.lines[above:last])):
            yield Finding(source.path, first, "function_length",
                          f"{last - first + 1} lines, more than {FUNCTION_LINES_MAX}, without "
                          "'// tidy: long function: <why>'")


def check_own_header(source, tree):
    if not source.path.endswith(".cc"):
        return
    own = source.path[:-len(".cc")] + ".h"
    if own not in tree:
        return
    if not source.includes or source.includes[0][2] != own:
        yield Finding(source.path, 1, "own_header", f'the first include must be "{own}"')


def check_header_opening(source, _tree):
    if not source.path.endswith(".h"):
        return
    opening = f"// {os.path.basename(source.path)} — "
    if not source.text.startswith(opening):
        yield Finding(source.path, 1, "contract", f"the first line must start with '{opening}'")
    if not re.search(r"^#pragma once$", source.text, re.M):
        yield Finding(source.path, 1, "pragma_once", "a header needs #pragma once")


def check_words(source, _tree):
    code = source.code.splitlines()
    for rule, pattern, forbidden, allowed, text in WORDS:
        if not source.within(forbidden) or source.within(allowed):
            continue
        for number, line in enumerate(code, 1):
            if re.search(pattern, line):
                yield Finding(source.path, number, rule, text)


def check_machine(source, _tree):
    for number, line in enumerate(source.lines, 1):
        if MACHINE_PATH.search(line):
            yield Finding(source.path, number, "machine", "a path of one machine")
        for host in REGISTRY.findall(line):
            yield Finding(source.path, number, "machine", f"names a package registry: {host}")


CPP_CHECKS = [check_floors, check_fences, check_file_length, check_function_length,
              check_own_header, check_header_opening, check_words]


def paths_of(root):
    """Tracked files and new ones that are not ignored; every file if there is no git here."""
    git = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(git, capture_output=True, check=True).stdout.decode().split("\0")
        return sorted({path for path in listed if path})
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in {"build", ".git", "node_modules"}]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return sorted(found)


def check(root):
    tree = {}
    for path in paths_of(root):
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                tree[path] = Source(path, file.read())
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # binary, or deleted since
    findings = []
    for source in tree.values():
        for rule in (CPP_CHECKS if source.is_cpp else []) + [check_machine]:
            findings += rule(source, tree)
    return len(tree), findings


def main():
    parser = argparse.ArgumentParser(description="checks the house rules")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("root", nargs="?", default=os.path.join(os.path.dirname(__file__), "../.."))
    arguments = parser.parse_args()
    if arguments.self_test:
        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        sys.dont_write_bytecode = True
        import self_test
        with tempfile.TemporaryDirectory() as root:
            return self_test.run(check, root)
    count, findings = check(arguments.root)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: [{finding.rule}] {finding.text}")
    print(f"{count} files, {len(findings)} findings")
    return 1 if findings or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
