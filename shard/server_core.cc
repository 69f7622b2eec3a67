#include "shard/server_core.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <bit>
#include <string>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/failure.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/datagram.h"
#include "engine/listener.h"
#include "proto/json.h"
#include "proto/url.h"
#include "proto/wire.h"

namespace ringroad {
namespace {

constexpr int kFreePortTries = 16;
// One that is refused for its number must be accepted first, and is closed at the end of the turn.
constexpr size_t kSpareSlots = 64;

/// The cores this process may use, in order.
std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

void pin(std::thread& thread, int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  // Not fatal: a container may forbid it, and everything works unpinned.
  if (pthread_setaffinity_np(thread.native_handle(), sizeof(set), &set) != 0) {
    LOG(warn, "event=pin_failed core={} knob=pin_shards", core);
  }
}

}  // namespace

ServerCore::~ServerCore() {
  stop();
}

Status ServerCore::add_route(std::string_view url, Server::CommandHandler handler) {
  if (!proto::valid_url(url))
    return {StatusCode::invalid_argument, "a command's URL must start with '/'"};
  if (running())
    return {StatusCode::invalid_argument, "commands must be registered before listen()"};
  if (!handler) {
    return {StatusCode::invalid_argument, "the handler of a command is empty: nobody would answer"};
  }
  routes_.add(url, std::move(handler));
  return {};
}

Status ServerCore::check_options() const {
  if (Status status = options_.validate(); !status.ok()) return status;
  if (!options_.info.empty() && !proto::json_valid(options_.info)) {
    // Clients parse it, and some end the connection when they cannot (B19).
    return {StatusCode::invalid_argument,
            "info is not JSON text; a plain string needs quotes: \"\\\"name\\\"\""};
  }
  if (options_.info.size() > base::kPayloadBytesMax - sizeof(uint32_t)) {
    return {StatusCode::invalid_argument, "info is too large for one packet (limit 262,120 bytes)"};
  }
  return {};
}

Status ServerCore::listen(std::string_view text) {
  const std::lock_guard<std::mutex> lock(life_mutex_);
  if (state_.load(std::memory_order_relaxed) != State::built) {
    return {StatusCode::invalid_argument, "this Server has already listened; make a new one"};
  }
  if (Status status = check_options(); !status.ok()) return status;
  const Result<engine::Address> address = engine::Address::parse(text);
  if (!address.ok()) return address.status();
  if (Status status = open_all(*address); !status.ok()) {
    shards_.clear();
    router_ = shard::Router();
    ios_.clear();
    return status;
  }
  // Before the first handler can run: what it calls must find a server that listens.
  state_.store(State::listening, std::memory_order_release);
  Status status = start_threads();
  if (!status.ok()) stop_threads();
  return status;
}

shard::ShardConfig ServerCore::shard_config(uint32_t shards) const {
  using QuickSource = shard::SessionConfig::QuickSource;
  return {
      .session = {.info = options_.info,
                  .relay_prefix = options_.relay_prefix,
                  .queue_bytes_max = options_.queue_bytes_max,
                  .backlog = options_.backlog,
                  .handshake_timeout = options_.handshake_timeout,
                  .quick_source =
                      options_.quick_strict ? QuickSource::announced_port : QuickSource::any_port,
                  .refusal = options_.auth_retry ? shard::SessionConfig::Refusal::retry
                                                 : shard::SessionConfig::Refusal::close},
      .shards = shards,
      .clients_max = clients_max(),
      .mailbox_bytes = std::bit_ceil(options_.mailbox_bytes),
      .spin_percent = options_.spin_percent,
      .tunnels = {.per_client_max = options_.streams_per_client_max,
                  .per_shard_max = options_.streams_per_shard_max,
                  .interface = options_.interface},
      .zero_copy = options_.zero_copy,
      .send_timeout = options_.send_timeout,
  };
}

/// As many as the option says, or as a table of direct descriptors may hold.
size_t ServerCore::clients_max() const {
  if (options_.descriptors == ServerOptions::Descriptors::plain) {
    return options_.clients_per_shard_max;
  }
  const size_t slots = engine::direct_slots_max();
  const size_t spare = spare_slots();
  return std::min(options_.clients_per_shard_max, slots > spare ? slots - spare : 0);
}

/// Of a table of direct descriptors: not for clients. Streams have places there, too; in a small table at
/// most a sixteenth of all.
size_t ServerCore::spare_slots() const {
  const size_t streams_max = engine::direct_slots_max() / 16;
  return kSpareSlots + std::min(options_.streams_per_shard_max, streams_max);
}

Result<std::unique_ptr<engine::UringIo>> ServerCore::open_io() const {
  engine::UringOptions uring;
  if (options_.descriptors == ServerOptions::Descriptors::direct) {
    if (clients_max() == 0) {
      return Status(StatusCode::resource_exhausted,
                    "direct descriptors: raise RLIMIT_NOFILE (LimitNOFILE= or ulimit -n), each "
                    "shard may have that many clients less " +
                        std::to_string(spare_slots()));
    }
    uring.direct_slots = static_cast<uint32_t>(clients_max() + spare_slots());
  }
  return engine::UringIo::create(uring);
}

Status ServerCore::open_all(engine::Address address) {
  const auto cores = static_cast<uint32_t>(std::max<size_t>(1, allowed_cores().size()));
  const uint32_t shards =
      options_.shards != 0 ? options_.shards : std::min(cores, base::kShardsMax);
  for (uint32_t i = 0; i < shards; ++i) {
    Result<std::unique_ptr<engine::UringIo>> io = open_io();
    if (!io.ok()) return io.status();
    ios_.push_back(std::move(*io));
  }
  std::vector<std::pair<engine::Socket, engine::Socket>> sockets;
  Status status;
  for (uint32_t i = 0; i < shards && status.ok(); ++i) {
    engine::Socket listener;
    engine::Socket quick;
    const auto use = i == 0 ? engine::PortUse::exclusive : engine::PortUse::shared;
    status = open_pair(*ios_[i], address, use, listener, quick);
    if (!status.ok()) break;
    sockets.emplace_back(listener, quick);
    if (i > 0) continue;
    // Port 0 has become a real one, which the other shards share.
    const Result<engine::Address> bound = ios_[0]->local_address(listener);
    status = bound.status();
    if (bound.ok()) address_ = address = *bound;
  }
  // The wire carries the client id at offset 4 of a quick datagram; id % shards is the owner.
  if (status.ok() && shards > 1) {
    status = ios_[0]->steer(sockets[0].second, proto::kSeqnoOffset, shards);
  }
  if (!status.ok()) {
    for (size_t i = 0; i < sockets.size(); ++i) {
      ios_[i]->close(sockets[i].first);
      ios_[i]->close(sockets[i].second);
    }
    return status;
  }
  const shard::ShardConfig config = shard_config(shards);
  for (uint32_t i = 0; i < shards; ++i) {
    shards_.push_back(
        std::make_unique<shard::Shard>(i, *ios_[i], config, router_, *this, patterns_, logins_));
    router_.add(*shards_[i]);
  }
  for (uint32_t i = 0; i < shards; ++i) shards_[i]->start(sockets[i].first, sockets[i].second);
  return {};
}

Status ServerCore::open_pair(engine::Io& io, const engine::Address& address, engine::PortUse use,
                             engine::Socket& listener, engine::Socket& quick) {
  Status status;
  // With port 0 the kernel picks a TCP port whose UDP twin may be taken.
  for (int tries = 0; tries < (address.port() == 0 ? kFreePortTries : 1); ++tries) {
    const Result<engine::Socket> tcp = engine::open_listener(io, address, use, options_.interface);
    if (!tcp.ok()) return tcp.status();
    const Result<engine::Address> bound = io.local_address(*tcp);
    const Result<engine::Socket> udp =
        bound.ok() ? engine::open_datagram(io, *bound, use, options_.interface)
                   : Result<engine::Socket>(bound.status());
    if (udp.ok()) {
      listener = *tcp;
      quick = *udp;
      // Accepted connections inherit it.
      status = io.set_option(*tcp, engine::SocketOption::keepalive,
                             static_cast<int>(options_.keepalive.count()));
      if (status.ok()) status = engine::share_port(io, *tcp);
      if (status.ok()) status = engine::share_port(io, *udp);
      if (status.ok()) return status;
      io.close(*udp);
      io.close(*tcp);
      return status;
    }
    io.close(*tcp);
    status = udp.status();
  }
  return status;
}

Status ServerCore::start_threads() {
  const std::vector<int> cores = allowed_cores();
  for (size_t i = 0; i < shards_.size(); ++i) {
    try {
      threads_.emplace_back(&shard::Shard::run, shards_[i].get());
    } catch (const std::system_error& error) {
      return {StatusCode::resource_exhausted,
              "cannot start thread " + std::to_string(i + 1) + " of " +
                  std::to_string(shards_.size()) + ": " + error.what() +
                  "; raise the process limit (ulimit -u, pids.max) or set fewer shards"};
    }
    pthread_setname_np(threads_.back().native_handle(), ("shard-" + std::to_string(i)).c_str());
    if (options_.pin_shards && !cores.empty()) pin(threads_.back(), cores[i % cores.size()]);
  }
  return {};
}

void ServerCore::stop() {
  const std::lock_guard<std::mutex> lock(life_mutex_);
  if (!running()) return;
  CHECK(router_.current() == nullptr);  // not from a handler: it would wait for itself
  stop_threads();
}

void ServerCore::stop_threads() {
  state_.store(State::stopped, std::memory_order_release);
  for (const auto& shard : shards_) shard->request_stop();
  for (std::thread& thread : threads_) thread.join();
  // Those that never got a thread close what they have opened here.
  for (size_t i = threads_.size(); i < shards_.size(); ++i) shards_[i]->run();
  threads_.clear();
  for (const auto& shard : shards_) shard->close_tasks();
}

engine::Address ServerCore::address() const {
  return running() ? address_ : engine::Address();
}

// ---- The user's handlers, each wrapped once

RemoteClient ServerCore::remote(const shard::Session& session) {
  return {weak_from_this(), session.key().packed(), session.wire_id()};
}

namespace {

/// One request inside its handler.
class LiveCall final : public Call {
 public:
  LiveCall(ServerCore& core, shard::Session& session, RemoteClient client,
           const proto::PacketView& packet)
      : core_(core),
        session_(session),
        client_(std::move(client)),
        packet_(packet),
        payload_{packet.param, packet.data} {}

