#include "tests/interop/peer_server.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "ringroad/server.h"
#include "tests/interop/inbox.h"

namespace ringroad::interop {
namespace {

constexpr timespec kTick = {.tv_sec = 0, .tv_nsec = 20'000'000};
constexpr ReplyStatus kApplicationStatus{130};

/// One thread that runs what it is given, in order.
class Worker {
 public:
  Worker() : thread_([this] { work(); }) {}
  ~Worker() {
    jobs_.push(nullptr);
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run(std::function<void()> job) { jobs_.push(std::move(job)); }

 private:
  void work() {
    while (true) {
      const auto job = jobs_.next();
      if (!job) continue;  // nothing for a while
      if (!*job) return;
      (*job)();
    }
  }

  Inbox<std::function<void()>> jobs_;
  std::thread thread_;
};

/// Replies may fail: the caller may have gone.
void reply(Call& call, const ReplyContent& content) {
  (void)call.reply(content);
}

std::string ids_of(const Server& server) {
  std::string ids = "[";
  for (const RemoteClient& client : server.clients()) {
    if (ids.size() > 1) ids += ',';
    ids += std::to_string(client.id());
  }
  return ids + "]";
}

void reply_from(Worker& worker, Call& call) {
  worker.run([client = call.client(), seqno = call.seqno(),
              param = std::string(call.payload().param),
              data = std::string(call.payload().data)]() mutable {
    (void)client.reply(seqno, {.param = param, .data = data});
  });
}

void echo(Call& call) {
  reply(call, {.param = call.payload().param, .data = call.payload().data});
}

void add_call_commands(Server& server, Worker& worker) {
  (void)server.command("/echo", echo);
  (void)server.command("/method", [](Call& call) {
    reply(call, {.param = call.method() == Method::set ? R"("set")" : R"("get")"});
  });
  (void)server.command("/fail", [](Call& call) {
    reply(call, {.status = kApplicationStatus, .param = R"({"reason":"asked for"})", .data = "no"});
  });
  (void)server.command("/deferred", [&worker](Call& call) { reply_from(worker, call); });
  (void)server.command(
      "/prefix/", [](Call& call) { reply(call, {.param = '"' + std::string(call.url()) + '"'}); });
}

void add_client_commands(Server& server) {
  (void)server.command("/clients",
                       [&server](Call& call) { reply(call, {.param = ids_of(server)}); });
  (void)server.command("/subscribed", [&server](Call& call) {
    reply(call, {.param = server.is_subscribed(call.payload().data) ? "true" : "false"});
  });
  (void)server.command("/close", [](Call& call) { (void)call.client().close(); });
  (void)server.command("/unauthed", [](Call& call) {
    (void)call.client().set_authed(false);
    reply(call, {});
  });
}

/// What on_subscribe and on_unsubscribe have heard, as a JSON array of "+/url" and "-/url".
class Heard {
 public:
  Server::SubscriptionHandler handler(char sign) {
    return [this, sign](RemoteClient, const std::vector<std::string>& urls) {
      const std::lock_guard lock(mutex_);
      for (const std::string& url : urls) {
        if (!list_.empty()) list_ += ',';
        list_ += '"' + (sign + url) + '"';
      }
    };
  }
  std::string take() {
    const std::lock_guard lock(mutex_);
    return '[' + std::exchange(list_, {}) + ']';
  }

 private:
  std::mutex mutex_;
  std::string list_;
};

void add_quality_commands(Server& server, Heard& heard) {
  server.on_subscribe(heard.handler('+'));
  server.on_unsubscribe(heard.handler('-'));
  (void)server.command("/heard", [&heard](Call& call) { reply(call, {.param = heard.take()}); });
  (void)server.command("/password", [&server](Call& call) {
    server.set_password(std::string(call.payload().data));
    reply(call, {});
  });
  (void)server.command("/never", [](Call&) {});  // is not answered
  // One digit: the priority of all clients but the one that asks, whose is 0.
  (void)server.command("/priority", [&server](Call& call) {
    const std::string_view digit = call.payload().data;
    for (RemoteClient client : server.clients()) {
      if (client == call.client()) continue;
      (void)client.set_priority(digit.empty() ? 0 : digit[0] - '0');
    }
    reply(call, {});
  });
}

void set_handlers(Server& server) {
  server.on_client([](RemoteClient client, bool connected) {
    std::printf("client %u %s\n", client.id(), connected ? "connected" : "gone");
    std::fflush(stdout);
    if (connected) (void)client.datagram("/hello", {.param = R"({"hello":true})"});
  });
  server.on_data([](RemoteClient client, std::string_view url, const PayloadView& payload,
                    Channel channel) { (void)client.datagram(url, payload, channel); });
}

void publish_until_signal(Server& server, const sigset_t& signals) {
  for (uint64_t tick = 0; sigtimedwait(&signals, nullptr, &kTick) < 0; ++tick) {
    const std::string param = "[" + std::to_string(tick) + "]";
    (void)server.publish("/tick", {.param = param});
    (void)server.publish("/qtick", {.param = param}, Channel::quick);
  }
}

}  // namespace

int run_server(const std::string& password) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there are other threads

  Worker worker;
  Heard heard;
  Server server({.info = R"({"name":"interop_peer"})", .password = password, .shards = 2});
  add_call_commands(server, worker);
  add_client_commands(server);
  add_quality_commands(server, heard);
  set_handlers(server);
  if (const Status status = server.listen("127.0.0.1:0"); !status.ok()) {
    return std::fprintf(stderr, "interop_peer: %s\n", status.message().c_str()), 1;
  }
  std::printf("serving vsoa://%s\n", server.address().c_str());
  std::fflush(stdout);
  publish_until_signal(server, signals);
  server.stop();
  return 0;
}

}  // namespace ringroad::interop
