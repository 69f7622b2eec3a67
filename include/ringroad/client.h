// client.h — a VSOA client: one connection to one server.
// Shape:  synchronous methods for simple programs (connect, fetch), asynchronous ones with
//         callbacks for the rest.
// Thread: any thread may call any method. Callbacks run on the loop's thread and must not block;
//         the synchronous methods answer invalid_argument there instead of waiting for
//         themselves. Set on_… before connect().
// Fails:  values with the cause; callbacks of what was pending get `cancelled` or `not_running`
//         when the connection ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringroad/client_loop.h"
#include "ringroad/options.h"
#include "ringroad/payload.h"
#include "ringroad/robot.h"
#include "ringroad/status.h"
#include "ringroad/stream.h"

namespace ringroad {

class ClientCore;  // client/

class Client {
 public:
  /// info = the server's information (JSON text) on connect, empty on loss (V51). Each true is followed by one false,
  /// however the connection ended.
  using ConnectHandler = std::function<void(bool connected, std::string_view info)>;
  using MessageHandler =
      std::function<void(std::string_view url, const PayloadView& payload, Channel channel)>;
  using ReplyCallback = std::function<void(const Result<Reply>& reply)>;
  using DoneCallback = std::function<void(const Status& status)>;

  Client();                           ///< Owns a background loop of its own.
  explicit Client(ClientLoop& loop);  ///< Shares a loop with other clients.
  ~Client();  ///< disconnect(); after it returns no callback runs. Not from one of its callbacks.
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void on_connect(ConnectHandler handler);
  /// Every PUBLISH that the server sends (V52).
  void on_message(MessageHandler handler);
  /// Every DATAGRAM that the server sends (V53).
  void on_data(MessageHandler handler);

  /// "vsoa://ip:port", "vsoa://[v6]:port", or "vsoa://name", which is looked up before (V74; position.h
  /// says at which position servers); a path is ignored. Waits for the handshake (V61). All of it within
  /// ConnectOptions::timeout. not_found: the name led nowhere, whatever the cause, which the message has
  /// (nobody to ask, no answer, a malformed one, an unknown name); unsupported: that server wants TLS;
  /// unreachable, timed_out, wrong_password, bad_response; not ok if already connected.
  [[nodiscard]] Status connect(std::string_view url, ConnectOptions options = {});
  /// The same without waiting. done is called once, on the loop's thread.
  Status connect_async(std::string_view url, ConnectOptions options, DoneCallback done);
  /// Ends the connection; connect() may follow. Pending callbacks get `cancelled`, and have run when it returns; in a
  /// callback it takes effect behind that. What was queued is still sent, for a few seconds at most.
  void disconnect();
  /// disconnect(), for good: connect() and robot() answer not_running from now on (V54).
  void close();
  /// Waits until the connection has ended, or the robot, if there is one (V66). ok: by disconnect() or
  /// close(); else why it was lost. Callbacks run on the loop's thread: on the caller's, while it is in here, for
  /// a loop without threads (ClientLoopOptions::threads = 0, client_loop.h). not_running if there is no
  /// connection; invalid_argument if another thread is in it, and in a callback.
  Status run();
  /// How disconnect() treats what was queued on this connection: 0 = it is reset at once; else it is reset
  /// when that is not sent after `time` (V64), or a second after its loop is destroyed. not_running if not
  /// connected.
  Status linger(std::chrono::milliseconds time = std::chrono::milliseconds(0));
  /// The connection is reset when something waits to be sent and the server takes nothing of it for so
  /// long, or up to twice that; what was pending gets not_running (V63). Range 0 (never)..1 h, counted in tenths of
  /// a second, rounded up; 500 ms unless set. For this and later connections. A server that pauses who sends too fast (a relay, see
  /// ServerOptions::relay_prefix) takes nothing meanwhile: producers set 0, or more than it may need.
  Status set_send_timeout(std::chrono::milliseconds time);
  /// Connects, and connects again whenever the connection is lost, until disconnect(); pings, so that a
  /// server that says nothing more is noticed; restores subscriptions (V67). on_connect() hears true and
  /// false in turn; messages of restored subscriptions may come just before true. Ok: it has begun,
  /// connected or not. A name is looked up again at every attempt, so a server that has moved is found (V74);
  /// one that is not found now is only a failed attempt, see robot_status(). invalid_argument if the client
  /// is connected, connecting or has a robot, and in a callback.
  Status robot(std::string_view url, RobotOptions options = {});
  /// ok while a robot is connected, or there is none; else why its last attempt failed, or its last
  /// connection ended.
  Status robot_status() const;
  /// While a request waits for its answer a NOOP is sent every `turbo`, so that TCP notices a lost
  /// segment sooner (V68); after `count_max` (>= 3) without any reply it stops. 0 = off, else 25 ms up
  /// to the robot's keepalive. not_running without a robot.
  Status robot_ping_turbo(std::chrono::milliseconds turbo, uint32_t count_max = 50);
  bool connected() const;
  /// The server's information as JSON text, while connected.
  std::string server_info() const;
  /// The id the server gave us; 0 is a valid one (B3).
  uint32_t id() const;
  /// False: the server gave us none (B5), and id() is 0.
  bool has_id() const;
  /// True while connected to a server that sends request flags back in its answers, as the official
  /// Go server does (B1). Seen only with ConnectOptions::quick.
  bool mirrors_flags() const;

