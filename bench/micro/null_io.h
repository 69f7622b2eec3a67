// null_io.h — an Io without a kernel: what is sent has left at once and is looked at by nobody.
// Owner:  the benchmark.   Thread: one.
// Time:   stands still, so that nothing times out.
// Lives:  bytes given to deliver() must live until the loop has run.
// Why here: what remains is the cost of our own code. Only what a shard needs is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/io.h"

namespace ringroad::bench {

class NullIo final : public engine::Io, private engine::RecvLease::Owner {
 public:
  /// The sockets that a shard is started with; those of clients come from connect_peer().
  static constexpr engine::Socket kListener{0};
  static constexpr engine::Socket kDatagrams{1};

  /// A client has connected: the listener hears of it.
  engine::Socket connect_peer();
  /// The client has sent this.
  void deliver(engine::Socket socket, std::span<const std::byte> bytes);
  /// The client has ended the connection.
  void hang_up(engine::Socket socket) { end(socket); }
  /// The last wait() found nothing and would have slept.
  bool idle() const { return idle_; }

  uint64_t sends() const { return sends_; }
  uint64_t sent_bytes() const { return sent_bytes_; }
  uint64_t datagrams() const { return datagrams_; }

  Result<engine::Socket> open(engine::Transport, int) override { return unused(); }
  Status set_option(engine::Socket, engine::SocketOption, int) override { return {}; }
  Status steer(engine::Socket, uint32_t, uint32_t) override { return unused(); }
  Status bind(engine::Socket, const engine::Address&) override { return unused(); }
  Status listen(engine::Socket, int) override { return unused(); }
  Status connect_datagram(engine::Socket, const engine::Address&) override { return unused(); }
  Result<engine::Address> local_address(engine::Socket) override { return address_; }
  Result<engine::Address> peer_address(engine::Socket) override { return address_; }

  void accept(engine::Socket listener, engine::Completion& completion) override;
  void connect(engine::Socket, const engine::Address&, engine::Completion&) override;
  void recv(engine::Socket socket, engine::Completion& completion) override;
  void recv_from(engine::Socket socket, engine::Completion& completion) override;
  void send(engine::Socket socket, std::span<const iovec> parts,
            engine::Completion& completion) override;
  int send_to(engine::Socket, std::span<const std::byte> bytes, const engine::Address&,
              const engine::Address*) override;
  void shutdown(engine::Socket socket) override { end(socket); }
  /// The peer ends, too.
  void shutdown_send(engine::Socket socket) override { end(socket); }
  void close(engine::Socket socket) override;
  void cancel(engine::Completion& completion) override;

  void wake() override {}
  void wake_peer(engine::Io&) override {}
  void wait(engine::Duration timeout, std::vector<engine::Completed>& completed) override;
  bool ready() const override { return !happened_.empty(); }
  engine::TimePoint now() override { return {}; }

 private:
  struct Happened {
    engine::Completion* completion;
    int32_t result;
    bool more;
    std::span<const std::byte> bytes;
  };

  static Status unused() { return {StatusCode::unsupported, "not part of this benchmark"}; }
  void give_back(uint32_t) override {}
  void arm(engine::Socket socket, engine::Completion& completion);
  void end(engine::Socket socket);

  const engine::Address address_ = *engine::Address::parse("127.0.0.1:3005");
  std::vector<engine::Completion*> armed_{nullptr, nullptr};  // by socket: accept or receive
  std::vector<Happened> happened_;                            // since the last wait()
  uint64_t sends_ = 0;
  uint64_t sent_bytes_ = 0;
  uint64_t datagrams_ = 0;
  bool idle_ = false;
};

}  // namespace ringroad::bench
