// uring_io.h — Io on io_uring: multishot receives into buffer rings, one ring per loop.
// Owner:  a shard or a client loop.
// Thread: create() anywhere; the first wait() binds the ring to its thread, and from then on only
//         that thread may use it, but for wake(), wake_peer(ours) and counters(). Before the
//         first wait() operations may be queued (fewer than `submissions`). Destroyed by that
//         thread, or after it has ended.
// Bound:  `submissions` queued operations, then they are submitted early; receive buffers are a
//         fixed ring, and receives answer -ENOBUFS when all of them are on loan.
// Fails:  create() like probe_io_uring(); a broken ring later on aborts.
// Why here: the only file that knows liburing is uring_io.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/counter.h"
#include "base/limits.h"
#include "engine/io.h"
#include "engine/uring_probe.h"
#include "ringroad/status.h"

namespace ringroad::engine {

struct UringOptions {
  uint32_t submissions = 1'024;  // power of two
  uint32_t completions = 8'192;  // power of two; more than that wait inside the kernel
  uint16_t receive_buffers = base::kReceiveBufferCount;    // power of two
  uint16_t datagram_buffers = base::kDatagramBufferCount;  // power of two
  /// Accepted sockets get places in the ring's own table, so many, and no descriptor of the process.
  /// When it is full, an accept answers -ENFILE and the kernel closes the connection. 0: descriptors.
  /// At most direct_slots_max(); from Linux 6.13.
  uint32_t direct_slots = 0;
};

/// So many direct_slots a ring may have: RLIMIT_NOFILE, as it is now.
uint32_t direct_slots_max();

/// Written by the loop's thread, read by any.
struct UringCounters {
  base::Counter enters;  // system calls
  base::Counter sqes;
  base::Counter cqes;
  base::Counter sends;                   // copied or lent
  base::Counter recv_buffers_exhausted;  // a receive found no buffer and has to be armed again
  base::Counter datagrams_truncated;     // dropped
};

class UringIo final : public Io {
 public:
  static Result<std::unique_ptr<UringIo>> create(const UringOptions& options);
  /// Nothing may be submitted any more and every lease must be back.
  ~UringIo() override;
  UringIo(const UringIo&) = delete;
  UringIo& operator=(const UringIo&) = delete;

  Result<Socket> open(Transport transport, int family) override;
  Status set_option(Socket socket, SocketOption option, int value) override;
  Status steer(Socket socket, uint32_t offset, uint32_t members) override;
  Status bind(Socket socket, const Address& address) override;
  Status listen(Socket socket, int backlog) override;
  Status connect_datagram(Socket socket, const Address& peer) override;
  Result<Address> local_address(Socket socket) override;
  Result<Address> peer_address(Socket socket) override;
  Status bind_to_interface(Socket socket, std::string_view name) override;
  std::optional<uint64_t> acknowledged_bytes(Socket socket) override;

  void accept(Socket listener, Completion& completion) override;
  void connect(Socket socket, const Address& peer, Completion& completion) override;
  void recv(Socket socket, Completion& completion) override;
  void recv_from(Socket socket, Completion& completion) override;
  void send(Socket socket, std::span<const iovec> parts, Completion& completion) override;
  void lend(Socket socket, std::span<const iovec> parts, Completion& completion) override;
  ZeroCopySupport zero_copy_support() override;
  int send_to(Socket socket, std::span<const std::byte> bytes, const Address& to,
              const Address* from) override;

  void shutdown(Socket socket) override;
  void shutdown_send(Socket socket) override;
  void close(Socket socket) override;
  void cancel(Completion& completion) override;

  void wake() override;
  void wake_peer(Io& peer) override;
  void wait(Duration timeout, std::vector<Completed>& completed) override;
  bool ready() const override;
  TimePoint now() override { return std::chrono::steady_clock::now(); }

  const UringCounters& counters() const { return counters_; }

 private:
  class Ring;  // what needs liburing.h

  // In Socket::handle: not a descriptor but a place in the ring's table (direct_slots).
  static constexpr int32_t kDirectBit = 1 << 30;

  UringIo();
  static bool is_direct(Socket socket) {
    return socket.valid() && (socket.handle & kDirectBit) != 0;
  }
  template <typename Call>
  auto with_descriptor(Socket socket, Call call) -> decltype(call(socket));
  int install(Socket socket);
  void give_back(int descriptor);
  Status shut_down(Socket socket, int how);
  /// Ends what is submitted on it. Walks over all that is armed on the ring.
  void cancel_all(Socket socket);

  UringCounters counters_;
  std::unique_ptr<Ring> ring_;
  std::optional<ZeroCopySupport> zero_copy_support_;  // once somebody has asked
};

}  // namespace ringroad::engine
