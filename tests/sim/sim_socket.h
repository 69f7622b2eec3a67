// sim_socket.h — what the simulated kernel keeps per socket, connection direction and operation.
// Owner:  SimNetwork.   Thread: the test's.
// Why here: network (who meets whom) and stream (what bytes do) work on the same records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "engine/io.h"

namespace ringroad::sim {

class SimIo;

enum class OpKind : uint8_t { accept, connect, recv, recv_from, send };

/// One submitted operation, from its verb to the hand-over of its last event.
struct SimOp {
  SimIo* io = nullptr;
  engine::Completion* completion = nullptr;
  OpKind kind = OpKind::recv;
  // Of sends.
  std::span<const iovec> parts;
  size_t bytes = 0;
  size_t done = 0;
  uint64_t checksum = 0;  // of the parts when they were submitted; still the same at the end
  bool lent = false;      // zero copy: a release follows the result
  engine::TimePoint result_due = {};
};

/// One direction of a connection. Alive while either end is.
struct SimPipe {
  struct Segment {
    enum class Kind : uint8_t { bytes, end, reset };
    Kind kind = Kind::bytes;
    engine::TimePoint due;
    std::vector<std::byte> bytes;
  };

  int32_t reader = -1;  // handle; -1: closed
  int32_t writer = -1;
  std::deque<Segment> flying;
  std::deque<std::byte> arrived;
  size_t flying_bytes = 0;
  uint64_t acknowledged_bytes = 0;  // have arrived, ever
  engine::TimePoint last_due = {};  // a stream does not overtake itself
  bool end_sent = false;
  bool end_arrived = false;
  bool stalled = false;  // nothing arrives

  size_t bytes() const { return flying_bytes + arrived.size(); }
};

struct SimDatagram {
  std::vector<std::byte> bytes;
  engine::Address from;
  engine::Address to;
};

struct SimSocket {
  int32_t handle = -1;
  uint64_t serial = 0;  // a handle is used again, a serial is not
  engine::Transport transport = engine::Transport::tcp;
  engine::Address local;
  engine::Address peer;
  bool is_bound = false;
  uint64_t bind_order = 0;  // a reuse-port group counts its members by it
  bool reuse_address = false;
  bool reuse_port = false;
  bool v6_only = false;
  bool packet_info = false;
  bool reset_on_close = false;
  int traffic_class = 0;
  int keepalive_seconds = 0;
  bool receive_shut = false;
  int error = 0;  // told once, by the next operation

  // Listeners.
  size_t backlog = 0;  // > 0: listening
  std::deque<int32_t> pending;
  // Streams: null until connected.
  std::shared_ptr<SimPipe> in;
  std::shared_ptr<SimPipe> out;
  // Datagrams.
  std::deque<SimDatagram> datagrams;
  engine::TimePoint last_datagram_due = {};  // of what was sent here
  uint32_t steer_offset = 0;
  uint32_t steer_members = 0;  // 0: no program

  // What is submitted.
  std::shared_ptr<SimOp> accept;
  std::shared_ptr<SimOp> connect;
  std::shared_ptr<SimOp> recv;  // or recv_from
  std::deque<std::shared_ptr<SimOp>> sends;
  size_t outstanding = 0;  // operations whose result, or last event, was not handed over yet
  std::vector<std::shared_ptr<SimOp>> unreleased;  // lent, until a reset or close()
};

}  // namespace ringroad::sim
