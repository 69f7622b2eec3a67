// echo_load.h — C connections that each keep D requests outstanding, and how long answers take.
// Owner:  a round.   Thread: one.
// Bound:  C x D requests in flight: a closed loop.
// Fails:  a lost connection, or an answer of another length, ends the round with a Status.
// Why here: all answers of a dialect are alike, so bytes are answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "bench/macro/frame_check.h"
#include "bench/macro/join.h"

namespace ringroad::bench {

struct EchoDialect {
  std::vector<Exchange> hello;
  std::string request;
  size_t answer_bytes = 0;
  std::string payload;  // must be somewhere in every answer
};
/// `protocol` raw, vsoa or resp.
EchoDialect make_echo_dialect(Protocol protocol, size_t payload_bytes);

struct EchoOptions {
  size_t connections = 64;
  size_t depth = 32;
};

class EchoLoad {
 public:
  using Clock = std::chrono::steady_clock;

  EchoLoad(EchoDialect dialect, EchoOptions options);
  EchoLoad(const EchoLoad&) = delete;
  EchoLoad& operator=(const EchoLoad&) = delete;

  Status connect(uint16_t port);
  Status run_until(Clock::time_point end);
  void start_measuring();

  uint64_t answers() const { return answers_; }
  /// Nanoseconds from handing a request to the kernel to having its answer.
  const base::Histogram& round_trip() const { return round_trip_; }

 private:
  struct Guest {
    Tcp socket;
    uint64_t answered = 0;                // bytes
    std::vector<Clock::time_point> sent;  // ring of `depth`
    size_t oldest = 0;
  };

  Status send_requests(Guest& guest, size_t count);
  Status receive(Guest& guest);

  EchoDialect dialect_;
  EchoOptions options_;
  Watch watch_;
  FrameCheck check_;
  std::vector<Guest> guests_;
  std::string burst_;  // `depth` requests
  bool measuring_ = false;
  uint64_t answers_ = 0;
  base::Histogram round_trip_;
  std::vector<char> buffer_;
};

}  // namespace ringroad::bench
