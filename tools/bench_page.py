#!/usr/bin/env python3
"""bench_page.py — turns a folder of measurements into one JSON, one table file and one page.

Usage: bench_page.py FOLDER    reads FOLDER/*.json as the *_bench programs write them (--json),
                               writes FOLDER/bench.json, bench.md and bench.html
The page needs nothing beside itself. Its figures need python3-matplotlib; without it, there are none.
Exit: 0 written, 1 nothing to read, 2 usage.
"""
import glob
import html
import io
import json
import os
import statistics
import sys
from collections import namedtuple

OUTPUT = "bench"
YARDSTICKS = ["limit-k1", "relay-limit", "relay-k1", "echo"]
COLOURS = {"ringroad": "#c8102e", "redis": "#1f77b4", "nats": "#2ca02c", "mosquitto": "#9467bd",
           "zmq": "#ff7f0e", "vsoa-node": "#8c564b", "limit-k1": "#999999",
           "relay-limit": "#444444", "relay-k1": "#777777"}
STYLES = {"limit-k1": ":", "relay-limit": "--", "relay-k1": "-."}

Table = namedtuple("Table", "title head rows notes")
Figure = namedtuple("Figure", "title svg")
Column = namedtuple("Column", "head key form")  # key: of a round


def read_results(folder):
    """Documents of the *_bench programs, by file name; others (micro.json) are passed over."""
    results = []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if isinstance(document, dict) and "command" in document and rows_of(document):
            results.append({"file": os.path.basename(path), "scenario": "fanout", **document})
    return results


def rows_of(document):
    return document.get("contenders", document.get("shapes", []))


def median(row, key):
    values = [one[key] for one in row["rounds"] if key in one]
    return statistics.median(values) if values else None


def total(row, *keys):
    return sum(one.get(key, 0) for one in row["rounds"] for key in keys)


def metric(value):
    if value is None:
        return "-"
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.2f} {unit}"
    return f"{value:.0f}"


def whole(value):
    return "-" if value is None else f"{value:.0f}"


def percent(value):
    return "-" if value is None else f"{100 * value:.0f} %"


def two_digits(value):
    return "-" if value is None else f"{value:.2f}"


COLUMNS = {
    "fanout": [Column("deliveries/s", "deliveries_per_s", metric),
               Column("server ns per delivery", "server_ns_per_delivery", whole),
               Column("in user space", "server_user", percent)],
    "latency": [Column("server ns per delivery", "server_ns_per_delivery", whole),
                Column("load late p99, us", "load_late_p99_us", whole)],
    "echo": [Column("requests/s", "requests_per_s", metric), Column("p50, us", "p50_us", whole),
             Column("p99, us", "p99_us", whole),
             Column("server ns per request", "server_ns_per_request", whole)],
    "fleet": [Column("server ns per delivery", "server_ns_per_delivery", whole),
              Column("p50, us", "p50_us", whole), Column("p99, us", "p99_us", whole)],
}
COMMON = [Column("server busy", "server_busy", percent), Column("load busy", "load_busy", percent),
          Column("other load, cores", "other_busy", two_digits)]
PERCENTILES = [("p50, us", "p50"), ("p90, us", "p90"), ("p99, us", "p99"), ("p99.9, us", "p999")]


def title_of(document):
    words = {"subscribers": "subscribers", "window": "window", "per_second": "messages/s",
             "connections": "connections", "depth": "depth", "vehicles": "vehicles",
             "dashboards": "dashboards", "payload_bytes": "B payload", "frame_bytes": "B on the wire"}
    facts = [f"{document[key]:g} {word}" if key != "window" else f"window {document[key]}"
             for key, word in words.items() if key in document]
    return f"{document['scenario']}: {', '.join(facts)}"


