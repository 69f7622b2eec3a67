#include "client/loop_lookup.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "client/resolver.h"
#include "engine/socket.h"

namespace ringroad::client {
namespace {

using Step = Lookup::Step;

/// Whatever the cause, to who connects the name led nowhere (V61); unless it is this process that lacks
/// something.
Status not_found(std::string_view name, const Status& cause) {
  const bool ours = cause.code() == StatusCode::resource_exhausted;
  return {ours ? cause.code() : StatusCode::not_found,
          "the server \"" + std::string(name) + "\" was not found: " + cause.message()};
}

}  // namespace

LoopLookup::LoopLookup(engine::Loop& loop, Handler& handler, std::string name, Lookup lookup)
    : loop_(loop), handler_(&handler), name_(std::move(name)), lookup_(std::move(lookup)) {
}

LoopLookup::~LoopLookup() {
  CHECK(closed());
}

void LoopLookup::start() {
  drive(lookup_.begin());
}

void LoopLookup::stop() {
  handler_ = nullptr;
  loop_.stop_timer(timer_);
  if (!sockets_.empty()) sockets_.back()->stop();
}

bool LoopLookup::closed() const {
  return !timer_.started() && std::all_of(sockets_.begin(), sockets_.end(),
                                          [](const auto& socket) { return socket->closed(); });
}

void LoopLookup::drive(Step step) {
  while (step == Step::open || step == Step::send) {
    Status status = step == Step::open ? open() : Status();
    if (status.ok()) status = send();
    if (status.ok()) return loop_.start_timer(timer_, lookup_.try_time());
    step = lookup_.on_failure(status);
  }
  if (step == Step::wait) return;
  ended_ = true;
  if (!sockets_.empty()) sockets_.back()->stop();
  loop_.start_timer(timer_, engine::Duration::zero());  // not under the caller's feet
}

Status LoopLookup::open() {
  if (!sockets_.empty()) sockets_.back()->stop();
  engine::Io& io = loop_.io();
  const engine::Address& server = lookup_.server();
  const Result<engine::Socket> socket = io.open(engine::Transport::udp, server.family());
  if (!socket.ok()) return socket.status();
  if (Status status = io.connect_datagram(*socket, server); !status.ok()) {
    io.close(*socket);
    return status;
  }
  engine::Datagram::Handler& handler = *this;
  sockets_.push_back(std::make_unique<engine::Datagram>(loop_, *socket, handler));
  sockets_.back()->start();
  return {};
}

Status LoopLookup::send() {
  const auto query = std::as_bytes(std::span(lookup_.query()));
  const int sent =
      loop_.io().send_to(sockets_.back()->socket(), query, lookup_.server(), /*from=*/nullptr);
  if (sent >= 0 || sent == -EAGAIN) return {};  // a full socket drops, as the network may
  return engine::system_status("send", -sent);
}

void LoopLookup::on_timer() {
  if (!ended_) return drive(lookup_.on_silence());
  handler_->on_lookup(address());
}

void LoopLookup::on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                             const engine::Address& /*to*/) {
  // For a connected socket the kernel has seen to that already; not every Io is a kernel.
  if (!(from == lookup_.server())) return;
  drive(lookup_.on_datagram({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

void LoopLookup::on_error(int error) {
  drive(lookup_.on_failure(engine::system_status("recv", error)));
}

Result<engine::Address> LoopLookup::address() const {
  const Result<ServerPosition>& position = lookup_.result();
  if (!position.ok()) return not_found(name_, position.status());
  if (position->security.value_or(false)) {
    return Status(StatusCode::unsupported, "the server \"" + name_ +
                                               "\" wants TLS, says its position server; TLS is "
                                               "not built yet");
  }
  return engine::Address::parse(position->address());
}

Status LoopLookup::overdue(std::chrono::milliseconds limit) const {
  const Status cause =
      ended_ && !lookup_.result().ok() ? lookup_.result().status() : lookup_.cause();
  return not_found(
      name_, {StatusCode::timed_out, cause.message() + "; there were " +
                                         std::to_string(limit.count()) + " ms for all of it"});
}

Result<std::unique_ptr<LoopLookup>> make_lookup(engine::Loop& loop, LoopLookup::Handler& handler,
                                                const std::string& name,
                                                std::chrono::milliseconds time) {
  Result<std::vector<engine::Address>> servers = servers_to_ask({});
  if (!servers.ok()) return not_found(name, servers.status());
  const auto try_time = try_time_within(time, servers->size());
  return std::make_unique<LoopLookup>(
      loop, handler, name, Lookup(std::move(*servers), {name, AddressFamily::any, try_time}));
}

}  // namespace ringroad::client
