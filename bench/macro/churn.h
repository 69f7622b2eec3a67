// churn.h — connections that subscribe and unsubscribe at a rate, beside the load that is measured.
// Owner:  a Load.   Thread: one.
// Bound:  kChurners connections; each has one change under way, so a server that does not keep up
//         is asked for less: changes() tells.
// Fails:  a refused change, or a lost connection, ends the round with a Status.
// Why here: half of them take the topic that is published (they join and leave the great audience,
//           and get its messages meanwhile), half topics of their own (the index changes).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/schedule.h"
#include "bench/macro/dialect.h"
#include "bench/macro/join.h"
#include "proto/packet_reader.h"

namespace ringroad::bench {

class Churn {
 public:
  using Clock = Schedule::Clock;
  static constexpr size_t kChurners = 50;

  /// `dialect` is VSOA's; `per_second` > 0.
  Churn(const Dialect& dialect, double per_second);

  /// Their input is watched under the keys from `first_key` on.
  Status connect(uint16_t port, const std::string& host, const Watch& watch, uint64_t first_key);
  /// Asks for the changes that are due.
  Status run(Clock::time_point now);
  Status receive(size_t churner);
  /// What the server has acknowledged.
  uint64_t changes() const { return changes_; }

 private:
  enum class State : uint8_t { idle, asking };
  struct Churner {
    Tcp socket;
    std::string url;
    bool subscribed = false;
    State state = State::idle;
    proto::PacketReader reader;
  };

  Status take(Churner& churner, const proto::PacketView& packet);

  Dialect dialect_;
  double per_second_;
  std::vector<Churner> churners_;
  std::vector<char> buffer_;
  Schedule schedule_;
  size_t next_ = 0;  // whose turn it is
  uint64_t changes_ = 0;
};

}  // namespace ringroad::bench
