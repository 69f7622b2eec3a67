// sim_io.h — Io on a SimNetwork.
// Owner:  the test, one per loop; gone before the network.
// Thread: the test's.
// Waits:  never; wait() hands over what is due now and remembers when it wanted to be called
//         again.
// Finds:  parts that changed under a send or before its release; a lease that is given back twice; reads of a lease
//         after its return (poisoned).
// Why here: the loops, connections and shards under test run on it unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/io.h"
#include "tests/sim/sim_network.h"

namespace ringroad::sim {

/// Receive buffers of one size; those that are not on loan are poisoned.
class SimBuffers final : public engine::RecvLease::Owner {
 public:
  SimBuffers(size_t count, size_t buffer_bytes);
  ~SimBuffers();  ///< Every lease must be back.
  SimBuffers(const SimBuffers&) = delete;
  SimBuffers& operator=(const SimBuffers&) = delete;

  bool empty() const { return free_.empty(); }
  size_t buffer_bytes() const { return buffer_bytes_; }
  /// A lease of a buffer with these bytes in it.
  engine::RecvLease lend(std::span<const std::byte> bytes);
  void give_back(uint32_t buffer) override;

 private:
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    bool on_loan = false;
  };

  const size_t buffer_bytes_;
  std::vector<Buffer> buffers_;
  std::deque<uint32_t> free_;  // first in, first out, as the kernel's ring
};

class SimIo final : public engine::Io {
 public:
  explicit SimIo(SimNetwork& network);
  ~SimIo() override;
  SimIo(const SimIo&) = delete;
  SimIo& operator=(const SimIo&) = delete;

  Result<engine::Socket> open(engine::Transport transport, int family) override;
  Status set_option(engine::Socket socket, engine::SocketOption option, int value) override;
  Status steer(engine::Socket socket, uint32_t offset, uint32_t members) override;
  Status bind(engine::Socket socket, const engine::Address& address) override;
  Status listen(engine::Socket socket, int backlog) override;
  Status connect_datagram(engine::Socket socket, const engine::Address& peer) override;
  Result<engine::Address> local_address(engine::Socket socket) override;
  Result<engine::Address> peer_address(engine::Socket socket) override;
  std::optional<uint64_t> acknowledged_bytes(engine::Socket socket) override;

  void accept(engine::Socket listener, engine::Completion& completion) override;
  void connect(engine::Socket socket, const engine::Address& peer,
               engine::Completion& completion) override;
  void recv(engine::Socket socket, engine::Completion& completion) override;
  void recv_from(engine::Socket socket, engine::Completion& completion) override;
  void send(engine::Socket socket, std::span<const iovec> parts,
            engine::Completion& completion) override;
  void lend(engine::Socket socket, std::span<const iovec> parts,
            engine::Completion& completion) override;
  engine::ZeroCopySupport zero_copy_support() override { return network_.options().zero_copy; }
  int send_to(engine::Socket socket, std::span<const std::byte> bytes, const engine::Address& to,
              const engine::Address* from) override;

  void shutdown(engine::Socket socket) override;
  void shutdown_send(engine::Socket socket) override;
  void close(engine::Socket socket) override;
  void cancel(engine::Completion& completion) override;

  void wake() override { woken_ = true; }
  void wake_peer(engine::Io& peer) override { peer.wake(); }
  void wait(engine::Duration timeout, std::vector<engine::Completed>& completed) override;
  engine::TimePoint now() override { return network_.now(); }

  // For the network.
  /// Hands `event` over in the next wait(). The operation is over if it has no `more`.
  void post(const std::shared_ptr<SimOp>& op, engine::IoEvent event);
  bool ready() const override { return !ready_.empty(); }
  /// Events given to the loop so far.
  uint64_t handed_over() const { return handed_over_; }
  /// wait() would return for a reason other than time.
  bool due() const { return woken_ || !ready_.empty(); }
  std::optional<engine::TimePoint> wake_at() const { return wake_at_; }
  SimBuffers& stream_buffers() { return stream_buffers_; }
  SimBuffers& datagram_buffers() { return datagram_buffers_; }

 private:
  struct Ready {
    std::shared_ptr<SimOp> op;
    engine::IoEvent event;
  };

  std::shared_ptr<SimOp> submit(engine::Socket socket, engine::Completion& completion, OpKind kind);
  std::shared_ptr<SimOp> submit_send(engine::Socket socket, std::span<const iovec> parts,
                                     engine::Completion& completion);
  void hand_over(Ready& item);

  SimNetwork& network_;
  SimBuffers stream_buffers_;
  SimBuffers datagram_buffers_;
  std::deque<Ready> ready_;
  std::unordered_map<engine::Completion*, engine::Socket>
      submitted_;  // until the result, or the last event, is handed over
  std::unordered_set<engine::Completion*> lent_;  // until the release is
  uint64_t handed_over_ = 0;
  bool woken_ = false;
  std::optional<engine::TimePoint> wake_at_;
};

}  // namespace ringroad::sim
