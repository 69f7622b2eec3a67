#!/usr/bin/env python3
"""page_test.py — what tools/bench_page.py makes of a folder.

Property: tables have the medians of the rounds that count, and say what was repeated or disturbed;
the combined JSON has every result and nothing else; the page is whole in itself and escapes what it
shows; a distribution is the share of samples up to a value.
Method: made-up results with known medians; seeded random samples beside a plain count.
Usage: page_test.py     Exit: 0 all passed. Figures are checked where matplotlib is installed.
"""
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
TOOL = os.path.join(ROOT, "tools/bench_page.py")
sys.path.insert(0, os.path.dirname(TOOL))
import bench_page  # noqa: E402

HAS_FIGURES = importlib.util.find_spec("matplotlib") is not None


def contender(name, rates, **more):
    rounds = [{"deliveries_per_s": rate, "server_ns_per_delivery": 1e9 / rate, "server_busy": 1.0,
               "other_busy": 0.01, "missing": 0} for rate in rates]
    return {"name": name, "version": "1 <2>", "rounds": rounds, "repeated_other_busy": [],
            "disturbed": 0, **more}


def fanout(subscribers, window):
    rows = [contender("relay-limit", [40e6, 10e6, 20e6]),
            contender("ringroad", [9e6, 5e6, 7e6], repeated_other_busy=[0.5, 0.2]),
            contender("redis", [2e6, 1e6, 3e6], disturbed=2)]
    return {"scenario": "fanout", "command": "fanout_bench --json <x>", "machine": {"kernel": "6.1"},
            "subscribers": subscribers, "window": window, "payload_bytes": 128, "frame_bytes": 160,
            "other_busy_max": 0.15, "contenders": rows}


def latency():
    row = {"name": "ringroad", "version": "1", "rounds": [{"server_busy": 0.5, "lost": 1}],
           "latency_us": {"p50": 20, "p90": 30, "p99": 40, "p999": 41,
                          "histogram": [[20.0, 5], [30.0, 4], [41.0, 1]]}}
    return {"scenario": "latency", "command": "latency_bench", "machine": {"kernel": "6.1"},
            "subscribers": 10, "per_second": 50, "contenders": [row]}


def make(folder, documents):
    for name, document in documents.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(document, file)


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(folder):
    code = subprocess.run([sys.executable, "-B", TOOL, folder], stderr=subprocess.DEVNULL).returncode
    return code, *(read(os.path.join(folder, f"bench.{end}")) for end in ("json", "md", "html"))


class Page(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.addCleanup(self.temporary.cleanup)
        make(self.folder, {"a.json": fanout(1000, 256), "b.json": fanout(1000, 1),
                           "c.json": fanout(100, 256), "d.json": latency(),
                           "micro.json": {"context": {}, "benchmarks": []}})

    def test_combined_json_has_every_result_and_nothing_else(self):
        for _ in range(2):  # the second time its own output lies there, too
            code, combined, _, _ = run(self.folder)
            self.assertEqual(code, 0)
            results = json.loads(combined)["results"]
            self.assertEqual([one["file"] for one in results],
                             ["a.json", "b.json", "c.json", "d.json"])
            self.assertEqual(results[0]["contenders"], fanout(1000, 256)["contenders"])

    def test_table_has_medians_and_says_what_was_disturbed(self):
        _, _, table, _ = run(self.folder)
        self.assertIn("## fanout: 1000 subscribers, window 256, 128 B payload, 160 B on the wire",
                      table)
        self.assertIn("| ringroad | 7.00 M | 143 | - | 100 % | - | 0.01 | 0.350 | 0 | 3 | 2 |", table)
        self.assertIn("more than 0.15 cores", table)
        self.assertIn("repeats were used up: redis 2.", table)
        self.assertRegex(table, r"\| ringroad \|.*\| 20 \| 30 \| 40 \| 41 \| 1 \| 1 \| 0 \|")

    def test_page_is_whole_and_escapes(self):
        _, _, _, page = run(self.folder)
        self.assertNotRegex(page, r"<(script|link|img|iframe)|@import|url\(http")
        self.assertIn("fanout_bench --json &lt;x&gt;", page)
        self.assertIn("1 &lt;2&gt;", page)
        self.assertEqual(page.count("<tr class=ours>"), 4)
        if HAS_FIGURES:
            self.assertEqual(page.count("<svg"), 3)
            for label in ("deliveries/s", "subscribers", "latency, us", "delivery, ns"):
                self.assertRegex(page, rf"<text[^>]*>[^<]*{re.escape(label)}")

    def test_an_empty_folder_is_an_error(self):
        with tempfile.TemporaryDirectory() as empty:
            self.assertEqual(run(empty)[0], 1)


class Lines(unittest.TestCase):
    def test_by_subscribers_takes_the_deepest_window_or_window_one(self):
        results = [fanout(1000, 256), fanout(1000, 1), fanout(100, 64)]
        key = "deliveries_per_s"
        self.assertEqual(bench_page.by_subscribers(results, max, key)["ringroad"],
                         [(100, 7e6), (1000, 7e6)])
        self.assertEqual(bench_page.by_subscribers(results, bench_page.only_one, key)["ringroad"],
                         [(1000, 7e6)])

    def test_distribution_is_the_share_of_samples(self):
        for seed in range(20):
            rng = random.Random(seed)
            samples = [rng.randrange(1, 30) for _ in range(rng.randrange(1, 200))]
            histogram = [[upper, samples.count(upper)] for upper in sorted(set(samples))]
            for upper, share in bench_page.distribution(histogram):
                plain = sum(sample <= upper for sample in samples) / len(samples)
                self.assertAlmostEqual(share, plain, msg=f"seed {seed}")


if __name__ == "__main__":
    unittest.main()
