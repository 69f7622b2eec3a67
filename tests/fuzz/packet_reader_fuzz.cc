// Property: in whatever chunks a stream arrives, the reader gives the packets and the verdict of
//         naive_split(), and never holds more than twice what arrived of a split packet.
// Method: byte 0 of the input says how many chunk codes follow; the rest is the stream. A code:
//         bits 0-5 size, bit 6 times 64, bit 7 stop after one packet and feed the rest again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "proto/packet.h"
#include "proto/packet_reader.h"
#include "tests/proto/naive_stream.h"

namespace ringroad::proto {
namespace {

using Outcome = PacketReader::Outcome;

class Player {
 public:
  Player(std::span<const uint8_t> codes, std::span<const std::byte> stream)
      : codes_(codes), stream_(stream) {}

  void play() {
    for (size_t turn = 0; outcome_ != Outcome::bad && at_ < stream_.size(); ++turn) {
      feed_one(codes_.empty() ? 0xff : codes_[turn % codes_.size()]);
    }
  }

  void compare(const NaiveStream& model) const {
    CHECK(packets_ == model.packets);
    CHECK(reader_.error() == model.error);
    CHECK((outcome_ == Outcome::bad) == (model.error != DecodeError::none));
  }

 private:
  void feed_one(uint8_t code) {
    const size_t wish = (size_t{code} & 0x3f) + 1;
    const size_t size = std::min((code & 0x40) != 0 ? wish * 64 : wish, stream_.size() - at_);
    const auto part = stream_.subspan(at_, size);
    const std::vector<std::byte> chunk(part.begin(), part.end());  // its end is guarded by ASan
    reader_.feed(chunk);
    at_ += size;
    PacketView packet;
    while ((outcome_ = reader_.next(packet)) == Outcome::packet) {
      take(packet);
      if ((code & 0x80) != 0) break;
    }
    if (outcome_ != Outcome::packet) CHECK(reader_.unread_bytes() == 0);
    if (outcome_ == Outcome::need_more) check_held();
    at_ -= reader_.unread_bytes();
    reader_.drop_unread();
  }

  void take(const PacketView& packet) {
    const size_t total = packet.header.total_bytes();
    CHECK(total <= base::kPacketBytesMax);
    taken_bytes_ += total;
    CHECK(taken_bytes_ + reader_.unread_bytes() == at_);
    packets_.push_back(owned(packet));
  }

  void check_held() const {
    const size_t arrived = at_ - taken_bytes_;
    CHECK(reader_.held_bytes() >= arrived);
    CHECK(reader_.held_bytes() <= std::min(2 * arrived, base::kPacketBytesMax));
  }

  const std::span<const uint8_t> codes_;
  const std::span<const std::byte> stream_;
  PacketReader reader_;
  size_t at_ = 0;           // bytes of the stream that were fed
  size_t taken_bytes_ = 0;  // of those, in packets that came out
  Outcome outcome_ = Outcome::need_more;
  std::vector<OwnedPacket> packets_;
};

void compare_datagram(std::span<const std::byte> stream, const NaiveStream& model) {
  PacketView packet;
  const DecodeError error = decode_datagram(stream, packet);
  if (!model.packets.empty()) {
    CHECK(error == DecodeError::none);
    CHECK(owned(packet) == model.packets.front());
  } else if (model.error != DecodeError::none) {
    CHECK(error == model.error);
  }
}

}  // namespace
}  // namespace ringroad::proto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringroad::proto;
  std::span<const uint8_t> input(data, size);
  if (input.empty()) return 0;
  const size_t code_count = std::min<size_t>(input[0] % 16, size - 1);
  const auto codes = input.subspan(1, code_count);
  const auto stream = std::as_bytes(input.subspan(1 + code_count));

  const NaiveStream model = naive_split(stream);
  Player player(codes, stream);
  player.play();
  player.compare(model);
  compare_datagram(stream, model);
  return 0;
}
