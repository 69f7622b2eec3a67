// fault.h — one thing that a broken playground does wrong, as a change to packets that pass by.
// Owner:  the table in faults(): static.   Thread: the meddler's.
// Bound:  a fault remembers what Memory holds, nothing else.
// Why here: `ringroad conform` must notice each of them, and by the right check.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/scripted_peer.h"

namespace ringroad::conform {

using support::WirePacket;

enum class Direction { to_server, to_client };
enum class Fate { forward, drop, close };

/// Packet types and flags, as on the wire (docs/WIRE.md).
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

/// In Fault::breaks: without a handshake `connect` fails, and nothing else is tried.
inline constexpr std::string_view kEverything = "*";

/// What is known of one connection.
struct Memory {
  size_t ordinal = 0;                       // 0: the first connection
  std::map<uint32_t, WirePacket> requests;  // by seqno, until answered
  std::set<std::string> subscriptions;      // all the client ever asked for, as it did
  std::vector<WirePacket> held;             // a fault's own
  uint64_t seen = 0;                        // a fault's own
};

/// What is known of the server, by all connections together.
struct ServerMemory {
  std::string password;
  uint64_t seen = 0;  // a fault's own
};

/// One packet on its way.
struct Passing {
  Direction direction = Direction::to_client;
  bool quick = false;  // by UDP; a fault may change it for a packet to a client
  WirePacket packet = {};
  const WirePacket* request = nullptr;  // what a reply answers
  Memory& memory;
  ServerMemory& server;
  Fate fate = Fate::forward;
  bool close_first = false;                     // close connection 0
  std::vector<WirePacket> more_to_client = {};  // behind it, by TCP
  std::vector<WirePacket> more_to_server = {};

  bool is(Direction where, uint8_t type) const { return direction == where && packet.type == type; }
  /// A reply to a call of this URL.
  bool answers(std::string_view url) const {
    return direction == Direction::to_client && request != nullptr && request->type == kRpc &&
           request->url == url;
  }
  bool subscribed_exactly(const std::set<std::string>& urls) const {
    return memory.subscriptions == urls;
  }
};

struct Fault {
  std::string_view name;
  std::vector<std::string_view> breaks;  // the checks that must fail; no other may
  std::string_view password;             // what the server asks for in this run, if anything
  void (*apply)(Passing& passing);
  std::vector<std::string_view> skips = {};  // the checks that must be skipped; no other may
  std::string_view says = "";                // what the report must say
};

const std::vector<Fault>& faults();

}  // namespace ringroad::conform
