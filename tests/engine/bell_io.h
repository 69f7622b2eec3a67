// bell_io.h — what the mailbox tests need: an Io that is a doorbell, and records that say who wrote
// them.
// Thread: any.
// Why here: single steps and threads are two test files.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <span>
#include <vector>

#include "engine/io.h"

namespace ringroad::engine {

/// An Io with nothing but a doorbell.
class BellIo : public Io {
 public:
  void wake() override {
    const std::lock_guard lock(mutex_);
    ++rings_;
    rung_ = true;
    bell_.notify_one();
  }
  void wake_peer(Io& peer) override { peer.wake(); }
  /// Sleeps until somebody rings; false: nobody did, for a very long time.
  bool sleep() {
    std::unique_lock lock(mutex_);
    const bool rung = bell_.wait_for(lock, std::chrono::seconds(20), [this] { return rung_; });
    rung_ = false;
    return rung;
  }
  int rings() {
    const std::lock_guard lock(mutex_);
    return rings_;
  }

  Result<Socket> open(Transport, int) override { return unused(); }
  Status set_option(Socket, SocketOption, int) override { return unused(); }
  Status steer(Socket, uint32_t, uint32_t) override { return unused(); }
  Status bind(Socket, const Address&) override { return unused(); }
  Status listen(Socket, int) override { return unused(); }
  Status connect_datagram(Socket, const Address&) override { return unused(); }
  Result<Address> local_address(Socket) override { return unused(); }
  Result<Address> peer_address(Socket) override { return unused(); }
  void accept(Socket, Completion&) override {}
  void connect(Socket, const Address&, Completion&) override {}
  void recv(Socket, Completion&) override {}
  void recv_from(Socket, Completion&) override {}
  void send(Socket, std::span<const iovec>, Completion&) override {}
  int send_to(Socket, std::span<const std::byte>, const Address&, const Address*) override {
    return 0;
  }
  void shutdown(Socket) override {}
  void shutdown_send(Socket) override {}
  void close(Socket) override {}
  void cancel(Completion&) override {}
  void wait(Duration, std::vector<Completed>&) override {}
  bool ready() const override { return false; }
  TimePoint now() override { return {}; }

 private:
  static Status unused() { return Status(StatusCode::unsupported, "not part of this test"); }

  std::mutex mutex_;
  std::condition_variable bell_;
  bool rung_ = false;
  int rings_ = 0;
};

/// What a record says: who wrote it, and its how manieth it is. Padding up to its size.
struct Note {
  uint64_t writer;
  uint64_t number;
};

inline void put(std::span<std::byte> room, Note note) {
  ASSERT_GE(room.size(), sizeof(note));
  std::memcpy(room.data(), &note, sizeof(note));
}

inline Note note_of(std::span<const std::byte> record) {
  Note note;
  std::memcpy(&note, record.data(), sizeof(note));
  return note;
}

}  // namespace ringroad::engine
