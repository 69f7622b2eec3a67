// fanout_world.h — a Fanout and its members, who subscribe as the benchmark says.
// Owner:  the benchmark.   Thread: one.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "bench/micro/null_member.h"
#include "bench/micro/per.h"
#include "shard/interest_filter.h"

namespace ringroad::bench {

class FanoutWorld {
 public:
  FanoutWorld() = default;
  ~FanoutWorld() {
    for (NullMember& member : members_) fanout.leave(member);
  }
  FanoutWorld(const FanoutWorld&) = delete;
  FanoutWorld& operator=(const FanoutWorld&) = delete;

  NullMember& add() { return members_.emplace_back(turn); }
  NullMember& add(const std::string& pattern) {
    NullMember& member = add();
    fanout.subscribe(member, {&pattern, 1});
    return member;
  }
  void flush() { CHECK(fanout.flush(SIZE_MAX)); }

 private:
  std::unique_ptr<shard::InterestFilter> filter_ = std::make_unique<shard::InterestFilter>();
  engine::BlockPool pool_;

 public:
  shard::Fanout fanout{pool_, *filter_, 64 * 1'048'576};
  NullTurn turn{fanout};
  engine::BlockWriter writer{pool_};  // the shard's: packets lie behind each other

 private:
  std::deque<NullMember> members_;
};

}  // namespace ringroad::bench
