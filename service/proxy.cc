#include "ringroad/proxy.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "proto/json.h"
#include "service/late_replies.h"
#include "service/proxy_url.h"
#include "service/stream_bridge.h"

namespace ringroad {
namespace {

constexpr size_t kPrefixBytesMax = 1'024;
constexpr uint32_t kRepeatsMax = 16;

std::string error_param(std::string_view text) {
  std::string param = R"({"error":)";
  proto::append_json_string(param, text);
  param += '}';
  return param;
}

Status wrong(std::string text) {
  return {StatusCode::invalid_argument, std::move(text)};
}

/// One caller's param that is not JSON would end the connection that all callers share (A13).
bool is_passable(const PayloadView& payload) {
  return payload.param.empty() || proto::json_valid(payload.param);
}

struct Counters {
  std::atomic<uint64_t> calls{0};  // all relaxed: totals for people
  std::atomic<uint64_t> calls_failed{0};
  std::atomic<uint64_t> publishes{0};
  std::atomic<uint64_t> publishes_looped{0};
  std::atomic<uint64_t> publishes_dropped{0};
  std::atomic<uint64_t> datagrams{0};
  std::atomic<uint64_t> datagrams_dropped{0};
  std::atomic<uint64_t> streams{0};

  const std::shared_ptr<service::LateReplies> replies =
      std::make_shared<service::LateReplies>("proxy");

  static void count(std::atomic<uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
  }
};

/// What waits for an answer of ours.
struct Caller {
  RemoteClient client;
  uint32_t seqno;

  void reply(Counters& counters, const Reply& reply, uint16_t tunnel_id) {
    send(counters, {.status = reply.status,
                    .param = reply.payload.param,
                    .data = reply.payload.data,
                    .tunnel_id = tunnel_id});
  }
  void fail(Counters& counters, const Status& cause) {
    Counters::count(counters.calls_failed);
    send(counters, {.status = ReplyStatus::proxy, .param = error_param(cause.message())});
  }
  void send(Counters& counters, const ReplyContent& content) {
    counters.replies->reply(client, seqno, content);
  }
};

/// One rule and the connection to its server.
class Upstream {
 public:
  Upstream(ProxyRule rule, Server& server, ClientLoop& loop, std::shared_ptr<Counters> counters)
      : rule_(std::move(rule)), server_(server), counters_(std::move(counters)), client_(loop) {}

  Status start() {
    client_.on_message([this](std::string_view url, const PayloadView& payload, Channel channel) {
      publish(url, payload, channel);
    });
    client_.on_connect([this](bool connected, std::string_view) { on_connect(connected); });
    if (started_) return {};
    // A server that relays may hold back who sends to it, for as long as it needs (V63); whether it is
    // there at all the robot's pings find out.
    (void)client_.set_send_timeout(std::chrono::milliseconds(0));
    RobotOptions robot = rule_.robot;
    robot.resubscribe = false;  // on_connect() does, also the first time
    Status status = client_.robot(rule_.server, robot);
    started_ = status.ok();
    return status;
  }
  void call(Call& call);
  void datagram(std::string_view url, const PayloadView& payload, Channel channel);

  const std::string& prefix() const { return rule_.prefix; }
  bool connected() const { return client_.connected(); }

 private:
  void on_connect(bool connected);
  void publish(std::string_view url, const PayloadView& payload, Channel channel);
  void answer(Caller caller, const Result<Reply>& reply);
  void bridge(Caller caller, const Reply& reply);

