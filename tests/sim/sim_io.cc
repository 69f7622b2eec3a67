#include "tests/sim/sim_io.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/poison.h"

namespace ringroad::sim {
namespace {

using engine::Address;
using engine::Completed;
using engine::Completion;
using engine::IoEvent;
using engine::RecvLease;
using engine::Socket;
using engine::SocketOption;
using engine::Transport;

constexpr size_t kSlackBytes = 64;
constexpr int kPoison = 0xDD;

/// FNV-1a over all parts.
uint64_t checksum_of(std::span<const iovec> parts) {
  uint64_t sum = 0xCBF29CE484222325;
  for (const iovec& part : parts) {
    const auto* bytes = static_cast<const uint8_t*>(part.iov_base);
    for (size_t i = 0; i < part.iov_len; ++i) sum = (sum ^ bytes[i]) * 0x100000001B3;
  }
  return sum;
}

}  // namespace

SimBuffers::SimBuffers(size_t count, size_t buffer_bytes)
    : buffer_bytes_(buffer_bytes), buffers_(count) {
  for (uint32_t i = 0; i < count; ++i) free_.push_back(i);
}

SimBuffers::~SimBuffers() {
  for (Buffer& buffer : buffers_) {
    CHECK(!buffer.on_loan);
    if (buffer.bytes) engine::unpoison(buffer.bytes.get(), buffer_bytes_ + kSlackBytes);
  }
}

RecvLease SimBuffers::lend(std::span<const std::byte> bytes) {
  CHECK(!free_.empty());
  CHECK(bytes.size() <= buffer_bytes_);
  const uint32_t index = free_.front();
  free_.pop_front();
  Buffer& buffer = buffers_[index];
  CHECK(!buffer.on_loan);
  if (!buffer.bytes) buffer.bytes = std::make_unique<std::byte[]>(buffer_bytes_ + kSlackBytes);
  engine::unpoison(buffer.bytes.get(), buffer_bytes_ + kSlackBytes);
  buffer.on_loan = true;
  if (!bytes.empty()) std::memcpy(buffer.bytes.get(), bytes.data(), bytes.size());
  return RecvLease(*this, index, {buffer.bytes.get(), bytes.size()});
}

void SimBuffers::give_back(uint32_t index) {
  Buffer& buffer = buffers_.at(index);
  CHECK(buffer.on_loan);
  buffer.on_loan = false;
  std::memset(buffer.bytes.get(), kPoison, buffer_bytes_ + kSlackBytes);
  engine::poison(buffer.bytes.get(), buffer_bytes_ + kSlackBytes);
  free_.push_back(index);
}

SimIo::SimIo(SimNetwork& network)
    : network_(network),
      stream_buffers_(network.options().receive_buffers, base::kReceiveBufferBytes),
      datagram_buffers_(network.options().datagram_buffers, base::kDatagramBufferBytes) {
  network_.join(*this);
}

SimIo::~SimIo() {
  CHECK(submitted_.empty());
  CHECK(lent_.empty());
  network_.leave(*this);
}

Result<Socket> SimIo::open(Transport transport, int family) {
  return network_.open(transport, family);
}

Status SimIo::set_option(Socket socket, SocketOption option, int value) {
  SimSocket& record = network_.at(socket);
  const bool on = value != 0;
  switch (option) {
    case SocketOption::reuse_address:
      record.reuse_address = on;
      break;
    case SocketOption::reuse_port:
      record.reuse_port = on;
      break;
    case SocketOption::v6_only:
      record.v6_only = on;
      break;
    case SocketOption::packet_info:
      record.packet_info = on;
      break;
    case SocketOption::reset_on_close:
      record.reset_on_close = on;
      break;
    case SocketOption::traffic_class:
      record.traffic_class = value;
      break;
    case SocketOption::keepalive:
      record.keepalive_seconds = value;  // remembered: a simulated peer does not just vanish
      break;
    case SocketOption::drop_count:
      break;  // its sockets have room for everything
    case SocketOption::no_delay:
      break;  // nothing waits to be coalesced here
  }
  return {};
}

Status SimIo::steer(Socket socket, uint32_t offset, uint32_t members) {
  CHECK(members > 0);
  SimSocket& record = network_.at(socket);
  CHECK(record.reuse_port);
  record.steer_offset = offset;
  record.steer_members = members;
  return {};
}

Status SimIo::bind(Socket socket, const Address& address) {
  return network_.bind(network_.at(socket), address);
}

Status SimIo::listen(Socket socket, int backlog) {
  return network_.listen(network_.at(socket), backlog);
}

Status SimIo::connect_datagram(Socket socket, const Address& peer) {
  network_.connect_datagram(network_.at(socket), peer);
  return {};
}

Result<Address> SimIo::local_address(Socket socket) {
  return network_.at(socket).local;
}

Result<Address> SimIo::peer_address(Socket socket) {
  const SimSocket& record = network_.at(socket);
  if (record.peer.valid()) return record.peer;
  return Status(StatusCode::gone, "getpeername: not connected");
}

std::optional<uint64_t> SimIo::acknowledged_bytes(Socket socket) {
  const SimSocket& record = network_.at(socket);
  if (record.out == nullptr) return std::nullopt;
  return record.out->acknowledged_bytes;
}

std::shared_ptr<SimOp> SimIo::submit(Socket socket, Completion& completion, OpKind kind) {
  SimSocket& record = network_.at(socket);
  completion.mark_submitted();
  const bool fresh = submitted_.emplace(&completion, socket).second;
  CHECK(fresh);
  ++record.outstanding;
  auto op = std::make_shared<SimOp>();
  op->io = this;
  op->completion = &completion;
  op->kind = kind;
  return op;
}

void SimIo::accept(Socket listener, Completion& completion) {
  SimSocket& record = network_.at(listener);
  CHECK(record.accept == nullptr);
  record.accept = submit(listener, completion, OpKind::accept);
  network_.accept_progress(record);
}

void SimIo::connect(Socket socket, const Address& peer, Completion& completion) {
  network_.connect(network_.at(socket), peer, submit(socket, completion, OpKind::connect));
}

void SimIo::recv(Socket socket, Completion& completion) {
  SimSocket& record = network_.at(socket);
  CHECK(record.recv == nullptr);
  record.recv = submit(socket, completion, OpKind::recv);
  network_.recv_progress(record);
}

void SimIo::recv_from(Socket socket, Completion& completion) {
  SimSocket& record = network_.at(socket);
  CHECK(record.recv == nullptr);
  CHECK(record.transport == Transport::udp);
  record.recv = submit(socket, completion, OpKind::recv_from);
  network_.recv_progress(record);
}

std::shared_ptr<SimOp> SimIo::submit_send(Socket socket, std::span<const iovec> parts,
                                          Completion& completion) {
  CHECK(!parts.empty());
  std::shared_ptr<SimOp> op = submit(socket, completion, OpKind::send);
  op->parts = parts;
  for (const iovec& part : parts) op->bytes += part.iov_len;
  op->checksum = checksum_of(parts);
  return op;
}

void SimIo::send(Socket socket, std::span<const iovec> parts, Completion& completion) {
  std::shared_ptr<SimOp> op = submit_send(socket, parts, completion);
  SimSocket& record = network_.at(socket);
  record.sends.push_back(std::move(op));
  network_.send_progress(record);
}

void SimIo::lend(Socket socket, std::span<const iovec> parts, Completion& completion) {
  std::shared_ptr<SimOp> op = submit_send(socket, parts, completion);
  network_.lend(network_.at(socket), std::move(op));
}

int SimIo::send_to(Socket socket, std::span<const std::byte> bytes, const Address& to,
                   const Address* from) {
  return network_.send_datagram(network_.at(socket), bytes, to, from);
}

void SimIo::shutdown(Socket socket) {
  network_.shutdown(network_.at(socket));
}

void SimIo::shutdown_send(Socket socket) {
  network_.shutdown_send(network_.at(socket));
}

void SimIo::close(Socket socket) {
  network_.close(network_.at(socket));
}

void SimIo::cancel(Completion& completion) {
  if (!completion.submitted()) return;
  const auto found = submitted_.find(&completion);
  if (found == submitted_.end()) return;  // its last event was handed over, but has not run yet
  network_.cancel(completion, network_.at(found->second));
}

void SimIo::post(const std::shared_ptr<SimOp>& op, IoEvent event) {
  ready_.push_back({op, std::move(event)});
}

void SimIo::hand_over(Ready& item) {
  const SimOp& op = *item.op;
  const bool result_of_lent = op.lent && item.event.more;
  if (item.event.more && !result_of_lent) return;
  if (op.kind == OpKind::send) CHECK(checksum_of(op.parts) == op.checksum);
  if (item.event.released != engine::Release::none) {  // its socket may be closed by now
    CHECK(lent_.erase(op.completion) == 1);
    return;
  }
  if (result_of_lent) lent_.insert(op.completion);
  const auto found = submitted_.find(op.completion);
  CHECK(found != submitted_.end());
  SimSocket& socket = network_.at(found->second);
  CHECK(socket.outstanding > 0);
  --socket.outstanding;
  submitted_.erase(found);
}

void SimIo::wait(engine::Duration timeout, std::vector<Completed>& completed) {
  network_.pump();
  wake_at_.reset();
  if (!due() && timeout > engine::Duration::zero()) wake_at_ = now() + timeout;
  woken_ = false;
  handed_over_ += ready_.size();
  for (Ready& item : ready_) {
    hand_over(item);
    completed.push_back({item.op->completion, std::move(item.event)});
  }
  ready_.clear();
}

}  // namespace ringroad::sim
