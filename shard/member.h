// member.h — a client as the fan-out sees it: an outbox, and a cursor into its cohort's log.
// Owner:  a Session is one.
// Thread: the shard's.
// States: none (no subscription) -> following (cursor) <-> straggling (own ordered lane, until
//         that and its conflated lane are empty).
// Bound:  queue_bytes_max over outbox, conflated lane and lag; what one send has in flight is not counted.
// Why here: fan-out can be tested with members that are no sessions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/intrusive_list.h"
#include "engine/outbox.h"
#include "ringroad/options.h"
#include "shard/cohort_log.h"
#include "shard/conflated_lane.h"

namespace ringroad::shard {

class Cohort;

class Member {
 public:
  Member() = default;
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // Asked by Fanout.
  /// A send is in flight: settle() follows when it is done.
  virtual bool sending() const = 0;
  /// Send now what compose() gives; called at the end of a turn.
  virtual void flush_now() = 0;
  /// There is something to send: flush at the end of the turn.
  virtual void flush_soon() = 0;
  /// Its queue is at the bound: must leave the fan-out, and end.
  virtual void on_overflow(size_t pending_bytes) = 0;
  /// One quick (UDP) packet, now or never.
  virtual void send_quick(std::span<const std::byte> packet) = 0;

  engine::Outbox outbox_;

  /// Nothing waits but what its cohort's log has for it.
  bool caught_up() const { return outbox_.drained() && conflated_ == nullptr; }

  // For Fanout.
  enum class Following : uint8_t { none, log, lane };
  Cohort* cohort_ = nullptr;  // null: no subscription
  uint32_t position_ = 0;     // in the cohort's members
  Following following_ = Following::none;
  bool muted_ = false;           // subscribed, but gets nothing (not active, or authed = false)
  uint32_t queued_packets_ = 0;  // publishes in the ordered lane
  Backlog backlog_ = Backlog::close;
  uint8_t priority_ = 0;     // below base::kPriorities; higher ones are sent to first
  bool conflating_ = false;  // since it lagged, until it has caught up
  std::unique_ptr<ConflatedLane> conflated_;  // behind the outbox; not null: not empty, no cursor
  size_t pinned_bytes_ = 0;                   // as counted in Fanout::Stats
  LogPosition cursor_;                        // if following the log
  base::ListHook hook_;                       // in one of its cohort's lists

 protected:
  ~Member() = default;
};

}  // namespace ringroad::shard
