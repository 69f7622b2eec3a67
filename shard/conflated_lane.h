// conflated_lane.h — for each URL the latest publish that waits for one slow client.
// Owner:  a Member, while it lags and conflates.
// Thread: the shard's.
// Bound:  the caller's, exact, over the bytes of the packets: so the number of URLs is bounded, too.
//         Beside its packet a URL costs its text and about 150 bytes.
// Order:  a URL has the place of the oldest publish of it that has not left: newer ones take that
//         place, so that a busy URL is not put off for ever. Per URL it never goes backwards.
// Lives:  packets that would pin more than they hold are copied.
// Why here: a client that cannot take every position wants the latest one of each vehicle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/block.h"
#include "engine/outbox.h"
#include "engine/send_batch.h"
#include "shard/token_hash.h"

namespace ringroad::shard {

class ConflatedLane {
 public:
  ConflatedLane() = default;
  ConflatedLane(const ConflatedLane&) = delete;
  ConflatedLane& operator=(const ConflatedLane&) = delete;

  enum class Outcome : uint8_t {
    queued,
    replaced,  ///< an older one will never be sent
    refused,   ///< more than bytes_max would wait; nothing has changed
  };
  Outcome push(std::string_view url, const engine::Slice& packet, size_t bytes_max);

  /// Moves the first ones into the batch while it has room. Returns how many.
  size_t move_to(engine::SendBatch& batch, engine::BlockPool& pool);
  /// Moves all into the ordered lane, where nothing replaces them. Returns how many.
  size_t move_to(engine::Outbox& outbox, engine::BlockPool& pool);

  bool empty() const { return order_.empty(); }
  size_t packets() const { return order_.size(); }
  size_t bytes() const { return bytes_; }
  /// What its large packets pin, and the others themselves.
  size_t pinned_bytes() const { return pinned_; }

 private:
  /// Finds by a view, so that a look-up makes no string; keyed, because URLs may be a client's.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view url) const {
      static const TokenHash hash = TokenHash::random();
      return hash(0, url);
    }
  };
  struct Packet {
    std::string own;       // empty: `shared` it is
    engine::Slice shared;  // large

    size_t size() const { return own.size() + shared.size(); }
    size_t pinned_bytes() const { return own.size() + shared.pinned_bytes(); }
    void set(const engine::Slice& packet);
  };
  using Packets = std::unordered_map<std::string, Packet, Hash, std::equal_to<>>;

  engine::Slice pop(engine::BlockWriter& writer);

  Packets packets_;
  std::deque<Packets::value_type*> order_;  // into packets_, whose nodes stay where they are
  size_t bytes_ = 0;
  size_t pinned_ = 0;
};

}  // namespace ringroad::shard
