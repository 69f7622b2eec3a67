#include "tests/interop/peer_messages.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringroad::interop {
namespace {

constexpr std::string_view kNormal = R"(,"quick":false})";
constexpr std::string_view kQuick = R"(,"quick":true})";
constexpr std::chrono::milliseconds kQuickWait(200);  // a quick message may be lost: sent again
constexpr int kQuickAttempts = 25;
constexpr size_t kQuickPayloadMax = 65'484;

/// The param of the commands /publish and /datagram.
std::string order(std::string_view url, std::string_view tail) {
  return R"({"url":")" + std::string(url) + '"' + std::string(tail);
}

void expect_subscriptions(Check& check, PeerSession& session, const std::string& wanted) {
  check.equal(session.call(check, "/subscriptions").payload.param, wanted);
}

/// Sends until something comes. What is sent twice may come twice: use each URL once.
template <typename Send>
std::optional<Message> until_arrived(Inbox<Message>& inbox, Send send) {
  std::optional<Message> message;
  for (int i = 0; i < kQuickAttempts && !message; ++i) {
    send();
    message = inbox.next(kQuickWait);
  }
  return message;
}

/// Drops late copies of quick messages.
void drain(Inbox<Message>& inbox) {
  while (inbox.next(kQuickWait)) continue;
}

void expect_message(Check& check, const std::optional<Message>& got, const Message& wanted) {
  check.expect(got.has_value(), wanted.url + " did not come");
  if (!got) return;
  check.equal(got->url, wanted.url);
  check.equal(got->payload.param, wanted.payload.param);
  check.equal(got->payload.data, wanted.payload.data);
  check.expect(got->channel == wanted.channel, wanted.url + " came by the other channel");
}

void check_quick_publish(CheckReport& report, PeerSession& session) {
  Check check(report, "quick publishes arrive, those of others do not");
  check.ok(session.client.subscribe("/q/"));
  session.call(check, "/publish", {.param = order("/other", kQuick)});
  const std::string param = order("/q/a", kQuick);
  const auto got = until_arrived(session.publishes, [&] {
    session.call(check, "/publish", {.param = param, .data = "quick"});
  });
  expect_message(check, got, {"/q/a", {param, "quick"}, Channel::quick});
  check.ok(session.client.unsubscribe_all());
  drain(session.publishes);
}

}  // namespace

void check_subscriptions(CheckReport& report, PeerSession& session) {
  Client& client = session.client;
  {
    Check check(report, "subscribes to one URL and to a list");
    check.ok(client.subscribe("/one"));
    check.ok(client.subscribe(std::vector<std::string>{"/a/", "/b"}));
    expect_subscriptions(check, session, R"(["/a/","/b","/one"])");
  }
  {
    Check check(report, "D4 an empty list is not sent");
    check.code(client.subscribe(std::vector<std::string>{}), StatusCode::invalid_argument);
    check.code(client.unsubscribe(std::vector<std::string>{}), StatusCode::invalid_argument);
    expect_subscriptions(check, session, R"(["/a/","/b","/one"])");
  }
  {
    Check check(report, "unsubscribes from one URL and from a list");
    check.ok(client.unsubscribe("/one"));
    check.ok(client.unsubscribe(std::vector<std::string>{"/b", "/stranger"}));
    expect_subscriptions(check, session, R"(["/a/"])");
  }
  Check check(report, "D14 unsubscribe_all() removes all");
  check.ok(client.subscribe("/c"));
  check.ok(client.unsubscribe_all());
  expect_subscriptions(check, session, "[]");
}

void check_publishes(CheckReport& report, PeerSession& session) {
  check_quick_publish(report, session);
  {
    Check check(report, "publishes arrive in order, those of others do not");
    check.ok(session.client.subscribe(std::vector<std::string>{"/p/", "/marker"}));
    for (const std::string_view url : {"/p", "/px", "/p/1", "/other", "/p/2", "/marker"}) {
      session.call(check, "/publish", {.param = order(url, kNormal), .data = url});
    }
    for (const std::string url : {"/p", "/p/1", "/p/2", "/marker"}) {
      expect_message(check, session.publishes.next(),
                     {url, {order(url, kNormal), url}, Channel::normal});
    }
  }
  Check check(report, "A16 the largest publish");
  const std::string param = order("/marker", kNormal);
  // The call is the largest packet; the publish, whose URL is shorter by one, is padded to it.
  const std::string data(262'124 - param.size() - std::string_view("/publish").size(), 'p');
  session.call(check, "/publish", {.param = param, .data = data});
  expect_message(check, session.publishes.next(), {"/marker", {param, data}, Channel::normal});
}

void check_datagrams(CheckReport& report, PeerSession& session, const std::string& rule) {
  Client& client = session.client;
  const Payload payload = {R"({"a":1})", std::string("\0\xff", 2)};
  {
    Check check(report, rule + "datagrams both ways");
    check.ok(client.datagram("/d/1", payload.view()));
    check.ok(client.datagram("/d/2", {}));
    expect_message(check, session.datagrams.next(), {"/d/1", payload, Channel::normal});
    expect_message(check, session.datagrams.next(), {"/d/2", {}, Channel::normal});
  }
  {
    Check check(report, rule + "quick datagrams both ways");
    const auto got = until_arrived(session.datagrams, [&] {
      check.ok(client.datagram("/dq", payload.view(), Channel::quick));
    });
    expect_message(check, got, {"/dq", payload, Channel::quick});
    drain(session.datagrams);
  }
  Check check(report, rule + "W5 the largest quick datagram both ways");
  const Payload large = {"",
                         std::string(kQuickPayloadMax - std::string_view("/large").size(), 'q')};
  const auto got = until_arrived(session.datagrams, [&] {
    check.ok(client.datagram("/large", large.view(), Channel::quick));
  });
  expect_message(check, got, {"/large", large, Channel::quick});
}

}  // namespace ringroad::interop
