#include "proto/packet_reader.h"

#include <algorithm>

#include "base/check.h"

namespace ringroad::proto {

void PacketReader::feed(std::span<const std::byte> bytes) {
  CHECK(unread_.empty());
  if (aside_consumed_) free_aside();
  if (error_ != DecodeError::none) return;
  unread_ = bytes;
}

PacketReader::Outcome PacketReader::next(PacketView& packet) {
  if (aside_consumed_) free_aside();
  if (error_ != DecodeError::none) return Outcome::bad;
  if (!aside_.empty()) return next_aside(packet);
  if (unread_.empty()) return Outcome::need_more;

  PacketHeader header;
  const DecodeError error = decode_header(unread_, header);
  if (error == DecodeError::short_header) {
    move_aside(unread_.size(), base::kHeaderBytes);
    return Outcome::need_more;
  }
  if (error != DecodeError::none) return fail(error);
  const size_t total = header.total_bytes();
  if (unread_.size() < total) {
    move_aside(unread_.size(), total);
    return Outcome::need_more;
  }
  packet = view_packet(header, unread_);
  unread_ = unread_.subspan(total);
  return Outcome::packet;
}

// Completes the packet in aside_, first its header and then the rest, from what was fed.
PacketReader::Outcome PacketReader::next_aside(PacketView& packet) {
  if (aside_.size() < base::kHeaderBytes) {
    const size_t missing = base::kHeaderBytes - aside_.size();
    move_aside(std::min(missing, unread_.size()), base::kHeaderBytes);
  }
  PacketHeader header;
  const DecodeError error = decode_header(aside_, header);
  if (error == DecodeError::short_header) return Outcome::need_more;
  if (error != DecodeError::none) return fail(error);

  const size_t total = header.total_bytes();
  CHECK(aside_.size() <= total);
  move_aside(std::min(total - aside_.size(), unread_.size()), total);
  if (aside_.size() < total) return Outcome::need_more;
  packet = view_packet(header, aside_);
  aside_consumed_ = true;
  return Outcome::packet;
}

PacketReader::Outcome PacketReader::fail(DecodeError error) {
  error_ = error;
  unread_ = {};
  free_aside();
  return Outcome::bad;
}

// `target_bytes`: how long aside_ is going to be. It grows by doubling, and never beyond that.
void PacketReader::move_aside(size_t bytes, size_t target_bytes) {
  const size_t needed = aside_.size() + bytes;
  CHECK(bytes <= unread_.size());
  CHECK(needed <= target_bytes);
  if (needed > aside_.capacity()) {
    aside_.reserve(std::min(target_bytes, std::max(needed, 2 * aside_.capacity())));
  }
  aside_.insert(aside_.end(), unread_.begin(), unread_.begin() + static_cast<ptrdiff_t>(bytes));
  unread_ = unread_.subspan(bytes);
}

void PacketReader::free_aside() {
  std::vector<std::byte>().swap(aside_);
  aside_consumed_ = false;
}

}  // namespace ringroad::proto
