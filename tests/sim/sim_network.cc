#include "tests/sim/sim_network.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/check.h"
#include "tests/sim/sim_io.h"

namespace ringroad::sim {
namespace {

using engine::Address;
using engine::Completed;
using engine::Completion;
using engine::Duration;
using engine::IoEvent;
using engine::Socket;
using engine::TimePoint;
using engine::Transport;

bool accepts_family(const SimSocket& socket, const Address& address) {
  if (socket.local.family() == address.family()) return true;
  return socket.local.family() == AF_INET6 && !socket.v6_only && socket.local.is_wildcard();
}

}  // namespace

SimNetwork::SimNetwork(const SimOptions& options) : options_(options), random_(options.seed) {
  CHECK(options.delay_min <= options.delay_max);
  CHECK(options.delay_max > Duration::zero());
  CHECK(options.pipe_bytes > 0);
}

SimNetwork::~SimNetwork() {
  peers_.reset();
  CHECK(ios_.empty());
}

// ---- Time ---------------------------------------------------------------------------------------

void SimNetwork::at_time(TimePoint due, Action action) {
  actions_.emplace(std::pair(due, next_action_++), std::move(action));
}

void SimNetwork::later(SimSocket& socket, SocketAction action) {
  at_time(now_ + delay(), [this, handle = socket.handle, serial = socket.serial, action] {
    if (SimSocket* found = find(handle, serial); found != nullptr) (this->*action)(*found);
  });
}

Duration SimNetwork::delay() {
  const auto span = static_cast<uint64_t>((options_.delay_max - options_.delay_min).count()) + 1;
  return options_.delay_min + Duration(static_cast<int64_t>(random_.below(span)));
}

bool SimNetwork::run_due() {
  if (actions_.empty() || actions_.begin()->first.first > now_) return false;
  const Action action = std::move(actions_.begin()->second);
  actions_.erase(actions_.begin());
  action();
  return true;
}

bool SimNetwork::run_peers() {
  if (peers_ == nullptr || !peers_->ready()) return false;
  std::vector<Completed> completed;
  peers_->wait(Duration::zero(), completed);
  for (Completed& item : completed) item.completion->run(item.event);
  return true;
}

void SimNetwork::pump() {
  if (pumping_) return;  // a peer's Io is being run
  pumping_ = true;
  while (run_due() || run_peers()) continue;
  pumping_ = false;
}

bool SimNetwork::step() {
  const std::optional<TimePoint> next = next_event();
  if (!next.has_value()) return false;
  now_ = *next;
  pump();
  return true;
}

void SimNetwork::advance(Duration time) {
  const TimePoint end = now_ + time;
  pump();
  while (!actions_.empty() && actions_.begin()->first.first <= end) {
    now_ = actions_.begin()->first.first;
    pump();
  }
  now_ = end;
}

std::optional<TimePoint> SimNetwork::next_event() const {
  std::optional<TimePoint> next;
  if (!actions_.empty()) next = std::max(now_, actions_.begin()->first.first);
  for (const SimIo* io : ios_) {
    if (io->due()) return now_;
    // One that has passed was the test's to see.
    const std::optional<TimePoint> wake = io->wake_at();
    if (wake.has_value() && *wake > now_ && (!next.has_value() || *wake < *next)) next = wake;
  }
  return next;
}

bool SimNetwork::quiet() const {
  return actions_.empty() &&
         std::none_of(ios_.begin(), ios_.end(), [](const SimIo* io) { return io->due(); });
}

SimIo& SimNetwork::peers() {
  if (peers_ == nullptr) peers_ = std::make_unique<SimIo>(*this);
  return *peers_;
}

// ---- Sockets ------------------------------------------------------------------------------------

Socket SimNetwork::open(Transport transport, int family) {
  auto socket = std::make_unique<SimSocket>();
  socket->transport = transport;
  socket->serial = next_serial_++;
  socket->local = *Address::parse(family == AF_INET6 ? "[::]:0" : "0.0.0.0:0");
  // The lowest free handle, as a kernel does: what is used after close() meets a stranger.
  auto place = std::find(sockets_.begin(), sockets_.end(), nullptr);
  if (place == sockets_.end()) place = sockets_.insert(place, nullptr);
  socket->handle = static_cast<int32_t>(place - sockets_.begin());
  *place = std::move(socket);
  return Socket{(*place)->handle};
}

SimSocket& SimNetwork::at(Socket socket) {
  SimSocket* found = find(socket.handle);
  CHECK(found != nullptr);
  return *found;
}

SimSocket* SimNetwork::find(int32_t handle) {
  const auto index = static_cast<size_t>(handle);
  return handle >= 0 && index < sockets_.size() ? sockets_[index].get() : nullptr;
}

SimSocket* SimNetwork::find(int32_t handle, uint64_t serial) {
  SimSocket* found = find(handle);
  return found != nullptr && found->serial == serial ? found : nullptr;
}

size_t SimNetwork::open_sockets() const {
  return static_cast<size_t>(
      std::count_if(sockets_.begin(), sockets_.end(), [](const auto& s) { return s != nullptr; }));
}

void SimNetwork::finish(SimSocket& socket, std::shared_ptr<SimOp> op, int result) {
  CHECK(op != nullptr);
  CHECK(socket.outstanding > 0);
  op->result_due = now_ + delay();
  at_time(op->result_due, [op, result] {
    IoEvent event;
    event.result = result;
    event.more = op->lent;
    op->io->post(op, std::move(event));
  });
  if (op->lent) release_some_time(socket, op);
}

void SimNetwork::cancel(Completion& completion, SimSocket& socket) {
  std::shared_ptr<SimOp> op;
  for (const auto& candidate : {socket.accept, socket.connect, socket.recv}) {
    if (candidate != nullptr && candidate->completion == &completion) op = candidate;
  }
  for (const auto& candidate : socket.sends) {
    if (candidate->completion == &completion) op = candidate;
  }
  if (op == nullptr) return;  // it has ended, its event is on its way
  // It may end by itself meanwhile; what is submitted after that is another operation.
  at_time(now_ + delay(), [this, op, handle = socket.handle, serial = socket.serial] {
    SimSocket* found = find(handle, serial);
    if (found == nullptr) return;
    for (auto* slot : {&found->accept, &found->connect, &found->recv}) {
      if (*slot == op) finish(*found, std::exchange(*slot, nullptr), -ECANCELED);
    }
    if (std::erase(found->sends, op) == 0) return;
    finish(*found, op, op->done > 0 ? static_cast<int>(op->done) : -ECANCELED);
    send_progress(*found);
  });
}

// ---- Who has which address ----------------------------------------------------------------------

bool SimNetwork::overlaps(const SimSocket& socket, const Address& address) const {
  if (!socket.is_bound || socket.local.port() != address.port()) return false;
  if (socket.local.same_ip(address)) return true;
  if (socket.local.is_wildcard()) return accepts_family(socket, address);
  return address.is_wildcard() &&
         (address.family() == AF_INET6 || socket.local.family() == AF_INET);
}

bool SimNetwork::conflict(const SimSocket& socket, const Address& address) const {
  for (const auto& other : sockets_) {
    if (other == nullptr || other.get() == &socket || other->transport != socket.transport)
      continue;
    if (!overlaps(*other, address)) continue;
    if (other->reuse_port && socket.reuse_port) continue;
    const bool stream = socket.transport == Transport::tcp;
    if (stream && other->reuse_address && socket.reuse_address && other->backlog == 0) continue;
    return true;
  }
  return false;
}

uint16_t SimNetwork::free_port(const SimSocket& socket, const Address& address) {
  for (;;) {
    const uint16_t port = next_port_++;
    if (next_port_ < 20'000) next_port_ = 20'000;
    const Address candidate = address.with_port(port);
    const bool taken = std::any_of(sockets_.begin(), sockets_.end(), [&](const auto& other) {
      return other != nullptr && other.get() != &socket && overlaps(*other, candidate);
    });
    if (!taken) return port;
  }
}

Status SimNetwork::bind(SimSocket& socket, const Address& address) {
  if (socket.is_bound) return Status(StatusCode::invalid_argument, "bind: already bound");
  if (address.port() != 0 && conflict(socket, address)) {
    return Status(StatusCode::address_in_use, "bind " + address.to_string() + ": in use");
  }
  const uint16_t port = address.port() != 0 ? address.port() : free_port(socket, address);
  socket.local = address.with_port(port);
  socket.is_bound = true;
  socket.bind_order = next_bind_++;
  return {};
}

void SimNetwork::bind_for(SimSocket& socket, const Address& peer) {
  if (!socket.is_bound) {
    const Status status = bind(socket, peer.with_port(0));
    CHECK(status.ok());
  } else if (socket.local.is_wildcard()) {
    socket.local = peer.with_port(socket.local.port());
  }
}

Status SimNetwork::listen(SimSocket& socket, int backlog) {
  CHECK(backlog > 0);
  if (socket.transport != Transport::tcp)
    return Status(StatusCode::unsupported, "listen: a UDP socket");
  for (const auto& other : sockets_) {
    if (other == nullptr || other.get() == &socket || other->backlog == 0) continue;
    if (!overlaps(*other, socket.local) || (other->reuse_port && socket.reuse_port)) continue;
    return Status(StatusCode::address_in_use, "listen " + socket.local.to_string() + ": in use");
  }
  socket.backlog = static_cast<size_t>(backlog);
  return {};
}

std::vector<SimSocket*> SimNetwork::members(Transport transport, const Address& to) {
  std::vector<SimSocket*> exact;
  std::vector<SimSocket*> wildcard;
  for (const auto& socket : sockets_) {
    if (socket == nullptr || socket->transport != transport || !overlaps(*socket, to)) continue;
    if (transport == Transport::tcp && socket->backlog == 0) continue;
    (socket->local.is_wildcard() ? wildcard : exact).push_back(socket.get());
  }
  std::vector<SimSocket*>& best = exact.empty() ? wildcard : exact;
  std::sort(best.begin(), best.end(),
            [](const SimSocket* a, const SimSocket* b) { return a->bind_order < b->bind_order; });
  return std::move(best);
}

// ---- Meeting ------------------------------------------------------------------------------------

void SimNetwork::connect(SimSocket& socket, const Address& peer, std::shared_ptr<SimOp> op) {
  CHECK(socket.transport == Transport::tcp);
  CHECK(socket.connect == nullptr);
  CHECK(socket.in == nullptr);
  socket.connect = std::move(op);
  bind_for(socket, peer);
  at_time(now_ + delay(), [this, handle = socket.handle, serial = socket.serial, peer] {
    dial(handle, serial, peer);
  });
}

void SimNetwork::dial(int32_t handle, uint64_t serial, Address peer) {
  SimSocket* client = find(handle, serial);
  if (client == nullptr || client->connect == nullptr) return;  // cancelled
  const std::vector<SimSocket*> listeners = members(Transport::tcp, peer);
  if (listeners.empty()) {
    return finish(*client, std::exchange(client->connect, nullptr), -ECONNREFUSED);
  }
  SimSocket& listener = *listeners[random_.below(listeners.size())];
  if (listener.pending.size() >= listener.backlog) {  // the first packet is lost and sent again
    at_time(now_ + std::chrono::seconds(1),
            [this, handle, serial, peer] { dial(handle, serial, peer); });
    return;
  }
  meet(*client, listener, peer);
}

void SimNetwork::meet(SimSocket& client, SimSocket& listener, const Address& dialled) {
  SimSocket& accepted = at(open(Transport::tcp, dialled.family()));
  accepted.local = dialled;
  accepted.peer = client.local;
  client.peer = dialled;
  client.out = accepted.in = std::make_shared<SimPipe>();
  client.in = accepted.out = std::make_shared<SimPipe>();
  client.out->writer = client.in->reader = client.handle;
  client.out->reader = client.in->writer = accepted.handle;
  listener.pending.push_back(accepted.handle);
  finish(client, std::exchange(client.connect, nullptr), 0);
  later(listener, &SimNetwork::accept_progress);
}

void SimNetwork::accept_progress(SimSocket& socket) {
  while (socket.accept != nullptr && !socket.pending.empty()) {
    IoEvent event;
    event.result = socket.pending.front();
    event.more = true;
    socket.pending.pop_front();
    socket.accept->io->post(socket.accept, std::move(event));
  }
}

}  // namespace ringroad::sim
