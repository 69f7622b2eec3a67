// playground.h — a server whose behaviour is fully known, to try clients against.
// Owner:  the playground command, or a test.
// Thread: publish_round() on one thread; the handlers run on the server's one shard.
// Bound:  remembers one datagram.
// Fails:  values; what could not be sent is counted.
// Why here: `ringroad conform` is the other half of this contract; `ringroad playground --help`
//           has it in words.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "ringroad/server.h"
#include "tools/playground_streams.h"
#include "tools/wait_point.h"

namespace ringroad::tools {

struct PlaygroundOptions {
  std::string password = {};
};

struct PlaygroundCounts {
  uint64_t rounds = 0;
  uint64_t publishes_refused = 0;  // a shard could not take them
  uint64_t datagrams = 0;
  uint64_t echoes_refused = 0;  // datagrams that could not go back
};

class Playground {
 public:
  static constexpr std::chrono::milliseconds kRoundInterval{100};

  explicit Playground(PlaygroundOptions options);
  Playground(const Playground&) = delete;
  Playground& operator=(const Playground&) = delete;

  [[nodiscard]] Status listen(const std::string& address);
  std::string address() const { return server_.address(); }
  /// Publishes what is due every kRoundInterval; the first failure, if there was one.
  Status publish_round();
  /// After stop() only.
  const PlaygroundCounts& counts() const { return counts_; }
  ServerStats stats() const { return server_.stats(); }
  void stop() { server_.stop(); }

 private:
  struct LastDatagram {
    std::string url;
    std::string param;
    size_t data_bytes = 0;
    Channel channel = Channel::normal;
  };

  Status register_commands();
  void take_datagram(RemoteClient client, std::string_view url, const PayloadView& payload,
                     Channel channel);
  std::string last_datagram_json() const;

  // The shard's thread has `datagrams`, `echoes_refused` and the last datagram, the publishing
  // thread the rest; nobody reads them before stop() has joined the shard.
  PlaygroundCounts counts_;
  LastDatagram last_;
  PlaygroundStreams streams_;
  Server server_;  // last: its handlers use the others
};

/// Publishes a round every kRoundInterval until Ctrl-C.
void run_rounds(Playground& playground, WaitPoint& wait_point);

}  // namespace ringroad::tools