  /// Calls and waits (V69). The Status is about transport; Reply::status is the server's word.
  Result<Reply> fetch(std::string_view url, const CallRequest& request = {});
  /// param and data go out as they are, and come as they are (V49, raw): param should be JSON text, or be
  /// empty; a Node server closes the connection on anything else (A13).
  /// Calls; done is called exactly once, on the loop's thread (V55). Without `done` the reply is
  /// ignored. At most 65,535 calls may be outstanding: then overloaded.
  Status call(std::string_view url, const CallRequest& request, ReplyCallback done);

  /// Waits for the server's answer. not ok with the reply status in the text when it refuses. A list
  /// is one request, except to a server that mirrors_flags(), or may do so because it was not asked
  /// (ConnectOptions::quick is off): there it is one request per URL, up to 64 at once from the first
  /// answer on, and the first refusal is the outcome (D2).
  Status subscribe(std::string_view url);
  Status subscribe(const std::vector<std::string>& urls);
  Status subscribe_async(std::string_view url, DoneCallback done);
  Status subscribe_async(const std::vector<std::string>& urls, DoneCallback done);
  Status unsubscribe(std::string_view url);
  Status unsubscribe(const std::vector<std::string>& urls);
  Status unsubscribe_async(std::string_view url, DoneCallback done);
  Status unsubscribe_async(const std::vector<std::string>& urls, DoneCallback done);
  /// Removes every subscription (W14). unsupported if the server mirrors_flags() (D14).
  Status unsubscribe_all();
  Status unsubscribe_all_async(DoneCallback done);

  /// Round trip time of a PINGECHO (W15).
  Result<std::chrono::nanoseconds> ping(
      std::chrono::milliseconds timeout = std::chrono::seconds(60));
  /// Sends a NOOP: no answer ever (W16).
  Status noop();
  /// Sends a datagram; ok = queued. quick needs ConnectOptions::quick and <= 65,484 bytes (V59); to a
  /// server that mirrors_flags() 1,024 with the header and its padding (E8).
  Status datagram(std::string_view url, const PayloadView& payload,
                  Channel channel = Channel::normal);
  /// Calls, subscriptions and pings without an answer yet (V65).
  size_t pendings() const;
  /// Joins the stream that a reply offers (Reply::tunnel_id), at the server this client is connected
  /// to (V48). Does not wait: on_link(…, true) follows when it is connected, on_link(…, false) when it
  /// ends, is refused or does not come in time. It ends with the client's connection. not_running
  /// without one, invalid_argument unless 1 <= tunnel_id <= 65,535.
  Result<Stream> create_stream(uint32_t tunnel_id, StreamOptions options);
  /// Bytes queued and not yet taken by the kernel, for pacing.
  size_t pending_bytes() const;

 private:
  std::shared_ptr<ClientCore> core_;
};

}  // namespace ringroad
