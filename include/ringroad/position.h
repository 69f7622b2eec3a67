// position.h — the name service of VSOA: where the server called "lamp" is (W24, V71 to V74, X5).
// Shape:  lookup() asks position servers by UDP; PositionServer is one, with a table, a callback, or
//         both.
// Names:  at most 255 bytes; ASCII letters are compared without their case. One name may be known
//         under IPv4 and under IPv6.
// Thread: any thread may call anything here, except where it says otherwise.
// Fails:  values (Status).
// Environment: lookup() is the place where the library reads it, see there; to connect by name it does so
//         on the loop's thread, when an attempt begins: no setenv() meanwhile.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringroad/status.h"

namespace ringroad {

class PositionServerCore;  // service/position_server_core.h

/// On the wire 2 and 10, whatever the system's AF_INET6 is; any is not sent.
enum class AddressFamily : uint8_t { any, ipv4, ipv6 };

/// Where a server is.
struct ServerPosition {
  std::string addr = {};  ///< "192.168.1.7" or "fd00::7", without brackets.
  uint16_t port = 0;      ///< 1..65535
  /// Whether it wants TLS; nullopt: nobody said.
  std::optional<bool> security = {};

  AddressFamily family() const {
    return addr.find(':') == std::string::npos ? AddressFamily::ipv4 : AddressFamily::ipv6;
  }
  /// "192.168.1.7:3005", "[fd00::7]:3005"
  std::string address() const {
    const std::string tail = ":" + std::to_string(port);
    return family() == AddressFamily::ipv6 ? "[" + addr + "]" + tail : addr + tail;
  }
  bool operator==(const ServerPosition&) const = default;
};

// ---- Asking

struct LookupOptions {
  /// "1.2.3.4", "1.2.3.4:54", "[::1]:54": only this position server is asked. Without a port it is 54.
  std::string server = {};
  /// How long one try waits for an answer; a server is asked twice. Range 1 ms..1 min.
  std::chrono::milliseconds timeout = std::chrono::seconds(2);
  /// Asked when nobody said otherwise, see lookup().
  std::string servers_file = "/etc/vsoa.pos";

  /// ok, or invalid_argument with the option, the value and the range.
  Status validate() const;
};

/// From now on lookup() asks only this position server, in the whole process (V73).
/// invalid_argument: `addr` is no IP address, or `port` is not 1..65535; nothing changes.
Status set_position_server(std::string_view addr, int port);
/// As if set_position_server() had never been called.
void reset_position_server();

/// Where the server with this name is (V74). Waits: not for handlers and callbacks, where
/// Client::connect_async() takes a name. Who is asked:
///  1. LookupOptions::server, if there is one; else
///  2. the server of set_position_server(), if there is one; else
///  3. those in the environment variable VSOA_POS_SERVER, a list like "10.0.0.1,10.0.0.2:5400,[::1]:54",
///     and then those in /etc/vsoa.pos, one per line as in "10.0.0.1 54"; up to 16 of each, one
///     after the other until one knows the name.
/// A missing port is 54. An answer counts only if it comes from the server that was asked, and is of
/// the wanted family. What is malformed in 3 is left out, with a line in the log.
/// not_found: all that answered do not know it. timed_out, bad_response, unreachable: nobody
/// answered, the last one's cause. unreachable also if there is nobody to ask.
Result<ServerPosition> lookup(std::string_view name, AddressFamily family = AddressFamily::any,
                              const LookupOptions& options = {});

// ---- Answering

struct PositionEntry {
  std::string name = {};
  ServerPosition position = {};
};

/// A table as the official Node server has it: an array of objects
///   {"name": "lamp", "addr": "10.0.0.7", "port": 3005, "domain": 2, "security": false}
/// of which domain (2 IPv4, 10 IPv6) and security may be missing; or an object, whose keys are the
/// names. invalid_argument names the entry and what is wrong with it. At most 64 MiB.
Result<std::vector<PositionEntry>> parse_position_table(std::string_view json);

/// What a client asks for.
struct PositionQuery {
  std::string name = {};  ///< As the client spelt it, at most 4,096 bytes.
  AddressFamily family = AddressFamily::any;
};

class PositionReplyState;  // service/position_server_core.h

/// The answer to one query: now or later, from any thread, once. Copies are the same answer.
class PositionReply {
 public:
  /// ok = on its way. invalid_argument: `position` is not valid (another answer may follow), or there
  /// was one already. gone: the server has stopped.
  Status answer(const ServerPosition& position);
  Status not_found();

  explicit PositionReply(std::shared_ptr<PositionReplyState> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<PositionReplyState> state_;
};

/// Totals since listen(), unless the text says "now". At any time
/// queries == found + not_found + unanswered + refused + failed + waiting_now.
struct PositionStats {
  /// Well-formed ones.
  uint64_t queries = 0;
  uint64_t found = 0;
  uint64_t not_found = 0;
  /// The callback let its PositionReply go without an answer.
  uint64_t unanswered = 0;
  /// Not handed to the callback: replies_max were waiting.
  uint64_t refused = 0;
  /// The callback threw before it answered.
  uint64_t failed = 0;
  /// Replies that the callback has not given yet.
  uint64_t waiting_now = 0;
  /// Not a query: no JSON object, no name, too large (V72). Not answered.
  uint64_t malformed = 0;
  /// Answers that the UDP socket did not take.
  uint64_t answers_dropped = 0;
  /// Datagrams that found the UDP socket full, as far as the kernel told.
  uint64_t overrun = 0;
};

/// Thread: the callback runs on the server's own thread; it must not block, but may answer later.
class PositionServer {
 public:
  /// Asked for what the table does not have.
  using QueryHandler = std::function<void(const PositionQuery& query, PositionReply reply)>;
  /// Replies that may wait at the same time; one more query is dropped, counted in `refused`.
  static constexpr size_t kRepliesMax = 4'096;

  PositionServer();
  ~PositionServer();  ///< stop()
  PositionServer(const PositionServer&) = delete;
  PositionServer& operator=(const PositionServer&) = delete;

  /// Replaces the table; at any time. invalid_argument, and nothing changes: an entry is not valid,
  /// or two have the same name and family.
  Status set_table(std::vector<PositionEntry> table);
  /// Before listen() only.
  void on_query(QueryHandler handler);

  /// Binds UDP on "host:port" or "[v6]:port" and answers from a thread of its own. Port 0 takes a
  /// free one. Once. Errors as Server::listen().
  [[nodiscard]] Status listen(std::string_view address);
  /// Joins the thread; replies that wait answer `gone`. Idempotent. Not from the callback.
  void stop();

  /// "ip:port" that is bound; empty if not listening.
  std::string address() const;
  uint16_t port() const;
  PositionStats stats() const;

 private:
  const std::shared_ptr<PositionServerCore> core_;
};

}  // namespace ringroad
