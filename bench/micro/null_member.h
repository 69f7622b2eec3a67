// null_member.h — a client of a Fanout without session and socket, whose sends have left at once.
// Owner:  the benchmark; must leave() before it dies.   Thread: one.
// Why here: the fan-out alone, without what a Session and a Connection cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "engine/send_batch.h"
#include "shard/fanout.h"

namespace ringroad::bench {

/// What the members of one Fanout share: the one batch that is composed again and again.
struct NullTurn {
  shard::Fanout& fanout;
  engine::SendBatch batch = {};
  uint64_t sent_bytes = 0;
};

class NullMember final : public shard::Member {
 public:
  explicit NullMember(NullTurn& turn) : turn_(turn) {}

  bool sending() const override { return false; }
  void flush_now() override {
    CHECK(turn_.batch.empty());
    CHECK(outbox_.compose(engine::Outbox::Gate::open, turn_.batch));
    turn_.fanout.compose(*this, turn_.batch);
    if (turn_.batch.empty()) return;
    const size_t bytes = turn_.batch.bytes();
    turn_.sent_bytes += bytes;
    turn_.batch.consume(bytes);
    turn_.fanout.settle(*this);
  }
  void flush_soon() override {}  // nobody straggles here
  void on_overflow(size_t) override { CHECK(false); }
  void send_quick(std::span<const std::byte>) override {}

 private:
  NullTurn& turn_;
};

}  // namespace ringroad::bench
