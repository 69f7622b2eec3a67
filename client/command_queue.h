// command_queue.h — what the program's threads ask of the sessions of one loop, in order.
// Owner:  LoopThread.   Thread: post() any; take(), sleep(), awake() the loop's.
// Bound:  packets are reserved by SharedState before they come here; commands without packets are
//         one per user call.
// Fails:  post() is false after close(), or when this client has posted its last command.
// Why here: packets are encoded once, straight into one byte vector: in steady state no packet
//         costs an allocation.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "client/call_table.h"
#include "client/client_stream.h"
#include "client/server_url.h"
#include "engine/io.h"
#include "proto/packet.h"
#include "ringroad/client.h"

namespace ringroad::client {

class Session;

struct ConnectRequest {
  ServerUrl server;  // its address: found, or given
  std::string password;
  engine::Duration timeout = {};
  bool quick = true;
  std::chrono::seconds keepalive = {};  // of the kernel; 0: off
  Client::DoneCallback done;            // may be empty
};

/// Client::robot().
struct RobotRequest {
  ServerUrl server;
  RobotOptions options;
  uint64_t seed = 0;          // of its jitter
  Client::DoneCallback done;  // started, or refused
};

struct Turbo {
  engine::Duration period = {};
  uint32_t count_max = 0;
};

struct Command {
  enum class Kind : uint8_t {
    connect,
    disconnect,
    robot,
    turbo,
    send_timeout,
    send,
    send_quick,
    call,
    stream
  };

  Kind kind;
  proto::PacketType type = proto::PacketType::noop;  // call: of the reply
  engine::Duration timeout = {};                     // call
  CallTable::Done done = nullptr;                    // call; empty: nobody wants the reply
  std::unique_ptr<ConnectRequest> connect = nullptr;
  std::unique_ptr<RobotRequest> robot = nullptr;
  std::unique_ptr<Turbo> turbo = nullptr;
  Client::DoneCallback disconnected = nullptr;
  std::unique_ptr<StreamRequest> stream = nullptr;
  // Filled in by post().
  Session* session = nullptr;
  size_t packet_offset = 0;
  size_t packet_bytes = 0;
};

/// One client's end of the queue.
struct CommandSource {
  Session& session;
  bool closed = false;  // Under the queue's mutex: it has posted its last command.
};

/// What take() hands over.
struct CommandBatch {
  std::vector<Command> commands = {};
  std::vector<std::byte> bytes = {};

  std::span<std::byte> packet(const Command& command) {
    return std::span(bytes).subspan(command.packet_offset, command.packet_bytes);
  }
  void clear();
};

class CommandQueue {
 public:
  /// last: nothing of this client comes after it.
  enum class Position : uint8_t { next, last };

  /// `packet` may be null.
  bool post(CommandSource& source, Command command, const proto::PacketSpec* packet,
            Position position = Position::next);
  /// From now on nothing comes in.
  void close();

  /// The loop that sleep() speaks of, or null when it is about to die.
  void set_io(engine::Io* io);
  /// Swaps what is queued with an empty batch. closed: nothing follows this batch.
  enum class Taken : uint8_t { open, closed };
  Taken take(CommandBatch& batch);
  /// False: something is there, do not sleep.
  bool sleep();
  void awake();

 private:
  void wake();

  std::mutex mutex_;
  CommandBatch queued_;
  bool sleeping_ = false;
  bool closed_ = false;
  bool closed_taken_ = false;  // the loop knows
  std::mutex io_mutex_;        // taken alone, so that a woken loop need not wait for who wakes it
  engine::Io* io_ = nullptr;
};

}  // namespace ringroad::client
