// demo_audience.h — the subscribers of the demo: each checks what it gets, all measure how long it
// took.
// Owner:  the demo.
// Thread: made, connected, asked for its verdict on the main thread; messages arrive on the one
//         thread of the ClientLoop; received(), lost() and snapshot() any.
// Bound:  what DeliveryCheck keeps, per subscriber.
// Fails:  connect() and subscribe() with the first failure; a lost connection is counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ringroad/client.h"
#include "ringroad/client_loop.h"
#include "tools/delivery_check.h"
#include "tools/latency_histogram.h"
#include "tools/wait_point.h"

namespace ringroad::tools {

class Audience {
 public:
  /// The first wide_count() subscribers hear every vehicle, the others one each, spread evenly.
  /// `loop` must have one thread.
  Audience(ClientLoop& loop, size_t subscribers, const std::vector<std::string>& vehicles,
           size_t shards);
  ~Audience();

  Status connect(const std::string& server, WaitPoint& wait_point);
  Status subscribe(WaitPoint& wait_point);
  /// After it nothing arrives any more, and verdict() may be asked.
  void disconnect();

  size_t wide_count() const { return wide_count_; }
  /// How many subscribers hear this vehicle.
  size_t listeners(uint32_t vehicle) const { return listeners_[vehicle]; }
  uint64_t received() const { return received_.load(std::memory_order_relaxed); }
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  /// Latencies of the clients of one shard (an id names its shard: id % shards).
  LatencySnapshot snapshot(size_t shard) const { return latencies_[shard].snapshot(); }
  /// sent[v] = how many positions vehicle v has sent.
  DeliveryVerdict verdict(std::span<const uint64_t> sent) const;

 private:
  struct Subscriber;
  static constexpr uint32_t kEveryVehicle = UINT32_MAX;

  std::unique_ptr<Subscriber> make_subscriber(ClientLoop& loop, uint32_t vehicle);
  void on_message(Subscriber& subscriber, std::string_view url, const PayloadView& payload);
  uint32_t index_of(std::string_view vehicle) const;

  // Constant after construction.
  const std::vector<std::string>& vehicles_;
  std::vector<std::string> urls_;                           // per vehicle
  std::unordered_map<std::string_view, uint32_t> indices_;  // views into vehicles_
  size_t wide_count_ = 0;
  std::vector<size_t> listeners_;
  // Loop thread writes, any reads: lone counters, nothing is ordered by them.
  std::atomic<uint64_t> received_{0};
  std::atomic<uint64_t> lost_{0};
  std::vector<LatencyHistogram> latencies_;  // per shard
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

}  // namespace ringroad::tools
