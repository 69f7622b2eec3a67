// Property: what the official implementations sent decodes to the recorded fields on every path,
//           and encodes back to the same bytes (pad bytes aside: ours are zero).
// Method: all 299 recorded packets, one by one and as one stream in many chunkings.
#include "tests/proto/golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "proto/packet.h"
#include "proto/packet_reader.h"

namespace ringroad::proto {
namespace {

class Golden : public testing::Test {
 protected:
  const std::vector<GoldenPacket> packets_ = load_golden();
};

PacketSpec spec_of(const OwnedPacket& packet) {
  return {.type = static_cast<PacketType>(packet.type),
          .flags = static_cast<uint8_t>(packet.flags),
          .status = static_cast<uint8_t>(packet.status),
          .seqno = packet.seqno,
          .tunnel_id = static_cast<uint16_t>(packet.tunnel_id),
          .url = packet.url,
          .param = packet.param,
          .data = packet.data};
}

// What a reader makes of `stream` when it arrives in chunks of the sizes that next_size() gives.
template <typename NextSize>
std::vector<OwnedPacket> read_all(const std::vector<std::byte>& stream, NextSize next_size) {
  PacketReader reader;
  std::vector<OwnedPacket> packets;
  for (size_t at = 0; at < stream.size();) {
    const size_t size = std::min(next_size(), stream.size() - at);
    const std::vector<std::byte> chunk(&stream[at], &stream[at] + size);
    reader.feed(chunk);
    PacketView packet;
    PacketReader::Outcome outcome = reader.next(packet);
    for (; outcome == PacketReader::Outcome::packet; outcome = reader.next(packet)) {
      packets.push_back(owned(packet));
    }
    EXPECT_EQ(outcome, PacketReader::Outcome::need_more);
    at += size;
  }
  EXPECT_EQ(reader.held_bytes(), 0U);
  return packets;
}

TEST_F(Golden, IsComplete) {
  ASSERT_EQ(packets_.size(), 299U);
  const auto udp = std::count_if(packets_.begin(), packets_.end(),
                                 [](const GoldenPacket& p) { return p.channel == "udp"; });
  EXPECT_EQ(udp, 11);
}

TEST_F(Golden, W1_DecodesToTheRecordedFields) {
  for (const GoldenPacket& golden : packets_) {
    SCOPED_TRACE(golden.name);
    PacketHeader header;
    ASSERT_EQ(decode_header(golden.bytes, header), DecodeError::none);
    EXPECT_EQ(header.total_bytes(), golden.bytes.size());
    EXPECT_EQ(owned(view_packet(header, golden.bytes)), golden.decoded);
  }
}

TEST_F(Golden, W3_EncodesToTheSameBytes) {
  for (const GoldenPacket& golden : packets_) {
    SCOPED_TRACE(golden.name);
    std::vector<std::byte> expected = golden.bytes;
    std::fill_n(expected.rbegin(), golden.decoded.pad, std::byte{0});
    const PacketSpec spec = spec_of(golden.decoded);
    std::vector<std::byte> encoded(packet_bytes(spec), std::byte{0xaa});
    EXPECT_EQ(encode(spec, encoded), encoded.size());
    EXPECT_EQ(encoded, expected);
    EXPECT_TRUE(check_packet(spec, base::kQuickPayloadBytesMax).ok());
  }
}

TEST_F(Golden, W5_DatagramsDecode) {
  for (const GoldenPacket& golden : packets_) {
    if (golden.channel != "udp") continue;
    SCOPED_TRACE(golden.name);
    PacketView packet;
    ASSERT_EQ(decode_datagram(golden.bytes, packet), DecodeError::none);
    EXPECT_EQ(owned(packet), golden.decoded);
  }
}

TEST_F(Golden, ReaderFindsEachPacketWholeAndByteByByte) {
  for (const GoldenPacket& golden : packets_) {
    SCOPED_TRACE(golden.name);
    const std::vector<OwnedPacket> expected = {golden.decoded};
    EXPECT_EQ(read_all(golden.bytes, [] { return SIZE_MAX; }), expected);
    EXPECT_EQ(read_all(golden.bytes, [] { return size_t{1}; }), expected);
  }
}

TEST_F(Golden, ReaderFindsAllInOneStream) {
  std::vector<std::byte> stream;
  std::vector<OwnedPacket> expected;
  for (const GoldenPacket& golden : packets_) {
    stream.insert(stream.end(), golden.bytes.begin(), golden.bytes.end());
    expected.push_back(golden.decoded);
  }
  EXPECT_EQ(read_all(stream, [] { return SIZE_MAX; }), expected);
  for (const size_t size : {1, 19, 20, 21, 97, 1460}) {
    SCOPED_TRACE(size);
    EXPECT_EQ(read_all(stream, [size] { return size; }), expected);
  }
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    EXPECT_EQ(read_all(stream, [&random] { return 1 + random() % 300; }), expected);
  }
}

}  // namespace
}  // namespace ringroad::proto
