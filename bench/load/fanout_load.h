// fanout_load.h — many VSOA subscribers and publishers on one thread, and what came of every message.
// Owner:  a bench.
// Thread: all methods one thread; messages arrive on the load's own loop thread.
// Bound:  an open loop: messages leave at their rate. What a full client queue refuses is counted
//         as refused, not repeated.
// Lives:  outcome() is final after finish().
// Fails:  connect(): the first connection or subscription that did not succeed.
// Why here: the heart of a load generator: rate, latency, completeness, and how busy it is itself.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "bench/load/ledger.h"
#include "bench/load/schedule.h"
#include "bench/load/self_watch.h"
#include "ringroad/client.h"

namespace ringroad::bench {

/// One subscriber: what it subscribes to, and which topics that covers: `topics` from `first_topic`.
struct SubscriberPlan {
  std::string pattern;
  size_t first_topic = 0;
  size_t topics = 1;
};

struct FanoutPlan {
  std::string server;                       // vsoa://host:port
  std::vector<std::string> topics;          // message k goes to topic k % topics.size()
  std::vector<SubscriberPlan> subscribers;  // a connection each
  size_t publishers = 1;                    // a connection each; topic i belongs to i % publishers
  double per_second = 1;                    // messages, all topics together
  size_t payload_bytes = 128;               // at least kStampBytes
  Channel channel = Channel::normal;
};

struct FanoutOutcome {
  uint64_t published = 0;
  uint64_t refused = 0;  // not sent: the publisher's own queue was full
  uint64_t strays = 0;   // deliveries that nobody should have got
  Completeness completeness;
};

class FanoutLoad {
 public:
  using Clock = Schedule::Clock;
  using Progress = std::function<void(size_t connected, size_t all)>;

  explicit FanoutLoad(FanoutPlan plan);
  ~FanoutLoad();
  FanoutLoad(const FanoutLoad&) = delete;
  FanoutLoad& operator=(const FanoutLoad&) = delete;

  Status connect(const Progress& progress);
  /// Publishes what is due until then.
  void run_until(Clock::time_point end);
  /// Messages that are due from now on count in latency().
  void start_measuring();
  /// Messages that were due so far.
  uint64_t published() const { return schedule_->taken(); }
  uint64_t received() const { return received_.load(std::memory_order_relaxed); }
  /// Waits until everything has come, at most so long, and disconnects everybody.
  FanoutOutcome finish(std::chrono::milliseconds limit);

  // After finish().
  const base::Histogram& latency() const { return latency_; }  // nanoseconds
  // Of the publishing thread.
  const SelfWatch& self() const { return self_; }

 private:
  struct Subscriber {
    Client client;
    SubscriberPlan plan;
    std::vector<Ledger> ledgers;  // by topic of its plan
    uint64_t strays = 0;

    Subscriber(ClientLoop& loop, SubscriberPlan wanted);
  };

  Status join_all(const Progress& progress);
  void publish(uint64_t index, Clock::time_point intended);
  void receive(Subscriber& subscriber, const PayloadView& payload);
  uint64_t expected() const;

  const FanoutPlan plan_;
  ClientLoop loop_{{.threads = 1}};
  std::unique_ptr<Schedule> schedule_;
  std::vector<uint64_t> sent_;  // by topic
  std::vector<std::byte> payload_;
  uint64_t refused_ = 0;
  SelfWatch self_;
  // Written by the loop's thread: a plain load and store each, read by any.
  std::atomic<uint64_t> received_{0};
  std::atomic<int64_t> measured_from_ns_{INT64_MAX};
  base::Histogram latency_;
  // Last: gone first, and then no callback uses what is above.
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  std::vector<std::unique_ptr<Client>> publishers_;
};

}  // namespace ringroad::bench
