// fake_member.h — a client of a Fanout, without session and socket: a kernel that takes what the
// test says.
// Owner:  FakeTurn knows those that want to be flushed.
// Thread: one.
// Why here: it keeps the rules of engine::Connection: one send in flight, a short send leaves a
//         rest, settle() after each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "shard/fanout.h"
#include "tests/support/slice_text.h"

namespace ringroad::shard {

class FakeMember;

/// The end of a turn: who has something to send.
class FakeTurn {
 public:
  explicit FakeTurn(Fanout& fanout) : fanout_(fanout) {}

  Fanout& fanout() { return fanout_; }
  void flush_later(FakeMember& member);
  void forget(FakeMember& member);
  /// As Loop and Shard do it: of each priority single members, then cohorts. False: the budget did
  /// not do for all cohorts.
  bool flush(size_t sends);
  /// Who has sent something, by TCP and by UDP, since the last flush() began.
  std::vector<const FakeMember*> sent;

 private:
  Fanout& fanout_;
  std::vector<FakeMember*> dirty_;
};

class FakeMember final : public Member {
 public:
  explicit FakeMember(FakeTurn& turn) : turn_(turn) {}
  ~FakeMember() {
    leave();
    turn_.forget(*this);
  }

  bool sending() const override { return sending_; }
  void flush_soon() override { turn_.flush_later(*this); }
  void flush_now() override {
    if (sending_ || gone_) return;
    CHECK(batch_.empty());
    if (outbox_.compose(engine::Outbox::Gate::open, batch_)) turn_.fanout().compose(*this, batch_);
    composed_bytes_ += batch_.bytes();
    if (batch_.empty()) return;
    sending_ = true;
    ++sends_;
    if (keeps_) turn_.sent.push_back(this);
  }
  void on_overflow(size_t pending_bytes) override {
    overflow_bytes_ = pending_bytes;
    leave();
  }
  void send_quick(std::span<const std::byte>) override {
    ++quick_;
    if (keeps_) turn_.sent.push_back(this);
  }

  /// The kernel takes up to so many bytes.
  void take(size_t bytes) {
    if (!sending_) return;
    bytes = std::min(bytes, batch_.bytes());
    if (bytes == 0) return;
    if (keeps_) received_ += test::text_of(batch_).substr(0, bytes);
    batch_.consume(bytes);
    sending_ = !batch_.empty();
    if (gone_) return;
    turn_.fanout().settle(*this);
    if (sending_) flush_soon();
  }
  void leave() {
    if (gone_) return;
    gone_ = true;
    turn_.fanout().leave(*this);
  }

  bool gone() const { return gone_; }
  bool overflowed() const { return overflow_bytes_ > 0; }
  size_t composed_bytes() const { return composed_bytes_; }
  size_t sends() const { return sends_; }
  size_t quick() const { return quick_; }
  const std::string& received() const { return received_; }
  /// Counts only: what is received is not kept.
  void keep_nothing() { keeps_ = false; }

  bool dirty_ = false;  // for FakeTurn

 private:
  FakeTurn& turn_;
  engine::SendBatch batch_;
  std::string received_;
  size_t composed_bytes_ = 0;
  size_t sends_ = 0;
  size_t quick_ = 0;
  size_t overflow_bytes_ = 0;
  bool keeps_ = true;
  bool sending_ = false;
  bool gone_ = false;
};

inline void FakeTurn::flush_later(FakeMember& member) {
  if (member.dirty_) return;
  member.dirty_ = true;
  dirty_.push_back(&member);
}

inline void FakeTurn::forget(FakeMember& member) {
  std::erase(dirty_, &member);
}

inline bool FakeTurn::flush(size_t sends) {
  sent.clear();
  for (size_t priority = base::kPriorities; priority-- > 0;) {
    for (size_t i = 0; i < dirty_.size(); ++i) {
      if (!dirty_[i]->dirty_ || dirty_[i]->priority_ != priority) continue;
      dirty_[i]->dirty_ = false;
      dirty_[i]->flush_now();
    }
    sends -= fanout_.flush(priority, sends);
  }
  std::erase_if(dirty_, [](const FakeMember* member) { return !member->dirty_; });
  return fanout_.flushed();
}

}  // namespace ringroad::shard
