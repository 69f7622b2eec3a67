"""self_test.py — shows tidy.py wrong snippets (each must give its finding) and right ones (none).

Run by tidy.py --self-test; a rule without a case here is itself a failure.
"""
import os
import re
import shutil

# Split, because this file is checked as well.
MACHINE = "/" + "work/tree"
MIRROR = "https:/" + "/cache.example/"


def header(name, body=""):
    return f"// {name} — a header.\n#pragma once\n{body}"


def function(lines, above="", inside="", signature="int f(int a)"):
    return f"{above}{signature} {{\n{inside}" + "  f();\n" * (lines - 2) + "}\n"


# (rule that must fire or None, {path: text})
CASES = [
    # floors
    ("floor", {"include/ringroad/a.h": header("a.h", '#include "base/log.h"\n')}),
    ("floor", {"include/ringroad/a.h": header("a.h", "#include <sys/socket.h>\n")}),
    ("floor", {"base/a.h": header("a.h", '#include "proto/wire.h"\n')}),
    ("floor", {"base/a.h": header("a.h", '#include <proto/wire.h>\n')}),
    ("floor", {"base/a.h": header("a.h", '#include "b.h"\n')}),
    ("floor", {"proto/a.h": header("a.h", '#include "engine/io.h"\n')}),
    ("floor", {"engine/a.h": header("a.h", '#include "proto/wire.h"\n')}),
    ("floor", {"shard/a.h": header("a.h", '#include "client/client.h"\n')}),
    ("floor", {"client/a.h": header("a.h", '#include "shard/server.h"\n')}),
    ("floor", {"service/a.h": header("a.h", '#include "shard/shard.h"\n')}),
    ("floor", {"tools/a.cc": '#include "engine/io.h"\n'}),
    ("floor", {"examples/a.cc": '#include "base/log.h"\n'}),
    (None, {"tools/a.cc": '#include "tools/b.h"\n#include <CLI/CLI.hpp>\n#include <zlib.h>\n'}),
    (None, {"include/ringroad/a.h": header("a.h", '#include <span>\n#include "ringroad/b.h"\n')}),
    (None, {"tests/a_test.cc": '#include "shard/shard.h"\n#include "client/client.h"\n'}),
    # fences
    ("fence", {"engine/loop.cc": "#include <liburing.h>\n"}),
    ("fence", {"engine/uring_ops.cc": "#include <liburing.h>\n"}),
    ("fence", {"engine/loop.cc": "#include \"engine/uring_setup.h\"\n"}),
    ("fence", {"engine/socket.cc": "#include <wolfssl/ssl.h>\n"}),
    ("fence", {"proto/packet.cc": "#include <simdjson.h>\n"}),
    ("fence", {"engine/uring_io.cc": "#include <sys/epoll.h>\n"}),
    ("fence", {"tools/conform.cc": "#include <nlohmann/json.hpp>\n"}),
    ("fence", {"engine/uring_io.cc": "#include <linux/io_uring.h>\n"}),
    (None, {"engine/uring_setup.h": header("uring_setup.h", "#include <liburing.h>\n"),
            "engine/epoll_io.cc": "#include <sys/epoll.h>\n",
            "engine/tls.cc": "#include <wolfssl/ssl.h>\n",
            "proto/json.cc": "#include <simdjson.h>\n"}),
    # lengths
    ("file_length", {"base/a.cc": "int a;\n" * 701}),
    ("file_length", {"base/a.cc": "// tidy: long file: why\n" + "int a;\n" * 700}),
    ("file_length", {"base/a.cc": "int a;\n" * 401}),
    (None, {"base/a.cc": "// tidy: long file: one table\n" + "int a;\n" * 450}),
    (None, {"base/a.cc": "int a;\n" * 400}),
    ("function_length", {"base/a.cc": function(71)}),
    ("function_length", {"base/a.cc": "namespace a {\n" + function(71) + "}\n"}),
    ("function_length", {"base/a.cc": function(71, signature="A::A(int a)\n    : a_{a},\n b_(1)")}),
    ("function_length", {"base/a.cc": function(71, signature="template <class T>\nvoid f(T a)")}),
    ("function_length", {"base/a.cc": function(71, signature="struct a f(struct b* b)")}),
    ("function_length", {"base/a.cc": "struct alignas(64) A {\n public:\n" + function(71) + "};\n"}),
    ("function_length", {"base/a.cc": "int g() {\n  if (a) { h({1}); }\n}\n" + function(71)}),
    (None, {"base/a.cc": function(70)}),
    (None, {"base/a.cc": function(90, above="// tidy: long function: one table\n")}),
    (None, {"base/a.cc": function(90, inside="  // tidy: long function: one table\n")}),
    (None, {"base/a.cc": "class A {\n" + function(40) * 3 + "};\n"}),
    (None, {"base/a.cc": "constexpr int kTable[] = {\n" + "    1,\n" * 90 + "};\n"}),
    (None, {"base/a.cc": 'char a = \'{\';\nauto b = R"({)";  // {\n' + function(60) * 2}),
    # openings
    ("own_header", {"base/a.h": header("a.h"), "base/a.cc": '#include <span>\n#include "base/a.h"\n'}),
    ("own_header", {"base/a.h": header("a.h"), "base/a.cc": "int a;\n"}),
    (None, {"base/a.h": header("a.h"), "base/a.cc": '#include "base/a.h"\n'}),
    ("contract", {"base/a.h": "#pragma once\n"}),
    ("contract", {"base/a.h": header("b.h")}),
    ("pragma_once", {"base/a.h": "// a.h — a header.\n"}),
    # words
    ("atomic", {"base/a.cc": "std::atomic<int> a;\n"}),
    ("atomic", {"engine/connection.cc": "#include <atomic>\n"}),
    (None, {"base/counter.h": header("counter.h", "#include <atomic>\nstd::atomic<int> a;\n")}),
    (None, {"engine/mailbox.cc": "std::atomic<int> a;\n", "client/a.cc": "std::atomic<int> a;\n"}),
    ("mutex", {"engine/a.cc": "std::mutex a;\n"}),
    ("mutex", {"shard/shard.cc": "std::shared_mutex a;\n"}),
    (None, {"base/log.cc": "std::mutex a;\n", "service/a.cc": "std::mutex a;\n"}),
    ("shared_ptr", {"engine/a.cc": "std::shared_ptr<int> a;\n"}),
    ("shared_ptr", {"shard/a.cc": "auto a = std::make_shared<int>(1);\n"}),
    (None, {"shard/server.cc": "std::shared_ptr<int> a;\n"}),
    ("friend", {"shard/a.cc": "struct A {\n  friend class B;\n};\n"}),
    (None, {"shard/a.cc": '// a friend\nconst char* a = "friend";\n'}),
    ("volatile", {"tests/a_test.cc": "volatile int a;\n"}),
    ("using_std", {"tools/a.cc": "using namespace std;\n"}),
    # machine
    ("machine", {"docs/a.md": f"see {MACHINE}\n"}),
    ("machine", {"tools/a.sh": f"cd {MACHINE}\n"}),
    ("machine", {"package-lock.json": f'"resolved": "{MIRROR}a.tgz"\n'}),
    ("machine", {".npmrc": f"registry={MIRROR}\n"}),
    (None, {"package-lock.json": '"integrity": "sha512-a"\n',
            "docs/a.md": "include/ringroad/work_queue.h, /worker, a/work\n"}),
]

RULES = {rule for rule, _ in CASES if rule}


def findings_of(check, root, files):
    shutil.rmtree(root)
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)
    return {finding.rule for finding in check(root)[1]}


def rules_in_source():
    """Every rule name that tidy.py can report."""
    with open(os.path.join(os.path.dirname(__file__), "tidy.py"), encoding="utf-8") as file:
        text = file.read()
    named = re.findall(r'Finding\(source\.path, \w+, "(\w+)"', text)
    return set(named) | set(re.findall(r'^    \("(\w+)", r"', text, re.M))


def run(check, root):
    failures = [f"rule {rule} has no case" for rule in rules_in_source() ^ RULES]
    for number, (rule, files) in enumerate(CASES):
        found = findings_of(check, root, files)
        if found != ({rule} if rule else set()):
            failures.append(f"case {number} {sorted(files)}: expected {rule}, found {sorted(found)}")
    for failure in failures:
        print("FAIL:", failure)
    print(f"{len(CASES)} cases, {len(RULES)} rules, {len(failures)} failures")
    return 1 if failures else 0
