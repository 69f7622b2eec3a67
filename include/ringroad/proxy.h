// proxy.h — gives the URLs of other servers a place below prefixes of a server of ours (X4).
// Shape:  "/lamp" -> vsoa://…: a call of "/lamp/on" here is a call of "/on" there, a publish of "/on"
//         there is a publish of "/lamp/on" here, a datagram to "/lamp/on" goes there as "/on". A stream
//         that a reply offers is carried on by one of ours.
// Thread: add() and start() before Server::listen(), on one thread; forward() and stats() any.
// Lives:  the Server and the ClientLoop outlive the Proxy. When the Proxy has gone, calls below its
//         prefixes are answered with ReplyStatus::proxy.
// Params: JSON or none. A call with another one is answered with ReplyStatus::arguments: it could end the
//         connection that all callers share (A13).
// Fails:  a call that does not reach its server is answered with ReplyStatus::proxy (7) and
//         {"error":"why"}, at once if there is no connection. Connections are a robot's (V67): they
//         come back, after a delay, and none is tried in a hurry.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ringroad/client.h"
#include "ringroad/client_loop.h"
#include "ringroad/server.h"
#include "ringroad/status.h"

namespace ringroad {

struct ProxyRule {
  /// Where the other server's URLs begin here: "/lamp", "/site/3". Without a slash behind it, at most
  /// 1,024 bytes.
  std::string prefix;
  /// "vsoa://ip:port" or "vsoa://name".
  std::string server;
  /// Its password, time limits and pings.
  RobotOptions robot = {};
  /// How long a call may take there. >= 1 ms.
  std::chrono::milliseconds call_timeout = std::chrono::seconds(60);
  /// Proxies that have each other as servers would pass a publish round for ever, and each round puts
  /// the prefix before its URL. With more than so many of this prefix in it already, a publish is
  /// taken for such a one and dropped, counted. Range 0..16.
  uint32_t repeats_max = 1;

  Status validate() const;
};

/// Totals since start() over all rules.
struct ProxyStats {
  uint64_t connected_now = 0;  ///< Servers that are connected, now.
  uint64_t calls = 0;          ///< Passed on.
  uint64_t calls_failed = 0;   ///< Answered with ReplyStatus::proxy.
  uint64_t publishes = 0;      ///< Published here.
  uint64_t publishes_looped = 0;
  /// A shard had no room, the URL has become too long or has no slash, or the param is not JSON (A13).
  uint64_t publishes_dropped = 0;
  uint64_t datagrams = 0;  ///< Passed on.
  uint64_t datagrams_dropped =
      0;                      ///< There was no connection or no room, or the param is not JSON.
  uint64_t streams = 0;       ///< Streams that were offered there, and so here.
  uint64_t replies_late = 0;  ///< Answers that the caller's shard had no room for at once.
  /// Answers that are lost, logged: no room within 5 s, too many waited (4,096, 16 MiB), or the upstream's
  /// is none that can be sent on. The caller's time runs out.
  uint64_t replies_lost = 0;
};

class ProxyCore;  // service/proxy.cc

class Proxy {
 public:
  Proxy(Server& server, ClientLoop& loop);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  /// Registers the command "prefix/" with the Server. invalid_argument names what is wrong.
  Status add(ProxyRule rule);
  /// Connects to the servers of all rules, and goes on trying for those that are not there. Not ok: the
  /// first cause why one cannot even be tried (a URL that is none); the others are on their way, and
  /// start() may be called again.
  Status start();
  /// For Server::on_data: passes a datagram of a client on. False: its URL is below no prefix.
  bool forward(std::string_view url, const PayloadView& payload, Channel channel);

  ProxyStats stats() const;

 private:
  std::shared_ptr<ProxyCore> core_;
};

}  // namespace ringroad
