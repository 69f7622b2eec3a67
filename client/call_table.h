// call_table.h — requests of one client that wait for a reply.
// Owner:  Session, by value.   Thread: the loop's.
// Bound:  kCallsMax requests; idle: no heap.
// Fails:  every request that was added ends exactly once: reply, timed_out, or fail_all()'s cause.
// Why here: seqnos, types and deadlines without sockets, so that a naive model can check them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "engine/io.h"
#include "engine/timer_wheel.h"
#include "proto/packet.h"
#include "ringroad/client.h"

namespace ringroad::client {

inline constexpr size_t kCallsMax = 65'535;  // of 65,536 seqnos (W22)

class CallTable {
 public:
  using Done = Client::ReplyCallback;

  /// What the table needs of its owner.
  class Host {
   public:
    virtual void start_timer(engine::Timer& timer, engine::Duration delay) = 0;
    virtual void stop_timer(engine::Timer& timer) = 0;
    /// One request fewer; called just before its `done`.
    virtual void on_call_ended() = 0;

   protected:
    ~Host() = default;
  };

  explicit CallTable(Host& host) : host_(host) {}
  ~CallTable();  ///< Must be empty.
  CallTable(const CallTable&) = delete;
  CallTable& operator=(const CallTable&) = delete;

  /// The seqno to send; nullopt, and `done` is not called, when kCallsMax are waiting.
  std::optional<uint16_t> add(proto::PacketType type, engine::Duration timeout, Done done);
  /// Hands a reply to who waits for it. False: nobody does (C9), or it waits for another type
  /// (C10).
  bool complete(const proto::PacketView& reply);
  /// Ends all of them. What their callbacks add is not touched.
  void fail_all(const Status& status);

  size_t size() const { return pending_.size(); }

 private:
  struct Pending {
    Pending(CallTable& owner, uint16_t number, proto::PacketType expected, Done callback)
        : table(owner), seqno(number), type(expected), done(std::move(callback)) {}
    void on_timeout() { table.expire(seqno); }

    CallTable& table;
    const uint16_t seqno;
    const proto::PacketType type;
    Done done;
    engine::Timer timer = engine::Timer::bind<&Pending::on_timeout>(this);
  };
  using Map = std::unordered_map<uint16_t, Pending>;  // nodes: a Pending never moves

  void expire(uint16_t seqno);
  void finish(Map::iterator at, const Result<Reply>& reply);

  Host& host_;
  Map pending_;
  uint16_t next_seqno_ = 1;  // rotates; 0 was the handshake's, and QOSSETUP carries it
};

}  // namespace ringroad::client
