#include "tools/demo_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/text.h"

namespace ringroad::tools {
namespace {

constexpr size_t kShardRowsMax = 16;
constexpr size_t kBarWidth = 32;

/// One line of the table: a shard, or the sum.
struct Row {
  uint64_t clients = 0;
  double in = 0.0;  // per second
  double out = 0.0;
  LatencySnapshot latency = {};

  Row& operator+=(const Row& other) {
    clients += other.clients;
    in += other.in;
    out += other.out;
    latency += other.latency;
    return *this;
  }
};

std::vector<Row> rows_of(const DemoMoment& before, const DemoMoment& now) {
  const double seconds = std::max(now.seconds - before.seconds, 1e-3);
  std::vector<Row> rows(now.shards.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const ShardStats old = i < before.shards.size() ? before.shards[i] : ShardStats{};
    const ShardStats& shard = now.shards[i];
    rows[i].clients = shard.clients_now;
    rows[i].in = static_cast<double>(shard.messages_in - old.messages_in) / seconds;
    rows[i].out = static_cast<double>(shard.deliveries - old.deliveries) / seconds;
    rows[i].latency =
        i < before.latencies.size() ? now.latencies[i] - before.latencies[i] : now.latencies[i];
  }
  return rows;
}

Row sum_of(const std::vector<Row>& rows) {
  Row sum;
  for (const Row& row : rows) sum += row;
  return sum;
}

std::string rate_text(double rate) {
  return grouped(static_cast<uint64_t>(rate + 0.5));
}

std::string latency_text(const Row& row, double share) {
  return row.latency.count() == 0 ? "-" : duration_text(row.latency.percentile(share));
}

std::string row_text(const std::string& name, const Row& row) {
  return fmt::format("  {:<6}{:>9}{:>13}{:>15}{:>11}{:>11}{:>11}", name, grouped(row.clients),
                     rate_text(row.in), rate_text(row.out), latency_text(row, 0.5),
                     latency_text(row, 0.99), latency_text(row, 0.999));
}

}  // namespace

DemoView::DemoView(Output output) : output_(output), palette_(output) {
}

void DemoView::start(const DemoMoment& now) {
  start_ = before_ = now;
  if (output_ == Output::terminal) draw(now, now);
}

void DemoView::show(const DemoMoment& now) {
  draw(before_, now);
  before_ = now;
}

void DemoView::finish(const DemoMoment& now) {
  if (output_ == Output::plain) fmt::print("the whole run:\n");
  draw(start_, now);
}

void DemoView::draw(const DemoMoment& before, const DemoMoment& now) {
  if (output_ == Output::plain) {
    fmt::print("{}\n", line(before, now));
  } else {
    if (lines_drawn_ > 0) fmt::print("\033[{}A", lines_drawn_);
    const std::string text = table(before, now);
    lines_drawn_ = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    fmt::print("{}", text);
  }
  std::fflush(stdout);
}

std::string DemoView::table(const DemoMoment& before, const DemoMoment& now) const {
  constexpr const char* kEnd = "\033[K\n";  // also clears what a longer line left behind
  const std::vector<Row> rows = rows_of(before, now);
  std::string text =
      palette_.faint(fmt::format("  {:<6}{:>9}{:>13}{:>15}{:>11}{:>11}{:>11}", "shard", "clients",
                                 "messages/s", "deliveries/s", "p50", "p99", "p99.9")) +
      kEnd;
  for (size_t i = 0; i < rows.size() && i < kShardRowsMax; ++i) {
    text += row_text(fmt::format("{}", i), rows[i]) + kEnd;
  }
  text += palette_.strong(row_text("all", sum_of(rows))) + kEnd;
  return text + kEnd + progress(now) + kEnd;
}

std::string DemoView::progress(const DemoMoment& now) const {
  const double share = std::clamp(now.seconds / std::max(now.seconds_all, 1e-3), 0.0, 1.0);
  const auto filled = static_cast<size_t>(share * static_cast<double>(kBarWidth));
  return fmt::format("  [{}{}] {:.0f} of {:.0f} s   sent {}   delivered {} of {}",
                     std::string(filled, '='), std::string(kBarWidth - filled, ' '),
                     std::min(now.seconds, now.seconds_all), now.seconds_all, grouped(now.sent),
                     grouped(now.received), grouped(now.expected));
}

std::string DemoView::line(const DemoMoment& before, const DemoMoment& now) const {
  const std::vector<Row> rows = rows_of(before, now);
  const Row sum = sum_of(rows);
  std::string text =
      fmt::format("{:>5.1f} s  in {}/s  out {}/s  p50 {}  p99 {}  p99.9 {}", now.seconds,
                  rate_text(sum.in), rate_text(sum.out), latency_text(sum, 0.5),
                  latency_text(sum, 0.99), latency_text(sum, 0.999));
  for (size_t i = 0; i < rows.size() && i < kShardRowsMax; ++i) {
    text += fmt::format("  | shard {}: in {}/s out {}/s", i, rate_text(rows[i].in),
                        rate_text(rows[i].out));
  }
  return text;
}

}  // namespace ringroad::tools
