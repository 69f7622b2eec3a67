// lookup.h — one lookup of a name: whom to ask, how often, what counts as an answer, how it ends (V74).
// Owner:  who asks: lookup() on the thread that waits, LoopLookup on a loop.   Thread: one.
// Life:   begin(), then each step's result is told (on_…) until a step is `end`.
// Bound:  kTries tries per server.
// Fails:  result() says why: not_found if all that answered do not know the name; else the last cause.
// Why here: policy without sockets and clocks, so that both ways to wait have the same one and a naive
//         model can check it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/address.h"
#include "ringroad/position.h"

namespace ringroad::client {

class Lookup {
 public:
  static constexpr int kTries = 2;

  struct Question {
    std::string name;
    AddressFamily family = AddressFamily::any;
    std::chrono::milliseconds try_time = {};
  };
  /// What to do next.
  enum class Step : uint8_t {
    open,  ///< Open a socket that hears server() and nobody else, in place of the last; then as send.
    send,  ///< Send query() to server(), and wait up to try_time().
    wait,  ///< Go on waiting, no longer than before: it was no answer to this question.
    end,   ///< There is a result().
  };

  /// `servers`: in the order in which they are asked, one at least.
  Lookup(std::vector<engine::Address> servers, Question question);

  Step begin() { return Step::open; }
  /// From server().
  Step on_datagram(std::string_view text);
  /// try_time() has passed.
  Step on_silence();
  /// server() could not be asked, or will not answer.
  Step on_failure(const Status& cause);

  const engine::Address& server() const { return servers_[asked_]; }
  const std::string& query() const { return query_; }
  std::chrono::milliseconds try_time() const { return question_.try_time; }
  /// Not before the end.
  const Result<ServerPosition>& result() const;
  /// What it has come to so far, before the end: never ok.
  Status cause() const;

 private:
  Step settle(Status cause);

  const std::vector<engine::Address> servers_;
  const Question question_;
  const std::string key_;    // the name in lower case
  const std::string query_;  // its text
  size_t asked_ = 0;         // of servers_
  int tries_ = 1;            // of server()
  Status cause_;             // of the servers before
  std::optional<Result<ServerPosition>> result_;
};

/// A lookup that leaves time for what it is made for: a try takes up to that of LookupOptions, and less
/// if all tries and one share for connecting would not fit into `time`.
std::chrono::milliseconds try_time_within(std::chrono::milliseconds time, size_t servers);

}  // namespace ringroad::client
