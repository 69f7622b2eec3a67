// latency_load.h — one publisher at a fixed rate, N subscribers, and when each message was there.
// Owner:  a round.   Thread: one.
// Bound:  the rate is kept whatever the server does; a publisher's socket that is full ends the
//         round, because what would follow is not the latency at this rate.
// Fails:  a lost connection or a broken frame ends the round with a Status.
// Why here: latency counts from the time a message should have left, for every delivery.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "bench/load/ledger.h"
#include "bench/load/schedule.h"
#include "bench/load/self_watch.h"
#include "bench/macro/join.h"

namespace ringroad::bench {

struct LatencyOptions {
  size_t subscribers = 1000;
  double per_second = 50;
};

class LatencyLoad {
 public:
  using Clock = Schedule::Clock;
  static constexpr auto kFinishTime = std::chrono::seconds(10);

  LatencyLoad(const Dialect& dialect, LatencyOptions options);
  LatencyLoad(const LatencyLoad&) = delete;
  LatencyLoad& operator=(const LatencyLoad&) = delete;

  Status connect(uint16_t port);
  /// Publishes at the rate and receives until then.
  Status run_until(Clock::time_point end);
  /// From here on deliveries count.
  void start_measuring();
  /// Receives what is under way, at most kFinishTime; answers what came of everything published.
  Result<Completeness> finish();

  /// Nanoseconds of each delivery whose message was due after start_measuring().
  const base::Histogram& latency() const { return latency_; }
  const SelfWatch& self() const { return self_; }
  /// Messages so far.
  uint64_t published() const { return schedule_->taken(); }
  uint64_t deliveries() const { return deliveries_; }

 private:
  struct Subscriber {
    Tcp socket;
    std::string partial;  // the beginning of a frame
    Ledger ledger;
  };

  Status publish_due();
  Status turn(Clock::time_point end);
  Status receive(Subscriber& subscriber);
  Status take(Subscriber& subscriber, std::string_view bytes, Clock::time_point now);
  Status take_frame(Subscriber& subscriber, std::string_view frame, Clock::time_point now);
  Status discard_answers();
  bool drained() const;

  Dialect dialect_;
  LatencyOptions options_;
  Watch watch_;
  Tcp publisher_;
  std::vector<Subscriber> subscribers_;
  std::optional<Schedule> schedule_;
  size_t publish_stamp_at_ = 0;           // in dialect_.publish
  std::optional<size_t> frame_stamp_at_;  // in a delivered frame; found in the first one
  Clock::time_point measured_from_ = Clock::time_point::max();
  base::Histogram latency_;
  SelfWatch self_;
  uint64_t deliveries_ = 0;
  std::vector<char> buffer_;
};

}  // namespace ringroad::bench
