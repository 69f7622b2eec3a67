// load.h — N subscribers and one publisher in one thread, which know to the byte what has arrived.
// Owner:  a round.   Thread: one.
// Bound:  `window` publishes in flight: sent, and not yet whole at every subscriber.
// Fails:  a lost connection ends the round with a Status.
// Why here: one receive counts for all messages in it, so the load costs less than the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/macro/churn.h"
#include "bench/macro/contender.h"
#include "bench/macro/frame_check.h"
#include "bench/macro/join.h"
#include "bench/macro/progress.h"
#include "bench/macro/tcp.h"

namespace ringroad::bench {

struct LoadOptions {
  size_t subscribers = 1000;
  size_t window = 256;
  std::string host = kLoopback;  // of the server
  double churn_per_second = 0;   // changes of subscriptions beside it all; VSOA
};

struct LoadCounts {
  uint64_t published = 0;  // window drive; a flood's are known to its server only
  uint64_t delivered_bytes = 0;
  uint64_t receives = 0;
  uint64_t changes = 0;  // of subscriptions
};

class Load {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kFinishTime = std::chrono::seconds(10);

  Load(const Dialect& dialect, Drive drive, LoadOptions options);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Connects everybody; nothing is published yet.
  Status connect(uint16_t port);
  /// Fills the window: as many publishes as the slowest subscriber has taken since. Never waits.
  Status publish_window();
  /// Publishes and receives until then.
  Status run_until(Clock::time_point end);
  /// Publishes no more, and receives what is under way until nothing has come for so long. Answers
  /// how many deliveries are missing.
  Result<uint64_t> finish(std::chrono::milliseconds limit = kFinishTime);

  LoadCounts counts() const;

 private:
  Status turn(Clock::time_point end);
  Status receive(size_t subscriber);
  Status discard_answers();
  bool drained() const;

  Dialect dialect_;
  Drive drive_;
  LoadOptions options_;
  Watch watch_;
  std::optional<Churn> churn_;
  Tcp publisher_;
  std::vector<Tcp> subscribers_;
  std::vector<uint64_t> delivered_;  // bytes, by subscriber
  FrameCheck check_;
  Progress progress_;        // window drive only
  std::string window_text_;  // `window` publishes, one after the other
  uint64_t sent_bytes_ = 0;  // of publishes
  size_t ended_ = 0;         // subscribers whose connection the server has closed
  bool finishing_ = false;
  std::vector<char> buffer_;
  LoadCounts counts_;
};

}  // namespace ringroad::bench
