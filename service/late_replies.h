// late_replies.h — answers whose client's shard had no room for them, tried again until it has.
// Owner:  whoever answers from other threads; while answers wait, also the timer service.
// Thread: any; what waits is tried on the thread of the timer service.
// Bound:  Limits; what is over them is lost.
// Fails:  an answer that finds no room in time is lost: counted, logged. One to a client that has gone is
//         nobody's.
// Order:  answers may overtake each other (C7), and what is sent behind them.
// Why here: who answers must often not wait: the loop of another server's connection, a shard, the
//         destructor of a job. So one timer waits for all.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "ringroad/payload.h"
#include "ringroad/server.h"
#include "ringroad/status.h"
#include "ringroad/timer.h"

namespace ringroad::service {

class LateReplies : public std::enable_shared_from_this<LateReplies> {
 public:
  struct Limits {
    size_t replies_max = 4'096;
    size_t bytes_max = 16'777'216;  // params and data
    std::chrono::milliseconds patience = std::chrono::seconds(5);
  };
  struct Stats {
    uint64_t late = 0;  // found no room at once
    uint64_t lost = 0;
    uint64_t waiting_now = 0;
  };

  /// `service`: whose answers they are, for the log.
  explicit LateReplies(std::string_view service) : service_(service) {}
  LateReplies(std::string_view service, const Limits& limits)
      : service_(service), limits_(limits) {}
  LateReplies(const LateReplies&) = delete;
  LateReplies& operator=(const LateReplies&) = delete;

  /// Does not wait.
  void reply(RemoteClient client, uint32_t seqno, const ReplyContent& content);
  /// For threads that may wait, a second: what they send next does not overtake it. overloaded: lost.
  Status reply_patiently(RemoteClient& client, uint32_t seqno, const ReplyContent& content);
  Stats stats() const;

 private:
  struct Late {
    RemoteClient client;
    uint32_t seqno = 0;
    ReplyStatus status = ReplyStatus::success;
    Payload payload;
    uint16_t tunnel_id = 0;
    std::chrono::steady_clock::time_point deadline = {};

    size_t bytes() const { return payload.param.size() + payload.data.size(); }
  };

  static constexpr auto kRetryDelay = std::chrono::milliseconds(1);

  Status keep(Late late);
  Status start();
  void retry();
  Status try_again(Late& late);
  void lose(const RemoteClient& client, const Status& cause);

  const std::string service_;
  const Limits limits_;
  mutable std::mutex mutex_;
  // Under the mutex.
  std::deque<Late> waiting_;
  size_t waiting_count_ = 0;  // with those that retry() has taken
  size_t waiting_bytes_ = 0;
  uint64_t late_ = 0;
  uint64_t lost_ = 0;
  std::chrono::milliseconds delay_ = kRetryDelay;  // doubles while there is no room at all
  Timer timer_;                                    // started while something waits
};

}  // namespace ringroad::service
