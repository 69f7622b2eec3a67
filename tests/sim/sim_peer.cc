#include "tests/sim/sim_peer.h"

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "tests/sim/sim_io.h"

namespace ringroad::sim {

using engine::Address;
using engine::IoEvent;
using engine::Socket;
using engine::SocketOption;
using engine::Transport;

SimPeer::SimPeer(SimNetwork& network) : network_(network), io_(network.peers()) {
}

SimPeer::~SimPeer() {
  if (socket_.valid()) close();
}

void SimPeer::connect(const Address& server) {
  CHECK(!socket_.valid());
  socket_ = *io_.open(Transport::tcp, server.family());
  connected_ = refused_ = ended_ = was_reset_ = finishing_ = leaving_ = false;
  io_.connect(socket_, server, connect_);
}

void SimPeer::on_connect(IoEvent& event) {
  connected_ = event.result == 0;
  refused_ = event.result == -ECONNREFUSED;
  if (!connected_ || leaving_) return;
  io_.recv(socket_, recv_);
  flush();
}

void SimPeer::on_recv(IoEvent& event) {
  const auto bytes = event.lease.bytes();
  received_.insert(received_.end(), bytes.begin(), bytes.end());
  event.lease.reset();
  if (event.result <= 0 && event.result != -ENOBUFS && event.result != -ECANCELED) {
    ended_ = true;
    was_reset_ = was_reset_ || event.result < 0;
  }
  if (!event.more && !ended_ && !leaving_ && event.result != -ECANCELED) {
    io_.recv(socket_, recv_);
  }
}

void SimPeer::send(std::span<const std::byte> bytes) {
  CHECK(!finishing_);
  if (bytes.empty()) return;
  unsent_.emplace_back(bytes.begin(), bytes.end());
  flush();
}

void SimPeer::send(std::string_view text) {
  send(std::as_bytes(std::span(text)));
}

void SimPeer::flush() {
  if (!connected_ || leaving_ || send_.submitted()) return;
  if (unsent_.empty()) {
    if (finishing_) io_.shutdown_send(socket_);
    return;
  }
  std::vector<std::byte>& front = unsent_.front();
  part_ = {front.data() + first_sent_, front.size() - first_sent_};
  io_.send(socket_, {&part_, 1}, send_);
}

void SimPeer::on_send(IoEvent& event) {
  if (event.result < 0) {
    was_reset_ = was_reset_ || event.result == -ECONNRESET;
    unsent_.clear();
    first_sent_ = 0;
    return;
  }
  first_sent_ += static_cast<size_t>(event.result);
  if (first_sent_ == unsent_.front().size()) {
    unsent_.pop_front();
    first_sent_ = 0;
  }
  flush();
}

void SimPeer::stall() {
  network_.stall(socket_);
}

void SimPeer::resume() {
  network_.resume(socket_);
}

void SimPeer::finish() {
  finishing_ = true;
  flush();
}

void SimPeer::close() {
  end(false);
}

void SimPeer::reset() {
  end(true);
}

void SimPeer::end(bool by_reset) {
  CHECK(socket_.valid());
  if (by_reset) {
    const Status status = io_.set_option(socket_, SocketOption::reset_on_close, 1);
    CHECK(status.ok());
  }
  if (connected_)
    network_.resume(socket_);  // what arrives at a closed socket is answered with a reset
  leaving_ = true;  // what completes instead of being cancelled must not begin anything new
  io_.cancel(connect_);
  io_.cancel(recv_);
  io_.cancel(send_);
  // Not step(): that does not move while a loop has something to collect.
  while (!quiet()) network_.advance(network_.options().delay_max);
  io_.close(std::exchange(socket_, Socket{}));
  connected_ = false;
  unsent_.clear();
  first_sent_ = 0;
}

bool SimPeer::quiet() const {
  return !connect_.submitted() && !recv_.submitted() && !send_.submitted();
}

Address SimPeer::local_address() const {
  return *io_.local_address(socket_);
}

std::vector<std::byte> SimPeer::take() {
  return std::exchange(received_, {});
}

void SimPeer::consume(size_t bytes) {
  CHECK(bytes <= received_.size());
  received_.erase(received_.begin(), received_.begin() + static_cast<ptrdiff_t>(bytes));
}

SimDatagramPeer::SimDatagramPeer(SimNetwork& network, const Address& local)
    : network_(network), io_(network.peers()), socket_(*io_.open(Transport::udp, local.family())) {
  const Status status = io_.bind(socket_, local);
  CHECK(status.ok());
  io_.recv_from(socket_, recv_);
}

SimDatagramPeer::~SimDatagramPeer() {
  closing_ = true;
  io_.cancel(recv_);
  while (recv_.submitted()) network_.advance(network_.options().delay_max);
  io_.close(socket_);
}

void SimDatagramPeer::on_recv(IoEvent& event) {
  if (event.result >= 0) {
    const auto bytes = event.lease.bytes();
    received_.push_back({{bytes.begin(), bytes.end()}, event.from, local_address()});
  }
  event.lease.reset();
  if (!event.more && !closing_) io_.recv_from(socket_, recv_);
}

Address SimDatagramPeer::local_address() const {
  return *io_.local_address(socket_);
}

void SimDatagramPeer::send(std::span<const std::byte> bytes, const Address& to) {
  const int sent = io_.send_to(socket_, bytes, to, nullptr);
  CHECK(sent == static_cast<int>(bytes.size()));
}

std::deque<SimDatagram> SimDatagramPeer::take() {
  return std::exchange(received_, {});
}

}  // namespace ringroad::sim
