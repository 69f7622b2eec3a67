// fault_tables.h — the parts of the table of faults, and the words their rows are written in.
// Owner:  nobody; pure functions.   Thread: the meddler's.
// Why here: one file per kind of check keeps each table a page or two.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/conform/fault.h"

namespace ringroad::conform {

std::vector<Fault> connection_faults();
std::vector<Fault> echo_faults();
std::vector<Fault> call_faults();
std::vector<Fault> subscribe_faults();
std::vector<Fault> datagram_faults();
std::vector<Fault> stream_faults();
std::vector<Fault> priority_faults();
std::vector<Fault> harmless_faults();

inline constexpr Direction kIn = Direction::to_server;
inline constexpr Direction kOut = Direction::to_client;

inline void replace(std::string& text, std::string_view part, std::string_view by) {
  const size_t at = text.find(part);
  if (at != text.npos) text.replace(at, part.size(), by);
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// One bit of this byte, if there is such a byte.
inline void flip_bit(std::string& bytes, size_t at) {
  if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1);
}

inline void drop_if(Passing& p, bool condition) {
  if (condition) p.fate = Fate::drop;
}

inline void close_if(Passing& p, bool condition) {
  if (condition) p.fate = Fate::close;
}

/// The server never hears of it, the client hears that all is well.
inline void pretend(Passing& p, bool condition) {
  if (!condition) return;
  p.fate = Fate::drop;
  p.more_to_client.push_back({.type = p.packet.type, .flags = kReply, .seqno = p.packet.seqno});
}

inline uint32_t id_in(const std::string& data) {
  uint32_t id = 0;
  for (const char byte : data) id = (id << 8) | static_cast<uint8_t>(byte);
  return id;
}

inline std::string id_text(uint32_t id) {
  return {static_cast<char>(id >> 24), static_cast<char>(id >> 16), static_cast<char>(id >> 8),
          static_cast<char>(id)};
}

/// The client takes this for its id; the server still knows it by its own.
inline void call_client(Passing& p, uint32_t id) {
  if (p.is(kOut, kServinfo) && p.packet.data.size() == 4) {
    p.memory.seen = id_in(p.packet.data);
    p.packet.data = id_text(id);
  }
  if (p.is(kIn, kDatagram) && p.quick) p.packet.seqno = static_cast<uint32_t>(p.memory.seen);
}

inline bool is_empty_unsubscribe(const WirePacket& packet) {
  return packet.type == kUnsubscribe && packet.url.empty() && packet.param.empty();
}

/// An echo that was asked for with this in its param.
inline bool echoes_param(const Passing& p, std::string_view part) {
  return p.answers("/echo") && contains(p.request->param, part);
}

inline bool echoes_bytes(const Passing& p, size_t bytes) {
  return p.answers("/echo") && p.request->data.size() == bytes;
}

}  // namespace ringroad::conform
