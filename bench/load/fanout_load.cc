#include "bench/load/fanout_load.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"
#include "bench/load/stamp.h"

namespace ringroad::bench {
namespace {

constexpr size_t kJoiningMax = 256;  // connections under way
constexpr auto kPoll = std::chrono::milliseconds(2);

int64_t nanoseconds(Schedule::Clock::time_point time) {
  return time.time_since_epoch() / std::chrono::nanoseconds(1);
}

/// Counts what is under way, and keeps the first failure.
class Joining {
 public:
  void begin() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return under_way_ < kJoiningMax; });
    ++under_way_;
  }
  void end(const Status& status) {
    const std::lock_guard lock(mutex_);
    --under_way_;
    ++joined_;
    if (!status.ok() && failure_.ok()) failure_ = status;
    room_.notify_all();
  }
  Status wait() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return under_way_ == 0; });
    return failure_;
  }
  size_t joined() {
    const std::lock_guard lock(mutex_);
    return joined_;
  }
  bool failed() {
    const std::lock_guard lock(mutex_);
    return !failure_.ok();
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  size_t under_way_ = 0;
  size_t joined_ = 0;
  Status failure_;
};

}  // namespace

FanoutLoad::Subscriber::Subscriber(ClientLoop& loop, SubscriberPlan wanted)
    : client(loop), plan(std::move(wanted)), ledgers(plan.topics) {
}

FanoutLoad::FanoutLoad(FanoutPlan plan)
    : plan_(std::move(plan)), sent_(plan_.topics.size(), 0), payload_(plan_.payload_bytes) {
  CHECK(!plan_.topics.empty());
  CHECK(plan_.publishers > 0);
  CHECK(plan_.payload_bytes >= kStampBytes);
  for (const SubscriberPlan& one : plan_.subscribers) {
    CHECK(one.first_topic + one.topics <= plan_.topics.size());
  }
}

FanoutLoad::~FanoutLoad() = default;

Status FanoutLoad::connect(const Progress& progress) {
  for (const SubscriberPlan& one : plan_.subscribers) {
    subscribers_.push_back(std::make_unique<Subscriber>(loop_, one));
  }
  for (size_t i = 0; i < plan_.publishers; ++i) {
    publishers_.push_back(std::make_unique<Client>(loop_));
    // A server that cannot take more holds producers back, for as long as it needs.
    (void)publishers_.back()->set_send_timeout(std::chrono::milliseconds(0));
  }
  const Status status = join_all(progress);
  schedule_ = std::make_unique<Schedule>(plan_.per_second, Clock::now());
  return status;
}

Status FanoutLoad::join_all(const Progress& progress) {
  const size_t all = subscribers_.size() + publishers_.size();
  const ConnectOptions options{.timeout = std::chrono::seconds(30),
                               .quick = plan_.channel == Channel::quick};
  Joining joining;  // outlives every callback: wait() is the last to use it
  const auto join = [&](Client& client, Client::DoneCallback done) {
    joining.begin();
    const Status queued = client.connect_async(plan_.server, options, std::move(done));
    if (!queued.ok()) joining.end(queued);
    progress(joining.joined(), all);
    return !joining.failed();
  };
  for (const auto& one : subscribers_) {
    Subscriber& subscriber = *one;
    subscriber.client.on_message([this, &subscriber](std::string_view, const PayloadView& payload,
                                                     Channel) { receive(subscriber, payload); });
    const bool going = join(subscriber.client, [&joining, &subscriber](const Status& connected) {
      if (!connected.ok()) return joining.end(connected);
      const Status queued = subscriber.client.subscribe_async(
          subscriber.plan.pattern, [&joining](const Status& done) { joining.end(done); });
      if (!queued.ok()) joining.end(queued);
    });
    if (!going) break;
  }
  for (const auto& publisher : publishers_) {
    if (joining.failed()) break;
    join(*publisher, [&joining](const Status& connected) { joining.end(connected); });
  }
  const Status status = joining.wait();
  progress(joining.joined(), all);
  return status;
}

void FanoutLoad::start_measuring() {
  measured_from_ns_.store(nanoseconds(Clock::now()), std::memory_order_relaxed);
  self_.start();
}

void FanoutLoad::run_until(Clock::time_point end) {
  while (true) {
    const Clock::time_point now = Clock::now();
    if (now >= end) return;
    for (Clock::time_point intended = schedule_->next(); schedule_->take_due(now);
         intended = schedule_->next()) {
      publish(schedule_->taken() - 1, intended);
    }
    std::this_thread::sleep_until(std::min(end, schedule_->next()));
  }
}

void FanoutLoad::publish(uint64_t index, Clock::time_point intended) {
  const size_t topic = index % plan_.topics.size();
  const auto stamp = write_stamp({.source = static_cast<uint32_t>(topic),
                                  .sequence = sent_[topic],
                                  .intended_ns = static_cast<uint64_t>(nanoseconds(intended))});
  std::memcpy(payload_.data(), stamp.data(), stamp.size());
  const std::string_view data(reinterpret_cast<const char*>(payload_.data()), payload_.size());
  Client& publisher = *publishers_[topic % publishers_.size()];
  if (!publisher.datagram(plan_.topics[topic], {.data = data}, plan_.channel).ok()) {
    ++refused_;
    return;
  }
  ++sent_[topic];
  self_.sent(intended, Clock::now());
}

void FanoutLoad::receive(Subscriber& subscriber, const PayloadView& payload) {
  const auto stamp = read_stamp(std::as_bytes(std::span(payload.data)));
  const uint64_t offset = stamp ? stamp->source - subscriber.plan.first_topic : UINT64_MAX;
  if (offset >= subscriber.ledgers.size()) {
    ++subscriber.strays;
    return;
  }
  subscriber.ledgers[offset].receive(stamp->sequence);
  received_.store(received() + 1, std::memory_order_relaxed);
  const auto intended = static_cast<int64_t>(stamp->intended_ns);
  if (intended < measured_from_ns_.load(std::memory_order_relaxed)) return;
  latency_.record(static_cast<uint64_t>(nanoseconds(Clock::now()) - intended));
}

uint64_t FanoutLoad::expected() const {
  uint64_t deliveries = 0;
  for (const auto& one : subscribers_) {
    for (size_t i = 0; i < one->plan.topics; ++i) deliveries += sent_[one->plan.first_topic + i];
  }
  return deliveries;
}

FanoutOutcome FanoutLoad::finish(std::chrono::milliseconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  while (received() < expected() && Clock::now() < end) std::this_thread::sleep_for(kPoll);
  for (const auto& one : subscribers_) one->client.disconnect();  // no callback runs after it
  for (const auto& publisher : publishers_) publisher->disconnect();
  FanoutOutcome outcome;
  outcome.refused = refused_;
  for (const uint64_t sent : sent_) outcome.published += sent;
  for (const auto& one : subscribers_) {
    outcome.strays += one->strays;
    for (size_t i = 0; i < one->ledgers.size(); ++i) {
      outcome.completeness += one->ledgers[i].outcome(sent_[one->plan.first_topic + i]);
    }
  }
  return outcome;
}

}  // namespace ringroad::bench