  const ProxyRule rule_;
  Server& server_;
  const std::shared_ptr<Counters> counters_;  // shared with what a shard has still to do for us
  bool started_ = false;
  Client client_;  // its callbacks use what is above: it dies first
};

void Upstream::on_connect(bool connected) {
  LOG(info, "event=proxy_{} prefix={} server={}", connected ? "connected" : "lost", rule_.prefix,
      rule_.server);
  if (!connected) return;
  const Status asked = client_.subscribe_async("/", [this](const Status& status) {
    if (status.ok()) return;
    LOG(warn, "event=proxy_not_subscribed prefix={} server={} cause={}", rule_.prefix, rule_.server,
        status.message());
  });
  if (!asked.ok()) LOG(warn, "event=proxy_not_subscribed cause={}", asked.message());
}

void Upstream::publish(std::string_view url, const PayloadView& payload, Channel channel) {
  // What a server says is below our prefix, and JSON, or not said: it must not reach other URLs, and
  // some clients end their connection at a param that is not JSON (A13).
  if (!url.starts_with('/') || !is_passable(payload)) {
    return Counters::count(counters_->publishes_dropped);
  }
  if (service::count_prefix(rule_.prefix, url) > rule_.repeats_max) {
    return Counters::count(counters_->publishes_looped);
  }
  std::string here = rule_.prefix;
  if (url != "/") here += url;
  const bool done = server_.publish(here, payload, channel).ok();
  Counters::count(done ? counters_->publishes : counters_->publishes_dropped);
}

void Upstream::call(Call& call) {
  Caller caller{call.client(), call.seqno()};
  const auto url = service::upstream_url(rule_.prefix, call.url());
  if (!url) {  // the route takes nothing else
    (void)call.reply({.status = ReplyStatus::invalid_url});
    return;
  }
  if (!is_passable(call.payload())) {
    (void)call.reply({.status = ReplyStatus::arguments});
    return;
  }
  const CallRequest request{.method = call.method(),
                            .param = call.payload().param,
                            .data = call.payload().data,
                            .timeout = rule_.call_timeout};
  Counters::count(counters_->calls);
  const Status asked = client_.call(
      *url, request, [this, caller](const Result<Reply>& reply) { answer(caller, reply); });
  if (!asked.ok()) caller.fail(*counters_, asked);
}

void Upstream::answer(Caller caller, const Result<Reply>& reply) {
  if (!reply.ok()) return caller.fail(*counters_, reply.status());
  reply->tunnel_id == 0 ? caller.reply(*counters_, *reply, 0) : bridge(caller, *reply);
}

/// The stream that the reply offers, and one of ours for the caller.
void Upstream::bridge(Caller caller, const Reply& reply) {
  using Side = service::StreamBridge::Side;
  const auto bridge = std::make_shared<service::StreamBridge>();
  const Result<Stream> there = client_.create_stream(reply.tunnel_id, bridge->options(Side::there));
  if (!there.ok()) return caller.fail(*counters_, there.status());
  bridge->attach(Side::there, *there);
  const Status ordered = caller.client.create_stream(
      bridge->options(Side::here),
      [bridge, caller, reply, counters = counters_](const Result<Stream>& here) mutable {
        if (!here.ok()) {
          bridge->give_up(Side::here);
          return caller.fail(*counters, here.status());
        }
        Counters::count(counters->streams);
        bridge->attach(Side::here, *here);
        caller.reply(*counters, reply, here->tunnel_id());
      });
  if (ordered.ok()) return;
  bridge->give_up(Side::here);
  caller.fail(*counters_, ordered);
}

void Upstream::datagram(std::string_view url, const PayloadView& payload, Channel channel) {
  const bool sent = is_passable(payload) && client_.datagram(url, payload, channel).ok();
  Counters::count(sent ? counters_->datagrams : counters_->datagrams_dropped);
}

}  // namespace

Status ProxyRule::validate() const {
  if (prefix.size() < 2 || prefix.front() != '/' || prefix.back() == '/') {
    return wrong("prefix must start with '/' and not end with it, as \"/lamp\" does");
  }
  if (prefix.size() > kPrefixBytesMax || prefix.find('\0') != std::string::npos) {
    return wrong("prefix must have at most 1,024 bytes and no NUL");
  }
  if (call_timeout < std::chrono::milliseconds(1)) return wrong("call_timeout must be >= 1 ms");
  if (repeats_max > kRepeatsMax) return wrong("repeats_max must be in 0..16");
  return robot.validate();
}

/// What the handlers of the Server keep a weak hold of.
class ProxyCore : public std::enable_shared_from_this<ProxyCore> {
 public:
  ProxyCore(Server& server, ClientLoop& loop) : server_(server), loop_(loop) {}

