#include "tests/interop/peer_client.h"

#include <array>
#include <string>
#include <string_view>

#include "tests/interop/check_report.h"
#include "tests/interop/inbox.h"
#include "tests/interop/peer_messages.h"
#include "tests/interop/peer_session.h"

namespace ringroad::interop {
namespace {

constexpr std::string_view kInfo = R"({"name":"node"})";
constexpr size_t kPayloadBytesMax = 262'124;
constexpr size_t kLateCalls = 200;

void check_connect(CheckReport& report, const NodeServers& servers) {
  {
    Check check(report, "connects without password");
    PeerSession session(check, servers.open);
    check.equal(session.client.server_info(), std::string(kInfo));
    check.expect(session.client.connected(), "not connected");
  }
  {
    Check check(report, "connects with the password");
    PeerSession session(check, servers.locked, {.password = servers.password});
    check.equal(session.client.server_info(), std::string(kInfo));
  }
  for (const std::string password : {"wrong", ""}) {
    Check check(report, password.empty() ? "B7 a missing password is wrong_password"
                                         : "B6 a wrong password is wrong_password");
    PeerSession session;
    check.code(session.client.connect(servers.locked, {.password = password}),
               StatusCode::wrong_password);
    check.expect(!session.client.connected(), "connected");
  }
  Check check(report, "B17 a password that nobody asked for is ignored");
  PeerSession session(check, servers.open, {.password = "whatever"});
}

void check_call(CheckReport& report, PeerSession& session) {
  {
    Check check(report, "calls with param and data");
    const std::string param = R"({"a":[1,"é",null,true],"b":{}})";
    const std::string data("\0\x01\xff", 3);
    const Reply reply = session.call(check, "/echo", {.param = param, .data = data});
    check.equal(reply.payload.param, param);
    check.equal(reply.payload.data, data);
  }
  {
    Check check(report, "calls with nothing");
    const Reply reply = session.call(check, "/echo");
    check.expect(reply.status == ReplyStatus::success, "refused");
    check.equal(reply.payload.param + reply.payload.data, "");
  }
  {
    Check check(report, "A16 the largest call and reply");
    const std::string data(kPayloadBytesMax - std::string_view("/echo").size(), 'r');
    check.equal(session.call(check, "/echo", {.data = data}).payload.data, data);
  }
  {
    Check check(report, "calls with GET and SET");
    const Reply get = session.call(check, "/method", {.method = Method::get});
    check.equal(get.payload.param, R"({"method":0})");
    const Reply set = session.call(check, "/method", {.method = Method::set});
    check.equal(set.payload.param, R"({"method":1})");
  }
}

void check_refusals(CheckReport& report, PeerSession& session) {
  {
    Check check(report, "an error status comes with its payload");
    for (const int status : {2, 5, 99, 130, 254}) {
      const std::string param = "[" + std::to_string(status) + "]";
      const Reply reply = session.call(check, "/status", {.param = param});
      check.equal(std::to_string(static_cast<int>(reply.status)), std::to_string(status));
      check.equal(reply.payload.param, R"({"reason":"asked for"})");
    }
  }
  {
    Check check(report, "C3 an unknown url is invalid_url");
    const Reply reply = session.call(check, "/no/such");
    check.expect(reply.status == ReplyStatus::invalid_url, "another status");
  }
  {
    Check check(report, "C4 a prefix command takes what is below it");
    for (const std::string url : {"/prefix", "/prefix/", "/prefix/x/y"}) {
      check.equal(session.call(check, url).payload.param, R"({"url":")" + url + R"("})");
    }
    const Reply reply = session.call(check, "/prefixed");
    check.expect(reply.status == ReplyStatus::invalid_url, "/prefixed was taken");
  }
  Check check(report, "a call that is not answered times out");
  const auto reply = session.client.fetch("/silent", {.timeout = std::chrono::milliseconds(50)});
  check.code(reply.status(), StatusCode::timed_out);
  check.ok(session.client.ping(kWait).status());
}

void check_late_calls(CheckReport& report, PeerSession& session) {
  Check check(report, "C7 200 concurrent calls, answered in reverse");
  Inbox<std::pair<size_t, Result<Reply>>> replies;
  for (size_t i = 0; i < kLateCalls; ++i) {
    const std::string param = "[" + std::to_string(i) + "]";
    check.ok(session.client.call("/late", {.param = param, .timeout = kWait},
                                 [&replies, i](const Result<Reply>& reply) {
                                   replies.push({i, reply});
                                 }));
  }
  for (size_t i = kLateCalls; i-- > 0;) {
    const auto reply = replies.next(2 * kWait);  // longer than a call may take: all callbacks ran
    check.expect(reply.has_value(), "a call without callback");
    if (!reply) return;
    check.ok(reply->second.status());
    if (!reply->second.ok()) continue;
    check.equal(std::to_string(reply->first), std::to_string(i));
    check.equal(reply->second->payload.param, "[" + std::to_string(i) + "]");
  }
}

void check_small_requests(CheckReport& report, PeerSession& session) {
  {
    Check check(report, "pings");
    check.ok(session.client.ping(kWait).status());
  }
  {
    Check check(report, "F2 a NOOP does no harm");
    check.ok(session.client.noop());
    check.ok(session.client.ping(kWait).status());
  }
  Check check(report, "F5 a QOSSETUP is not taken for a reply");
  check.equal(session.call(check, "/priority").payload.param, R"("behind QOSSETUP")");
  check.ok(session.client.ping(kWait).status());
}

/// connect() until the server is up again.
Status connect_again(Client& client, const std::string& url) {
  const auto deadline = std::chrono::steady_clock::now() + kWait;
  while (true) {
    const Status status = client.connect(url, {.timeout = kWait});
    if (status.code() != StatusCode::unreachable) return status;
    if (std::chrono::steady_clock::now() > deadline) return status;
  }
}

void check_reconnect(CheckReport& report, const NodeServers& servers) {
  Check check(report, "the server closes: on_connect(false), pending calls end, reconnect");
  PeerSession session(check, servers.open);
  check.expect(session.connections.next() == true, "no on_connect(true)");
  Inbox<StatusCode> pending;
  check.ok(session.client.call("/silent", {}, [&pending](const Result<Reply>& reply) {
    pending.push(reply.status().code());
  }));
  check.ok(session.client.call("/restart", {}, nullptr));
  check.expect(session.connections.next() == false, "no on_connect(false)");
  check.expect(pending.next() == StatusCode::not_running, "the pending call did not end");
  check.expect(!session.client.connected(), "still connected");
  check.ok(connect_again(session.client, servers.open));
  check.expect(session.connections.next() == true, "no second on_connect(true)");
  check.equal(session.call(check, "/echo", {.param = "[1]"}).payload.param, "[1]");
  session.client.disconnect();
  check.expect(session.connections.next() == false, "no second on_connect(false)");
}

}  // namespace

int run_client(const NodeServers& servers) {
  CheckReport report;
  check_connect(report, servers);
  {
    PeerSession session;
    {
      Check check(report, "one client for many requests");
      check.ok(session.client.connect(servers.open, {.timeout = kWait}));
    }
    check_call(report, session);
    check_refusals(report, session);
    check_late_calls(report, session);
    check_small_requests(report, session);
    check_subscriptions(report, session);
    check_publishes(report, session);
    check_datagrams(report, session, "");
  }
  {
    PeerSession session;
    {
      Check check(report, "B2 B4 connects to a server whose UDP port is another");
      check.ok(session.client.connect(servers.two_ports, {.timeout = kWait}));
    }
    check_datagrams(report, session, "B4 ");
  }
  check_reconnect(report, servers);
  return report.failed() == 0 ? 0 : 1;
}

}  // namespace ringroad::interop
