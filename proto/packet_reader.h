// packet_reader.h — splits a TCP byte stream into packets.
// Owner:  the session, by value.   Thread: one.
// Bound:  held_bytes() <= base::kPacketBytesMax and <= 2 x the bytes of the split packet that
//         arrived: a declared length alone reserves nothing. Idle: no heap.
// Fails:  what is not VSOA ends in Outcome::bad, for good; error() says why.
// Lives:  a packet's views are valid until the following next() or feed(). Whole packets are
//         viewed in place; only a packet split between two feeds is copied aside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "proto/packet.h"

namespace ringroad::proto {

class PacketReader {
 public:
  enum class Outcome : uint8_t {
    packet,     ///< `packet` is filled; ask again
    need_more,  ///< all fed bytes are used up; the caller may reuse them
    bad,        ///< the stream is lost; close it
  };

  /// `bytes` must live until next() said need_more or bad, or drop_unread(). The bytes of the
  /// previous feed() must be used up or dropped. After bad: ignored.
  void feed(std::span<const std::byte> bytes);

  Outcome next(PacketView& packet);

  /// Forgets the view of the unread bytes; the caller keeps them and feeds them again later.
  void drop_unread() { unread_ = {}; }

  /// Why next() said bad; none before that.
  DecodeError error() const { return error_; }
  /// Fed bytes that no packet has used yet: the last ones of the feed.
  size_t unread_bytes() const { return unread_.size(); }
  /// Heap bytes of the buffer for a split packet.
  size_t held_bytes() const { return aside_.capacity(); }

 private:
  Outcome next_aside(PacketView& packet);
  Outcome fail(DecodeError error);
  void move_aside(size_t bytes, size_t target_bytes);
  void free_aside();

  std::span<const std::byte> unread_;  // borrowed from the caller
  std::vector<std::byte> aside_;       // the front of a split packet; later all of it
  bool aside_consumed_ = false;        // the packet in aside_ was handed out: free it next time
  DecodeError error_ = DecodeError::none;
};

static_assert(sizeof(PacketReader) <= 64, "there is one per client");

}  // namespace ringroad::proto