def table_of(document):
    rows = rows_of(document)
    columns = COLUMNS.get(document["scenario"], []) + COMMON
    has_latency = any("latency_us" in row for row in rows)
    yardstick = next((median(row, "deliveries_per_s") for row in rows
                      if row["name"] == "relay-limit"), None)
    head = ["server"] + [column.head for column in columns]
    head += [name for name, _ in PERCENTILES] if has_latency else []
    head += ["of relay-limit"] if yardstick else []
    head += ["missing", "rounds", "repeated"]
    lines = []
    for row in rows:
        line = [row["name"]] + [column.form(median(row, column.key)) for column in columns]
        if has_latency:
            line += [whole(row.get("latency_us", {}).get(key)) for _, key in PERCENTILES]
        if yardstick:
            line += [f"{median(row, 'deliveries_per_s') / yardstick:.3f}"]
        line += [str(total(row, "missing", "lost")), str(len(row["rounds"])),
                 str(len(row.get("repeated_other_busy", [])))]
        lines.append(line)
    return Table(title_of(document), head, lines, notes_of(document))


def notes_of(document):
    limit = document.get("other_busy_max", 0.15)
    disturbed = [f"{row['name']} {row['disturbed']}" for row in rows_of(document)
                 if row.get("disturbed")]
    notes = []
    if any(row.get("repeated_other_busy") for row in rows_of(document)):
        notes.append(f"Repeated: rounds in which something else used more than {limit} cores. "
                     "They do not count.")
    if disturbed:
        notes.append(f"Disturbed more than that, and counted because the repeats were used up: "
                     f"{', '.join(disturbed)}.")
    return notes


def markdown(tables, facts):
    text = ""
    for table in tables:
        text += f"## {table.title}\n\n"
        text += "| " + " | ".join(table.head) + " |\n" + "|---" * len(table.head) + "|\n"
        text += "".join("| " + " | ".join(row) + " |\n" for row in table.rows)
        text += "".join(f"\n{note}\n" for note in table.notes) + "\n"
    return text + "".join(f"- {fact}\n" for fact in facts)


def facts_of(results):
    """Machine and commands: what somebody needs to measure the same again."""
    machines = sorted({", ".join(f"{key} {value}" for key, value in result["machine"].items()
                                 if value) for result in results if "machine" in result})
    versions = sorted({f"{row['name']}: {row['version']}" for result in results
                       for row in rows_of(result) if row.get("version") not in (None, "yardstick")})
    return ([f"machine: {machine}" for machine in machines] + versions +
            [f"command: {result['command']}" for result in results])


# Figures


def order(names):
    return sorted(names, key=lambda name: (name in YARDSTICKS, name != "ringroad", name))


def style(name):
    return {"color": COLOURS.get(name), "linestyle": STYLES.get(name, "-"),
            "linewidth": 2.4 if name == "ringroad" else 1.4}


def svg_of(pyplot, figure):
    stream = io.StringIO()
    figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    text = stream.getvalue()
    return text[text.index("<svg"):]


def by_subscribers(results, window_of, key):
    """name -> [(subscribers, median of key)], of the scenarios with the most common payload."""
    fanouts = [result for result in results if result["scenario"] == "fanout"]
    if not fanouts:
        return {}
    payload = statistics.mode(result["payload_bytes"] for result in fanouts)
    of_payload = [result for result in fanouts if result["payload_bytes"] == payload]
    lines = {}
    for subscribers in sorted({result["subscribers"] for result in of_payload}):
        here = [result for result in of_payload if result["subscribers"] == subscribers]
        window = window_of(result["window"] for result in here)
        for row in (row for one in here if one["window"] == window for row in rows_of(one)):
            lines.setdefault(row["name"], []).append((subscribers, median(row, key)))
    return lines


def only_one(windows):
    return 1 if 1 in windows else None


