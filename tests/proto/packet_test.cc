// Property: the sender is strict (W1 to W5), the receiver lenient, as rows A1 to A13 and A16 say.
// Method: one test per row, each with a packet made for it; random packets there and back.
#include "proto/packet.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "tests/proto/golden.h"

namespace ringroad::proto {
namespace {

std::vector<std::byte> encoded(const PacketSpec& spec) {
  std::vector<std::byte> bytes(packet_bytes(spec), std::byte{0xaa});
  EXPECT_EQ(encode(spec, bytes), bytes.size());
  return bytes;
}

// A header alone, with whatever lengths and flags.
std::vector<std::byte> header_bytes(uint8_t flags, uint16_t url, uint32_t param, uint32_t data) {
  std::vector<std::byte> bytes = encoded({.type = PacketType::rpc});
  const auto put = [&bytes](size_t at, size_t size, uint32_t value) {
    for (size_t i = size; i-- > 0; value >>= 8) bytes[at + i] = static_cast<std::byte>(value);
  };
  put(2, 1, flags);
  put(10, 2, url);
  put(12, 4, param);
  put(16, 4, data);
  return bytes;
}

void append(std::vector<std::byte>& bytes, std::string_view text) {
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
}

DecodeError decode(const std::vector<std::byte>& bytes) {
  PacketHeader header;
  return decode_header(bytes, header);
}

OwnedPacket decoded(const std::vector<std::byte>& bytes) {
  PacketView packet;
  EXPECT_EQ(decode_datagram(bytes, packet), DecodeError::none);
  return owned(packet);
}

PacketSpec example() {
  return {.type = PacketType::rpc,
          .flags = kFlagSet,
          .seqno = 5,
          .url = "/echo",
          .param = R"({"a":1})",
          .data = "xyz"};
}

TEST(Packet, W1_ExampleOfTheSpecification) {
  EXPECT_EQ(encoded(example()), from_hex("29014400000000050000000500000007000000032f6563686f"
                                         "7b2261223a317d78797a00"));
}

TEST(Packet, W1_FieldsAreBigEndian) {
  const auto bytes = encoded({.type = PacketType::pingecho,
                              .flags = kFlagReply | kFlagTunnel,
                              .status = 0x99,
                              .seqno = 0x01020304,
                              .tunnel_id = 0x0506});
  EXPECT_EQ(bytes, from_hex("29ff0399010203040506000000000000"
                            "00000000"));
}

TEST(Packet, W2_EachFlagHasItsBit) {
  PacketHeader header;
  ASSERT_EQ(decode_header(header_bytes(0x01, 0, 0, 0), header), DecodeError::none);
  EXPECT_TRUE(header.reply() && !header.tunnel() && !header.set());
  ASSERT_EQ(decode_header(header_bytes(0x02, 0, 0, 0), header), DecodeError::none);
  EXPECT_TRUE(!header.reply() && header.tunnel() && !header.set());
  ASSERT_EQ(decode_header(header_bytes(0x04, 0, 0, 0), header), DecodeError::none);
  EXPECT_TRUE(!header.reply() && !header.tunnel() && header.set());
}

TEST(Packet, W3_AlignsToFour) {
  for (size_t size = 0; size <= 9; ++size) {
    const std::string data(size, 'd');
    const auto bytes = encoded({.type = PacketType::datagram, .data = data});
    EXPECT_EQ(bytes.size(), 20 + (size + 3) / 4 * 4);
    const OwnedPacket packet = decoded(bytes);
    EXPECT_EQ(packet.data, data);
    EXPECT_EQ(packet.pad, bytes.size() - 20 - size);
  }
}

TEST(Packet, W4_TypesHaveTheirNumbers) {
  const std::vector<std::pair<PacketType, int>> types = {
      {PacketType::servinfo, 0},    {PacketType::rpc, 1},     {PacketType::subscribe, 2},
      {PacketType::unsubscribe, 3}, {PacketType::publish, 4}, {PacketType::datagram, 5},
      {PacketType::qossetup, 6},    {PacketType::noop, 0xfe}, {PacketType::pingecho, 0xff}};
  for (const auto& [type, number] : types) {
    const auto bytes = encoded({.type = type});
    EXPECT_EQ(std::to_integer<int>(bytes[1]), number);
  }
  auto bytes = encoded({.type = PacketType::rpc});
  bytes[1] = std::byte{0x77};
  EXPECT_EQ(decoded(bytes).type, 0x77U);  // F3: unknown types decode
}

TEST(Packet, A1_BadMagicIsSeenAtTheFirstByte) {
  auto bytes = encoded(example());
  for (const int wrong : {0x00, 0x19, 0x28, 0x2a, 0x39, 0x92, 0xff}) {
    bytes[0] = static_cast<std::byte>(wrong);
    EXPECT_EQ(decode(bytes), DecodeError::bad_magic) << wrong;
    EXPECT_EQ(decode({bytes[0]}), DecodeError::bad_magic) << wrong;
    PacketView packet;
    EXPECT_EQ(decode_datagram(bytes, packet), DecodeError::bad_magic) << wrong;
  }
}

TEST(Packet, HeaderNeedsTwentyBytes) {
  const auto bytes = encoded(example());
  for (size_t size = 0; size < 20; ++size) {
    EXPECT_EQ(decode({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)}),
              DecodeError::short_header);
  }
  EXPECT_EQ(decode({bytes.begin(), bytes.begin() + 20}), DecodeError::none);
}

TEST(Packet, A2_TotalAboveTheLimitIsRefusedFromTheHeaderAlone) {
  EXPECT_EQ(decode(header_bytes(0, 0, 0, 262124)), DecodeError::none);
  EXPECT_EQ(decode(header_bytes(0, 0, 0, 262125)), DecodeError::oversize);
  EXPECT_EQ(decode(header_bytes(0, 0, 262124, 0)), DecodeError::none);
  EXPECT_EQ(decode(header_bytes(0, 0, 262125, 0)), DecodeError::oversize);
  EXPECT_EQ(decode(header_bytes(0, 65535, 100000, 262124 - 165535)), DecodeError::none);
  EXPECT_EQ(decode(header_bytes(0, 65535, 100000, 262125 - 165535)), DecodeError::oversize);
  EXPECT_EQ(decode(header_bytes(0x40, 0, 0, 262123)), DecodeError::none);
  EXPECT_EQ(decode(header_bytes(0x40, 0, 0, 262124)), DecodeError::oversize);  // the pad counts
  EXPECT_EQ(decode(header_bytes(0xc0, 0, 0, 262122)), DecodeError::oversize);
}

TEST(Packet, A3_LengthsAreSummedIn64Bits) {
  EXPECT_EQ(decode(header_bytes(0, 0, 0xffffffff, 1)), DecodeError::oversize);
  EXPECT_EQ(decode(header_bytes(0, 0, 0x80000000, 0x80000000)), DecodeError::oversize);
  EXPECT_EQ(decode(header_bytes(0, 20, 0xffffffff, 0xffffffff)), DecodeError::oversize);
  EXPECT_EQ(decode(header_bytes(0xc0, 0xffff, 0xffffffff, 0xffffffff)), DecodeError::oversize);
  EXPECT_EQ(decode(header_bytes(0, 0, 0xffffffec, 0)), DecodeError::oversize);  // 20 + it = 2^32
}

TEST(Packet, A4_UnalignedIsAccepted) {
  auto bytes = header_bytes(0, 2, 0, 3);
  append(bytes, "/axyz");
  const OwnedPacket packet = decoded(bytes);
  EXPECT_EQ(packet.url, "/a");
  EXPECT_EQ(packet.data, "xyz");
  EXPECT_EQ(packet.pad, 0U);
}

TEST(Packet, A5_PadCountsWhateverTheAlignment) {
  auto bytes = header_bytes(0xc0, 4, 0, 0);
  append(bytes, "/abc...");
  PacketHeader header;
  ASSERT_EQ(decode_header(bytes, header), DecodeError::none);
  EXPECT_EQ(header.total_bytes(), bytes.size());
  EXPECT_EQ(decoded(bytes).url, "/abc");
}

TEST(Packet, A6_PadIsWrittenAsZeroAndReadAsAnything) {
  auto bytes = encoded({.type = PacketType::datagram, .url = "/"});  // onto a buffer full of 0xaa
  EXPECT_EQ(bytes, from_hex("2905c0000000000000000001000000000000"
                            "0000"
                            "2f000000"));
  const OwnedPacket before = decoded(bytes);
  bytes.back() = std::byte{0x5a};
  EXPECT_EQ(decoded(bytes), before);
}

TEST(Packet, A7_ReservedFlagsAreIgnored) {
  EXPECT_EQ(decoded(header_bytes(0x38, 0, 0, 0)).flags, 0U);
  EXPECT_EQ(decoded(header_bytes(0x3d, 0, 0, 0)).flags, 0x05U);
}

TEST(Packet, A8_TunnelIdIsPassedOnAndTheFlagDecides) {
  auto bytes = encoded({.type = PacketType::rpc, .flags = kFlagTunnel, .tunnel_id = 3006});
  bytes[2] = std::byte{0};
  PacketHeader header;
  ASSERT_EQ(decode_header(bytes, header), DecodeError::none);
  EXPECT_EQ(header.tunnel_id, 3006);
  EXPECT_FALSE(header.tunnel());
}

TEST(Packet, A9_V11_RefusesToSendWhatIsTooLong) {
  const std::string url(65536, '/');
  const Status status = check_packet({.type = PacketType::rpc, .url = url}, base::kPayloadBytesMax);
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_EQ(status.message(), "url length too long: 65536 bytes, the limit is 65535");
  const std::string_view fits(url.data(), 65535);
  EXPECT_TRUE(check_packet({.type = PacketType::rpc, .url = fits}, base::kPayloadBytesMax).ok());
}

TEST(Packet, A16_V11_PayloadLimitCountsUrlParamAndData) {
  const std::string big(262124, 'x');
  const auto check = [&big](size_t data_bytes, size_t limit) {
    return check_packet({.type = PacketType::publish,
                         .url = "/a",
                         .param = "[1]",
                         .data = std::string_view(big.data(), data_bytes)},
                        limit);
  };
  EXPECT_TRUE(check(262124 - 5, base::kPayloadBytesMax).ok());
  EXPECT_EQ(check(262124 - 4, base::kPayloadBytesMax).message(),
            "payload length (url + param + data) too long: 262125 bytes, the limit is 262124; "
            "send less");
  EXPECT_TRUE(check(65484 - 5, base::kQuickPayloadBytesMax).ok());
  EXPECT_EQ(check(65484 - 4, base::kQuickPayloadBytesMax).code(), StatusCode::invalid_argument);
}

TEST(Packet, W5_TheLargestPacketGoesThereAndBack) {
  const std::string data(262124, 'x');
  const auto bytes = encoded({.type = PacketType::publish, .data = data});
  EXPECT_EQ(bytes.size(), 262144U);
  EXPECT_EQ(decoded(bytes).data, data);
  EXPECT_EQ(packet_bytes({.type = PacketType::publish,
                          .data = std::string_view(data.data(), base::kQuickPayloadBytesMax)}),
            base::kQuickPacketBytesMax);
}

TEST(Packet, A10_DatagramWithMoreBehindItsPacket) {
  auto bytes = encoded(example());
  const OwnedPacket first = decoded(bytes);
  const auto second = encoded({.type = PacketType::datagram, .url = "/second"});
  bytes.insert(bytes.end(), second.begin(), second.end());
  EXPECT_EQ(decoded(bytes), first);
  bytes.erase(bytes.end() - 25, bytes.end());
  EXPECT_EQ(decoded(bytes), first);
}

TEST(Packet, A11_DatagramMayMissItsPadAndNothingElse) {
  const auto whole =
      encoded({.type = PacketType::datagram, .url = "/a", .param = "{}", .data = "x"});
  ASSERT_EQ(whole.size(), 28U);  // 25 and 3 of pad
  for (size_t size = 0; size <= whole.size(); ++size) {
    SCOPED_TRACE(size);
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    PacketView packet;
    const DecodeError expected = size < 20   ? DecodeError::short_header
                                 : size < 25 ? DecodeError::short_packet
                                             : DecodeError::none;
    EXPECT_EQ(decode_datagram(cut, packet), expected);
    if (expected == DecodeError::none) {
      EXPECT_EQ(packet.data, "x");
    }
  }
}

TEST(Packet, A12_A13_UrlAndParamAreOpaqueBytes) {
  const OwnedPacket packet = decoded(
      encoded({.type = PacketType::rpc, .url = "/\xff\xfe", .param = "no json", .data = "\x01"}));
  EXPECT_EQ(packet.url, "/\xff\xfe");
  EXPECT_EQ(packet.param, "no json");
}

TEST(Packet, RandomPacketsGoThereAndBack) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const auto text = [&random](size_t bound) {
      std::string bytes(random() % bound, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      return bytes;
    };
    const std::string url = text(40);
    const std::string param = text(40);
    const std::string data = text(200);
    const auto flags = static_cast<uint8_t>(random() % 8);
    const auto tunnel = static_cast<uint16_t>((flags & kFlagTunnel) != 0 ? random() : 0);
    const PacketSpec spec{.type = static_cast<PacketType>(random()),
                          .flags = flags,
                          .status = static_cast<uint8_t>(random()),
                          .seqno = static_cast<uint32_t>(random()),
                          .tunnel_id = tunnel,
                          .url = url,
                          .param = param,
                          .data = data};
    const auto bytes = encoded(spec);
    const NaiveStream model = naive_split(bytes);
    ASSERT_EQ(model.packets.size(), 1U);
    EXPECT_EQ(model.rest_bytes, 0U);
    EXPECT_EQ(decoded(bytes), model.packets[0]);
    EXPECT_EQ(model.packets[0].type, static_cast<uint32_t>(spec.type));
    EXPECT_EQ(model.packets[0].flags, spec.flags);
    EXPECT_EQ(model.packets[0].status, spec.status);
    EXPECT_EQ(model.packets[0].seqno, spec.seqno);
    EXPECT_EQ(model.packets[0].tunnel_id, spec.tunnel_id);
    EXPECT_EQ(model.packets[0].url, url);
    EXPECT_EQ(model.packets[0].param, param);
    EXPECT_EQ(model.packets[0].data, data);
  }
}

TEST(Packet, EncodeLeavesTheRestOfTheBufferAlone) {
  std::array<std::byte, 64> buffer;
  buffer.fill(std::byte{0xaa});
  EXPECT_EQ(encode(example(), buffer), 36U);
  for (size_t i = 36; i < buffer.size(); ++i) EXPECT_EQ(buffer[i], std::byte{0xaa});
}

TEST(PacketDeathTest, EncodeChecksItsCaller) {
  std::array<std::byte, 64> buffer;
  EXPECT_DEATH(encode(example(), std::span(buffer).first(35)), "out.size");
  EXPECT_DEATH(encode({.type = PacketType::rpc, .flags = 0x08}, buffer), "flags");
  EXPECT_DEATH(encode({.type = PacketType::rpc, .tunnel_id = 1}, buffer), "tunnel_id");
}

}  // namespace
}  // namespace ringroad::proto
