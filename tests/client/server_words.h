// server_words.h — what a server says, for tests that play one.
// Owner:  values.
// Why here: the numbers are spelled out once more: a test that took them from proto/ could not
//         notice that they are wrong there.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "tests/support/scripted_peer.h"

namespace ringroad::client {

inline constexpr uint8_t kServinfo = 0x00;
inline constexpr uint8_t kRpc = 0x01;
inline constexpr uint8_t kSubscribe = 0x02;
inline constexpr uint8_t kUnsubscribe = 0x03;
inline constexpr uint8_t kPublish = 0x04;
inline constexpr uint8_t kDatagram = 0x05;
inline constexpr uint8_t kQosSetup = 0x06;
inline constexpr uint8_t kNoop = 0xfe;
inline constexpr uint8_t kPing = 0xff;
inline constexpr uint8_t kReply = 0x01;
inline constexpr uint8_t kTunnel = 0x02;
inline constexpr uint8_t kSet = 0x04;
inline constexpr uint8_t kFlagsWithoutPad = 0x3f;

inline std::string id_bytes(uint32_t id) {
  return {static_cast<char>(id >> 24), static_cast<char>(id >> 16), static_cast<char>(id >> 8),
          static_cast<char>(id)};
}

inline constexpr uint32_t kClientId = 0x01020304;

/// The answer to SERVINFO that lets a client in.
inline support::WirePacket welcome(std::string data = id_bytes(kClientId)) {
  support::WirePacket packet{.type = kServinfo, .flags = kReply};
  packet.param = R"({"name":"lamp"})";
  packet.data = std::move(data);
  return packet;
}

inline support::WirePacket publish(std::string url = "/a") {
  return {.type = kPublish, .url = std::move(url), .param = "{}", .data = "x"};
}

inline support::WirePacket reply(uint32_t seqno, uint8_t type = kRpc) {
  return {.type = type, .flags = kReply, .seqno = seqno, .param = "1"};
}

inline support::WirePacket reply_to(const support::WirePacket& request) {
  return {.type = request.type, .flags = kReply, .seqno = request.seqno};
}

}  // namespace ringroad::client