def fanout_figure(pyplot, results, key, label):
    panels = [("deepest window: servers may coalesce", by_subscribers(results, max, key)),
              ("window 1: one message at a time", by_subscribers(results, only_one, key))]
    panels = [panel for panel in panels if panel[1]]
    if not panels:
        return None
    figure, axes = pyplot.subplots(1, len(panels), figsize=(5.2 * len(panels), 4.2), sharey=True,
                                   squeeze=False)
    for axis, (title, lines) in zip(axes[0], panels):
        for name in order(lines):
            axis.plot(*zip(*lines[name]), marker="o", markersize=4, label=name, **style(name))
        axis.set(title=title, xlabel="subscribers", xscale="log", yscale="log")
        counts = sorted({count for line in lines.values() for count, _ in line})
        axis.set_xticks(counts, [str(count) for count in counts])
        axis.minorticks_off()
        axis.grid(True, color="#dddddd")
    axes[0][0].set_ylabel(label)
    axes[0][-1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    return svg_of(pyplot, figure)


def distribution(histogram):
    """[[upper_us, count], ...] -> the points of a cumulated distribution."""
    count, points, all_of_them = 0, [], sum(entry[1] for entry in histogram)
    for upper, number in histogram:
        count += number
        points.append((upper, count / all_of_them))
    return points


def latency_figure(pyplot, document):
    figure, axis = pyplot.subplots(figsize=(8.4, 4.2))
    rows = {row["name"]: row for row in rows_of(document)}
    for name in order(rows):
        histogram = rows[name].get("latency_us", {}).get("histogram")
        if histogram:
            axis.step(*zip(*distribution(histogram)), where="post", label=name, **style(name))
    axis.set(xlabel="latency, us", xscale="log", ylabel="share of deliveries", ylim=(0, 1.01))
    axis.grid(True, which="both", color="#eeeeee")
    axis.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    return svg_of(pyplot, figure)


def figures_of(results):
    try:
        import matplotlib
    except ImportError:
        print("SKIP figures: apt-get install python3-matplotlib", file=sys.stderr)
        return []
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": OUTPUT,
                                "font.family": "sans-serif", "axes.spines.top": False,
                                "axes.spines.right": False})
    from matplotlib import pyplot
    found = [Figure("Deliveries per second",
                    fanout_figure(pyplot, results, "deliveries_per_s", "deliveries/s")),
             Figure("Processor time of the server per delivery",
                    fanout_figure(pyplot, results, "server_ns_per_delivery",
                                  "server CPU time per delivery, ns"))]
    found += [Figure(title_of(result), latency_figure(pyplot, result)) for result in results
              if any("latency_us" in row for row in rows_of(result))]
    return [figure for figure in found if figure.svg]


# The page

HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Ringroad: measurements</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 15px/1.5 sans-serif; color: #222; background: #fff; max-width: 72em; margin: 2em auto;
       padding: 0 1em }
h1, h2 { font-weight: normal } h2 { margin-top: 2em; border-bottom: 1px solid #ddd }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } div.table { overflow-x: auto }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #eee }
th { font-weight: normal; color: #666; vertical-align: bottom }
th:first-child, td:first-child { text-align: left } tr.ours td { font-weight: bold }
svg { max-width: 100%; height: auto } .note, footer { color: #666; font-size: 13px }
footer { margin-top: 3em; border-top: 1px solid #ddd } code { overflow-wrap: anywhere }
</style></head><body>
<h1>Ringroad: measurements</h1>
<p>Medians of the rounds. Everybody's deliveries have equal length on the wire; the server has one
core, publisher and subscribers another. Dashed lines are yardsticks: what the kernel allows.</p>
"""


def html_table(table):
    def cells(tag, row):
        return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
    rows = "".join(f"<tr{' class=ours' if row[0] == 'ringroad' else ''}>{cells('td', row)}</tr>\n"
                   for row in table.rows)
    notes = "".join(f"<p class=note>{html.escape(note)}</p>\n" for note in table.notes)
    return (f"<h2>{html.escape(table.title)}</h2>\n<div class=table><table>\n"
            f"<tr>{cells('th', table.head)}</tr>\n{rows}</table></div>\n{notes}")


def page(tables, figures, facts):
    text = HEAD
    for figure in figures:
        text += f"<h2>{html.escape(figure.title)}</h2>\n{figure.svg}\n"
    text += "".join(html_table(table) for table in tables)
    lines = "".join(f"<li><code>{html.escape(fact)}</code></li>\n" for fact in facts)
    return text + f"<footer><ul>\n{lines}</ul></footer>\n</body></html>\n"


def write(folder, ending, text):
    with open(os.path.join(folder, f"{OUTPUT}.{ending}"), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = sys.argv[1]
    results = read_results(folder)
    if not results:
        print(f"bench_page.py: no measurements in {folder}/*.json", file=sys.stderr)
        return 1
    tables, facts = [table_of(result) for result in results], facts_of(results)
    write(folder, "json", json.dumps({"results": results}, indent=1) + "\n")
    write(folder, "md", markdown(tables, facts))
    write(folder, "html", page(tables, figures_of(results), facts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
