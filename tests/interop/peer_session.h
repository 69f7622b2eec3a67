// peer_session.h — a connected Client whose messages wait in inboxes.
// Owner: a check.   Thread: the main thread.
// Fails:  call() and connect() say it through the check.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ringroad/client.h"
#include "tests/interop/check_report.h"
#include "tests/interop/inbox.h"

namespace ringroad::interop {

struct Message {
  std::string url;
  Payload payload;
  Channel channel = Channel::normal;
};

inline Message to_message(std::string_view url, const PayloadView& payload, Channel channel) {
  return {.url = std::string(url),
          .payload = {.param = std::string(payload.param), .data = std::string(payload.data)},
          .channel = channel};
}

struct PeerSession {
  // Filled by the client's loop: made before it, destroyed after it.
  Inbox<bool> connections;
  Inbox<Message> publishes;
  Inbox<Message> datagrams;
  Client client;

  PeerSession() {
    client.on_connect([this](bool connected, std::string_view) { connections.push(connected); });
    client.on_message([this](std::string_view url, const PayloadView& payload, Channel channel) {
      publishes.push(to_message(url, payload, channel));
    });
    client.on_data([this](std::string_view url, const PayloadView& payload, Channel channel) {
      datagrams.push(to_message(url, payload, channel));
    });
  }

  /// Connected, or the check fails.
  PeerSession(Check& check, const std::string& url, const ConnectOptions& options = {})
      : PeerSession() {
    check.ok(client.connect(url, options));
  }

  /// The reply of a call that must get one, whatever its status.
  Reply call(Check& check, std::string_view url, CallRequest request = {}) {
    request.timeout = kWait;
    const Result<Reply> reply = client.fetch(url, request);
    check.ok(reply.status());
    return reply.ok() ? *reply : Reply{.status = ReplyStatus::no_responding};
  }
};

}  // namespace ringroad::interop