  Status add(ProxyRule rule);
  Status start();
  bool forward(std::string_view url, const PayloadView& payload, Channel channel);
  ProxyStats stats() const;

 private:
  Upstream* find(std::string_view url) const;

  Server& server_;
  ClientLoop& loop_;
  const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  std::vector<std::unique_ptr<Upstream>> upstreams_;  // constant once started
  bool started_ = false;
};

Status ProxyCore::add(ProxyRule rule) {
  if (started_) return wrong("rules must be added before start()");
  if (Status status = rule.validate(); !status.ok()) return status;
  for (const auto& upstream : upstreams_) {
    if (upstream->prefix() == rule.prefix) {
      return wrong("prefix " + rule.prefix + " has a rule already");
    }
  }
  const std::string route = rule.prefix + "/";
  auto upstream = std::make_unique<Upstream>(std::move(rule), server_, loop_, counters_);
  Status status = server_.command(route, [weak = weak_from_this(),
                                          target = upstream.get()](Call& call) {
    if (const auto core = weak.lock(); core != nullptr) return target->call(call);
    (void)call.reply({.status = ReplyStatus::proxy, .param = error_param("the proxy has ended")});
  });
  if (status.ok()) upstreams_.push_back(std::move(upstream));
  return status;
}

Status ProxyCore::start() {
  started_ = true;
  Status first;
  for (const auto& upstream : upstreams_) {
    if (Status status = upstream->start(); first.ok()) first = std::move(status);
  }
  return first;
}

/// The one with the longest prefix.
Upstream* ProxyCore::find(std::string_view url) const {
  Upstream* found = nullptr;
  for (const auto& upstream : upstreams_) {
    if (!service::upstream_url(upstream->prefix(), url)) continue;
    if (found == nullptr || upstream->prefix().size() > found->prefix().size()) {
      found = upstream.get();
    }
  }
  return found;
}

bool ProxyCore::forward(std::string_view url, const PayloadView& payload, Channel channel) {
  Upstream* upstream = find(url);
  if (upstream == nullptr) return false;
  upstream->datagram(*service::upstream_url(upstream->prefix(), url), payload, channel);
  return true;
}

ProxyStats ProxyCore::stats() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const service::LateReplies::Stats replies = counters_->replies->stats();
  ProxyStats stats{.calls = counters_->calls.load(kRelaxed),
                   .calls_failed = counters_->calls_failed.load(kRelaxed),
                   .publishes = counters_->publishes.load(kRelaxed),
                   .publishes_looped = counters_->publishes_looped.load(kRelaxed),
                   .publishes_dropped = counters_->publishes_dropped.load(kRelaxed),
                   .datagrams = counters_->datagrams.load(kRelaxed),
                   .datagrams_dropped = counters_->datagrams_dropped.load(kRelaxed),
                   .streams = counters_->streams.load(kRelaxed),
                   .replies_late = replies.late,
                   .replies_lost = replies.lost};
  stats.connected_now = static_cast<uint64_t>(
      std::count_if(upstreams_.begin(), upstreams_.end(),
                    [](const auto& upstream) { return upstream->connected(); }));
  return stats;
}

Proxy::Proxy(Server& server, ClientLoop& loop) : core_(std::make_shared<ProxyCore>(server, loop)) {
}

Proxy::~Proxy() = default;

Status Proxy::add(ProxyRule rule) {
  return core_->add(std::move(rule));
}

Status Proxy::start() {
  return core_->start();
}

bool Proxy::forward(std::string_view url, const PayloadView& payload, Channel channel) {
  return core_->forward(url, payload, channel);
}

ProxyStats Proxy::stats() const {
  return core_->stats();
}

}  // namespace ringroad
