// Property: the reader finds the packets of a stream, whatever the chunks it arrives in, holds only
//           what arrived of a split packet, and stops for good at the first thing that is not VSOA.
// Method: random streams, some damaged, in random chunks, against naive_split(); the chunks are
//         separate heap blocks that are freed as soon as the contract allows, for the sanitizer.
#include "proto/packet_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/proto/naive_stream.h"

namespace ringroad::proto {
namespace {

using Bytes = std::vector<std::byte>;
using Outcome = PacketReader::Outcome;

Bytes encoded(const PacketSpec& spec) {
  Bytes bytes(packet_bytes(spec));
  encode(spec, bytes);
  return bytes;
}

Bytes concatenated(const std::vector<Bytes>& parts) {
  Bytes bytes;
  for (const Bytes& part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

class Prng {
 public:
  explicit Prng(uint64_t seed) : engine_(seed) {}
  size_t below(size_t bound) { return static_cast<size_t>(engine_() % bound); }
  /// Mostly small, sometimes up to `bound`.
  size_t skewed(size_t bound) { return below(1 + below(1 + below(bound))); }

 private:
  std::mt19937_64 engine_;
};

Bytes random_stream(Prng& prng) {
  Bytes stream;
  const std::string text(40'000, 'x');
  for (size_t count = prng.below(12); count > 0; --count) {
    Bytes packet = encoded({.type = static_cast<PacketType>(prng.below(256)),
                            .seqno = static_cast<uint32_t>(prng.below(1'000'000)),
                            .url = std::string_view(text).substr(0, prng.skewed(60)),
                            .param = std::string_view(text).substr(0, prng.skewed(300)),
                            .data = std::string_view(text).substr(0, prng.skewed(40'000))});
    if (prng.below(4) == 0) {  // pad bytes as the peer likes (A4, A5)
      const size_t pad = prng.below(4);
      packet.resize(packet.size() - (std::to_integer<size_t>(packet[2]) >> 6) + pad);
      packet[2] = static_cast<std::byte>(pad << 6);
    }
    stream.insert(stream.end(), packet.begin(), packet.end());
  }
  if (!stream.empty() && prng.below(3) == 0) {
    stream[prng.below(stream.size())] ^= static_cast<std::byte>(1U << prng.below(8));
  }
  if (!stream.empty() && prng.below(3) == 0) stream.resize(prng.below(stream.size()));
  return stream;
}

// Plays `stream` into a reader in random chunks; now and then it drops what is unread and feeds it
// again together with what follows.
class Player {
 public:
  Player(const Bytes& stream, Prng& prng) : stream_(stream), prng_(prng) {}

  void play() {
    while (outcome_ != Outcome::bad && at_ < stream_.size()) feed_one();
  }
  const std::vector<OwnedPacket>& packets() const { return packets_; }
  const PacketReader& reader() const { return reader_; }

 private:
  void feed_one() {
    const size_t size = std::min(1 + prng_.skewed(20'000), stream_.size() - at_);
    const Bytes chunk(&stream_[at_], &stream_[at_] + size);
    reader_.feed(chunk);
    at_ += size;
    PacketView packet;
    while ((outcome_ = reader_.next(packet)) == Outcome::packet) {
      ASSERT_LE(reader_.unread_bytes(), size);
      packets_.push_back(owned(packet));
      packets_bytes_ += packet.header.total_bytes();
      EXPECT_EQ(packets_bytes_ + reader_.unread_bytes(), at_);
      if (prng_.below(5) == 0) break;
    }
    if (outcome_ == Outcome::packet) {  // stopped in between
      at_ -= reader_.unread_bytes();
      reader_.drop_unread();
    }
    EXPECT_EQ(reader_.unread_bytes(), 0U);
    if (outcome_ == Outcome::need_more) {
      EXPECT_LE(reader_.held_bytes(), 2 * (at_ - packets_bytes_));
      EXPECT_LE(reader_.held_bytes(), base::kPacketBytesMax);
    }
  }

  const Bytes& stream_;
  Prng& prng_;
  PacketReader reader_;
  size_t at_ = 0;             // bytes of the stream the reader has taken
  size_t packets_bytes_ = 0;  // of those, in packets it gave back
  Outcome outcome_ = Outcome::need_more;
  std::vector<OwnedPacket> packets_;
};

TEST(PacketReader, AgreesWithTheNaiveModel) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Prng prng(seed);
    const Bytes stream = random_stream(prng);
    const NaiveStream model = naive_split(stream);
    Player player(stream, prng);
    player.play();
    ASSERT_EQ(player.packets().size(), model.packets.size());
    EXPECT_TRUE(player.packets() == model.packets);
    EXPECT_EQ(player.reader().error(), model.error);
  }
}

TEST(PacketReader, IdleHoldsNothing) {
  PacketReader reader;
  PacketView packet;
  EXPECT_EQ(reader.next(packet), Outcome::need_more);
  reader.feed({});
  EXPECT_EQ(reader.next(packet), Outcome::need_more);
  EXPECT_EQ(reader.held_bytes(), 0U);
  EXPECT_EQ(reader.error(), DecodeError::none);
}

TEST(PacketReader, WholePacketsAreViewedInPlace) {
  const Bytes one = encoded({.type = PacketType::publish, .url = "/a", .data = "1"});
  const Bytes stream = concatenated({one, one, one});
  PacketReader reader;
  reader.feed(stream);
  PacketView packet;
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(reader.next(packet), Outcome::packet);
    EXPECT_EQ(static_cast<const void*>(packet.url.data()), &stream[i * one.size() + 20]);
    EXPECT_EQ(reader.unread_bytes(), (2 - i) * one.size());
    EXPECT_EQ(reader.held_bytes(), 0U);
  }
  EXPECT_EQ(reader.next(packet), Outcome::need_more);
}

TEST(PacketReader, ASplitPacketIsFreedAtTheFollowingCall) {
  const Bytes bytes = encoded({.type = PacketType::publish, .url = "/a", .data = "payload"});
  const Bytes front(bytes.begin(), bytes.begin() + 25);
  const Bytes back = concatenated({{bytes.begin() + 25, bytes.end()}, bytes});
  for (const char* by : {"next", "feed"}) {
    SCOPED_TRACE(by);
    PacketReader reader;
    PacketView packet;
    reader.feed(front);
    ASSERT_EQ(reader.next(packet), Outcome::need_more);
    EXPECT_EQ(reader.held_bytes(), 25U);
    reader.feed(back);
    ASSERT_EQ(reader.next(packet), Outcome::packet);
    EXPECT_EQ(packet.data, "payload");
    EXPECT_GT(reader.held_bytes(), 0U);  // the views still point there
    EXPECT_EQ(reader.unread_bytes(), bytes.size());
    if (by == std::string_view("feed")) {
      reader.drop_unread();
      reader.feed(bytes);
    } else {
      ASSERT_EQ(reader.next(packet), Outcome::packet);
      EXPECT_EQ(packet.data, "payload");
    }
    EXPECT_EQ(reader.held_bytes(), 0U);
  }
}

TEST(PacketReader, A2_ADeclaredLengthReservesNothing) {
  const std::string data(262'124, 'x');
  const Bytes bytes = encoded({.type = PacketType::publish, .data = data});
  PacketReader reader;
  PacketView packet;
  for (size_t at = 0; at + 1 < bytes.size(); at += 1447) {
    const Bytes chunk(&bytes[at], &bytes[std::min(at + 1447, bytes.size() - 1)]);
    reader.feed(chunk);
    ASSERT_EQ(reader.next(packet), Outcome::need_more);
    ASSERT_LE(reader.held_bytes(), std::min<size_t>(2 * (at + chunk.size()), 262'144));
  }
  reader.feed({&bytes.back(), 1});
  ASSERT_EQ(reader.next(packet), Outcome::packet);  // exactly the limit is accepted (W5)
  EXPECT_EQ(packet.data, data);
  EXPECT_EQ(reader.next(packet), Outcome::need_more);
  EXPECT_EQ(reader.held_bytes(), 0U);
}

TEST(PacketReader, A2_OversizeIsBadAsSoonAsTheHeaderIsIn) {
  Bytes header = encoded({.type = PacketType::publish});
  header[17] = std::byte{0x04};  // 262,144 of data
  for (const size_t first : {20U, 19U, 1U}) {
    SCOPED_TRACE(first);
    PacketReader reader;
    PacketView packet;
    reader.feed(std::span(header).first(first));
    if (first < 20) {
      ASSERT_EQ(reader.next(packet), Outcome::need_more);
      reader.feed(std::span(header).subspan(first));
    }
    EXPECT_EQ(reader.next(packet), Outcome::bad);
    EXPECT_EQ(reader.error(), DecodeError::oversize);
    EXPECT_EQ(reader.held_bytes(), 0U);
  }
}

TEST(PacketReader, A1_AfterBadEverythingIsBad) {
  const Bytes good = encoded({.type = PacketType::publish, .url = "/a"});
  const Bytes stream = concatenated({good, {std::byte{'G'}}, good});
  PacketReader reader;
  PacketView packet;
  reader.feed(stream);
  EXPECT_EQ(reader.next(packet), Outcome::packet);
  EXPECT_EQ(reader.next(packet), Outcome::bad);
  EXPECT_EQ(reader.error(), DecodeError::bad_magic);
  EXPECT_EQ(reader.unread_bytes(), 0U);
  reader.feed(good);
  EXPECT_EQ(reader.unread_bytes(), 0U);
  EXPECT_EQ(reader.next(packet), Outcome::bad);
}

TEST(PacketReaderDeathTest, FeedChecksThatNothingIsLost) {
  const Bytes good = encoded({.type = PacketType::publish, .url = "/a"});
  PacketReader reader;
  reader.feed(good);
  EXPECT_DEATH(reader.feed(good), "unread_");
}

}  // namespace
}  // namespace ringroad::proto
