#include "tools/demo_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace ringroad::tools {
namespace {

constexpr uint64_t kUnderWayMax = 100'000;         // deliveries
constexpr size_t kQueueBytesMax = 64 * 1'048'576;  // > what kUnderWayMax can put before one client
constexpr auto kStepWhileFull = std::chrono::microseconds(500);
constexpr auto kStepOfDrain = std::chrono::milliseconds(2);
constexpr auto kShowEvery = std::chrono::seconds(1);
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kDoublesMayCome = std::chrono::milliseconds(50);

double seconds_of(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::chrono::nanoseconds nanoseconds_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

Status stuck_status(uint64_t lost) {
  return Status(StatusCode::timed_out,
                fmt::format("nothing was delivered for 5 s while the fleet waited; {}",
                            lost > 0 ? "subscribers have lost their connections"
                                     : "all connections are still there"));
}

ServerOptions gateway_options(const DemoPlan& plan) {
  // Not pinned: fleet and audience need the same cores.
  return {.info = R"({"name":"ringroad demo"})",
          .shards = plan.shards,
          .pin_shards = false,
          .queue_bytes_max = kQueueBytesMax,
          .relay_prefix = "/"};
}

}  // namespace

DemoRun::DemoRun(const DemoPlan& plan, FleetSource& source, FleetRecorder& recorder,
                 WaitPoint& wait_point)
    : plan_(plan),
      source_(source),
      recorder_(recorder),
      wait_point_(wait_point),
      server_(gateway_options(plan)),
      loop_({.threads = 1}) {
}

Status DemoRun::listen() {
  const Status listening = server_.listen("127.0.0.1:0");
  return listening.ok() ? loop_.start() : listening;
}

Status DemoRun::connect() {
  audience_ = std::make_unique<Audience>(loop_, plan_.subscribers, source_.names(), shards());
  fleet_ = std::make_unique<DemoFleet>(loop_, source_.names(), plan_.connections);
  const std::string url = "vsoa://" + address();
  Status status = audience_->connect(url, wait_point_);
  if (status.ok()) status = audience_->subscribe(wait_point_);
  if (status.ok()) status = fleet_->connect(url, wait_point_);
  return status;
}

Status DemoRun::drive(DemoView& view) {
  started_ = Clock::now();
  next_show_ = started_ + kShowEvery;
  view.start(moment(started_));
  while (const std::optional<FleetRow> row = source_.next()) {
    const double due_s = (row->time_s - source_.start_s()) / plan_.speed;
    if (!wait_until(started_ + nanoseconds_of(due_s), view)) return {};
    const Status status = send(*row, view);
    if (wait_point_.interrupted()) return {};
    if (!status.ok()) return status;
    recorder_.write(*row, source_.names()[row->vehicle]);
    expected_ += audience_->listeners(row->vehicle);
  }
  return {};
}

/// Nothing is dropped: a gateway that cannot take more makes the fleet wait.
Status DemoRun::send(const FleetRow& row, DemoView& view) {
  Status status = is_full() ? Status(StatusCode::overloaded, "") : fleet_->try_send(row);
  if (status.code() != StatusCode::overloaded) return status;
  ++held_back_;
  uint64_t received = audience_->received();
  Clock::time_point give_up = Clock::now() + kPatience;
  while (status.code() == StatusCode::overloaded) {
    if (!wait_until(Clock::now() + kStepWhileFull, view)) return status;
    if (!is_full()) status = fleet_->try_send(row);
    if (audience_->received() != received) give_up = Clock::now() + kPatience;
    received = audience_->received();
    if (Clock::now() > give_up) return stuck_status(audience_->lost());
  }
  return status;
}

bool DemoRun::is_full() const {
  const uint64_t received = audience_->received();
  return expected_ > received && expected_ - received > kUnderWayMax;
}

bool DemoRun::wait_until(Clock::time_point deadline, DemoView& view) {
  while (!wait_point_.interrupted()) {
    const Clock::time_point now = Clock::now();
    show_if_due(now, view);
    if (now >= deadline) return true;
    wait_point_.wait_until(std::min(deadline, next_show_));
  }
  return false;
}

void DemoRun::show_if_due(Clock::time_point now, DemoView& view) {
  if (now < next_show_) return;
  view.show(moment(now));
  next_show_ = std::max(next_show_ + kShowEvery, now);
}

void DemoRun::drain(DemoView& view) {
  const Clock::time_point driven = Clock::now();
  uint64_t received = audience_->received();
  Clock::time_point give_up = Clock::now() + kPatience;
  while (received < expected_ && Clock::now() < give_up) {
    wait_point_.wait_until(Clock::now() + kStepOfDrain);
    const uint64_t now = audience_->received();
    if (now != received) give_up = Clock::now() + kPatience;
    received = now;
    show_if_due(Clock::now(), view);
  }
  const Clock::time_point quiet = Clock::now() + kDoublesMayCome;
  while (Clock::now() < quiet) wait_point_.wait_until(quiet);
  driven_s_ = seconds_of(driven - started_);
  view.finish(moment(driven));  // the rates of the run, not of the wait for the last delivery
}

DemoMoment DemoRun::moment(Clock::time_point now) const {
  DemoMoment moment = {.seconds = seconds_of(now - started_),
                       .seconds_all = plan_.duration_s,
                       .sent = fleet_->sent_total(),
                       .expected = expected_,
                       .received = audience_->received(),
                       .shards = server_.shard_stats()};
  for (size_t i = 0; i < moment.shards.size(); ++i) {
    moment.latencies.push_back(audience_->snapshot(i));
  }
  return moment;
}

DemoResult DemoRun::finish() {
  DemoResult result = {.seconds = driven_s_,
                       .sent = fleet_->sent_total(),
                       .held_back = held_back_,
                       .lost = audience_->lost(),
                       .server = server_.stats()};
  audience_->disconnect();
  result.verdict = audience_->verdict(fleet_->sent());
  for (size_t i = 0; i < shards(); ++i) result.latency += audience_->snapshot(i);
  return result;
}

}  // namespace ringroad::tools