  RemoteClient client() override { return client_; }
  std::string_view url() const override { return packet_.url; }
  Method method() const override { return packet_.header.set() ? Method::set : Method::get; }
  const PayloadView& payload() const override { return payload_; }
  uint32_t seqno() const override { return packet_.header.seqno; }
  Status reply(const ReplyContent& content) override {
    replied_ = true;
    return session_.reply(packet_.header.seqno, content);
  }
  Result<Stream> create_stream(StreamOptions options) override {
    return core_.create_stream(session_, std::move(options));
  }
  bool replied() const { return replied_; }

 private:
  ServerCore& core_;
  shard::Session& session_;
  RemoteClient client_;
  const proto::PacketView& packet_;
  PayloadView payload_;
  bool replied_ = false;
};

}  // namespace

bool ServerCore::call(shard::Session& session, const proto::PacketView& packet) {
  const Server::CommandHandler* handler = routes_.find(packet.url);
  if (handler == nullptr) return false;
  LiveCall call(*this, session, remote(session), packet);
  try {
    (*handler)(call);
  } catch (...) {
    handler_failures_.fetch_add(1, std::memory_order_relaxed);
    LOG(error, "event=handler_failed kind=command url={} what={}", packet.url,
        base::words_of_failure());
    if (!call.replied()) (void)call.reply({.status = ReplyStatus::no_responding});
  }
  return true;
}

void ServerCore::data(const shard::Session& session, const proto::PacketView& packet,
                      Channel channel) {
  if (!on_data_) return;
  try {
    on_data_(remote(session), packet.url, {packet.param, packet.data}, channel);
  } catch (...) {
    handler_failures_.fetch_add(1, std::memory_order_relaxed);
    LOG(error, "event=handler_failed kind=data url={} what={}", packet.url,
        base::words_of_failure());
  }
}

void ServerCore::presence(const shard::Session& session, shard::Presence presence) {
  if (!on_client_) return;
  try {
    on_client_(remote(session), presence == shard::Presence::connected);
  } catch (...) {
    handler_failures_.fetch_add(1, std::memory_order_relaxed);
    LOG(error, "event=handler_failed kind=client client={} what={}", session.wire_id(),
        base::words_of_failure());
  }
}

void ServerCore::subscriptions(const shard::Session& session, shard::SubscriptionChange change,
                               const std::vector<std::string>& urls) {
  const Server::SubscriptionHandler& handler = handler_of(change);
  if (!handler) return;
  try {
    handler(remote(session), urls);
  } catch (...) {
    handler_failures_.fetch_add(1, std::memory_order_relaxed);
    LOG(error, "event=handler_failed kind=subscription client={} what={}", session.wire_id(),
        base::words_of_failure());
  }
}

// ---- Any thread

Status ServerCore::publish(const proto::PacketSpec& packet, Channel channel) {
  if (!running()) return {StatusCode::not_running, "the server is not listening"};
  const size_t bytes_max =
      channel == Channel::quick ? base::kQuickPayloadBytesMax : base::kPayloadBytesMax;
  if (!proto::valid_url(packet.url)) {
    return {StatusCode::invalid_argument,
            "the URL must start with '/', hold no NUL and have at most 65,535 bytes"};
  }
  if (Status status = proto::check_packet(packet, bytes_max); !status.ok()) return status;
  Status status = router_.publish(packet, channel);
  (status.ok() ? publishes_ : publishes_overloaded_).fetch_add(1, std::memory_order_relaxed);
  return status;
}

Status ServerCore::post(const shard::ShardMessage& message, const proto::PacketSpec* packet) {
  if (Status status = reachable(message.client); !status.ok()) return status;
  return router_.post(message, packet);
}

Status ServerCore::post_to_all(const shard::ShardMessage& message) {
  if (!running()) return {StatusCode::not_running, "the server is not listening"};
  return router_.post_to_all(message);
}

std::optional<shard::ClientEntry> ServerCore::find(uint64_t packed) const {
  const shard::ClientKey key = shard::ClientKey::unpack(packed);
  if (!running() || key.shard >= shards_.size()) return std::nullopt;
  return shards_[key.shard]->directory().read(key.handle.slot, key.handle.generation);
}

}  // namespace ringroad
