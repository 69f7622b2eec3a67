// What datagrams do: the UDP part of SimNetwork.
#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/check.h"
#include "tests/sim/sim_io.h"
#include "tests/sim/sim_network.h"

namespace ringroad::sim {
namespace {

using engine::Address;
using engine::IoEvent;
using engine::TimePoint;
using engine::Transport;

constexpr size_t kDatagramBytesMax = 65'507;

/// What a classic BPF load answers: big-endian, and 0 ends the program if it lies outside.
std::optional<uint32_t> load_u32(std::span<const std::byte> bytes, size_t offset) {
  if (offset + 4 > bytes.size()) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value = value << 8 | std::to_integer<uint32_t>(bytes[offset + i]);
  }
  return value;
}

}  // namespace

void SimNetwork::connect_datagram(SimSocket& socket, const Address& peer) {
  CHECK(socket.transport == Transport::udp);
  bind_for(socket, peer);
  socket.peer = peer;
}

int SimNetwork::send_datagram(SimSocket& socket, std::span<const std::byte> bytes,
                              const Address& to, const Address* from) {
  CHECK(socket.transport == Transport::udp);
  if (socket.error != 0) return -std::exchange(socket.error, 0);
  if (!to.valid() || to.port() == 0) return -EINVAL;
  if (bytes.size() > kDatagramBytesMax) return -EMSGSIZE;
  if (!socket.is_bound) {
    const Status status = bind(socket, socket.local.with_port(0));
    CHECK(status.ok());
  }
  SimDatagram datagram;
  datagram.bytes.assign(bytes.begin(), bytes.end());
  datagram.to = to;
  datagram.from = socket.local.is_wildcard() ? to.with_port(socket.local.port()) : socket.local;
  if (from != nullptr && from->valid()) datagram.from = from->with_port(socket.local.port());
  if (random_.percent(options_.datagram_loss_percent)) {
    ++datagrams_lost_;
    return static_cast<int>(bytes.size());
  }
  TimePoint due = now_ + delay();
  if (!random_.percent(options_.datagram_reorder_percent)) {
    due = socket.last_datagram_due = std::max(due, socket.last_datagram_due);
  }
  at_time(due, [this, handle = socket.handle, serial = socket.serial,
                datagram = std::move(datagram)] { arrive(handle, serial, datagram); });
  return static_cast<int>(bytes.size());
}

SimSocket* SimNetwork::receiver_of(const SimDatagram& datagram) {
  std::vector<SimSocket*> group = members(Transport::udp, datagram.to);
  for (SimSocket* socket : group) {
    if (socket->peer.valid() && socket->peer == datagram.from) return socket;
  }
  std::erase_if(group, [](const SimSocket* socket) { return socket->peer.valid(); });
  if (group.empty()) return nullptr;
  for (const SimSocket* socket : group) {
    if (socket->steer_members == 0) continue;
    const std::optional<uint32_t> number = load_u32(datagram.bytes, socket->steer_offset);
    const uint32_t index = number.value_or(0) % socket->steer_members;
    if (index < group.size()) return group[index];
  }
  return group[(datagram.from.port() * 2'654'435'761U >> 16) % group.size()];
}

void SimNetwork::arrive(int32_t sender, uint64_t serial, const SimDatagram& datagram) {
  SimSocket* receiver = receiver_of(datagram);
  if (receiver == nullptr) {
    // Only a connected sender hears of it.
    SimSocket* from = find(sender, serial);
    if (from == nullptr || !from->peer.valid()) return;
    from->error = ECONNREFUSED;
    return recv_progress(*from);
  }
  if (receiver->datagrams.size() >= kDatagramsMax) {
    ++datagrams_lost_;
    return;
  }
  receiver->datagrams.push_back(datagram);
  recv_progress(*receiver);
}

void SimNetwork::recv_datagrams(SimSocket& socket) {
  if (socket.error != 0) return end_recv(socket, -std::exchange(socket.error, 0));
  const bool stream =
      socket.recv->kind == OpKind::recv;  // recv on a connected socket: no addresses
  SimIo& io = *socket.recv->io;
  SimBuffers& buffers = stream ? io.stream_buffers() : io.datagram_buffers();
  while (!socket.datagrams.empty()) {
    if (buffers.empty() || random_.percent(options_.no_buffer_percent)) {
      return end_recv(socket, -ENOBUFS);
    }
    SimDatagram datagram = std::move(socket.datagrams.front());
    socket.datagrams.pop_front();
    datagram.bytes.resize(std::min(datagram.bytes.size(), buffers.buffer_bytes()));
    IoEvent event;
    event.result = static_cast<int32_t>(datagram.bytes.size());
    event.more = true;
    event.lease = buffers.lend(datagram.bytes);
    if (!stream) event.from = datagram.from;
    if (!stream && socket.packet_info) event.to = datagram.to.with_port(0);
    io.post(socket.recv, std::move(event));
  }
}

}  // namespace ringroad::sim
