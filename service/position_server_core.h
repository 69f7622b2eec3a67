// position_server_core.h — what is behind a ringroad::PositionServer: the socket, its loop, its thread.
// Owner:  PositionServer and, for the time of an answer, PositionReply (weak otherwise).
// Thread: as position.h says; the loop's verbs on the thread of run().
// Life:   built -> listening -> stopped. It listens once.
// Bound:  PositionServer::kRepliesMax replies are waited for or on their way; one more query is
//         dropped, counted in `refused`.
// Fails:  listen() says why.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/datagram.h"
#include "engine/loop.h"
#include "engine/uring_io.h"
#include "proto/position.h"
#include "ringroad/position.h"
#include "service/position_table.h"

namespace ringroad {

class PositionServerCore;

/// One query that the callback has to answer.
class PositionReplyState {
 public:
  PositionReplyState(std::weak_ptr<PositionServerCore> core, std::string name,
                     const engine::Address& client, const engine::Address& local)
      : core_(std::move(core)), name_(std::move(name)), client_(client), local_(local) {}
  ~PositionReplyState();  ///< Nobody will answer: counted.
  PositionReplyState(const PositionReplyState&) = delete;
  PositionReplyState& operator=(const PositionReplyState&) = delete;

  /// Null: not found.
  Status answer(const ServerPosition* position);
  /// The callback threw. False: it had answered before.
  bool give_up();

  const std::string& name() const { return name_; }
  const engine::Address& client() const { return client_; }
  const engine::Address& local() const { return local_; }

 private:
  bool settle();

  const std::weak_ptr<PositionServerCore> core_;
  const std::string name_;
  const engine::Address client_;
  const engine::Address local_;  // where the query came to; invalid: not known
  std::mutex mutex_;
  bool settled_ = false;  // under the mutex
};

class PositionServerCore final : public std::enable_shared_from_this<PositionServerCore>,
                                 public engine::Loop::Work,
                                 public engine::Datagram::Handler {
 public:
  PositionServerCore() = default;
  ~PositionServerCore();

  Status set_table(const std::vector<PositionEntry>& entries);
  void set_query_handler(PositionServer::QueryHandler handler) { on_query_ = std::move(handler); }
  Status listen(std::string_view address);
  void stop();
  engine::Address address() const;
  PositionStats stats() const;

  // For PositionReplyState: how one that waited has ended.
  Status send_later(const PositionReplyState& state, const ServerPosition* position);
  void count_unanswered();
  void count_failed();

 private:
  enum class State : uint8_t { built, listening, stopping, stopped };
  struct Outgoing {
    std::string text;
    engine::Address client;
    engine::Address local;
  };
  using Lock = std::lock_guard<std::mutex>;

  // engine::Loop::Work
  size_t drain(size_t bytes_budget) override;
  bool flush() override { return true; }
  bool may_sleep() override;
  bool has_mail() const override { return false; }  // it does not spin
  void awake() override;
  // engine::Datagram::Handler
  void on_datagram(std::span<const std::byte> bytes, const engine::Address& from,
                   const engine::Address& to) override;
  void on_overrun(uint32_t datagrams) override;

  void run();
  bool answer_from_table(const proto::WireQuery& wire, const engine::Address& from,
                         const engine::Address& to);
  void ask_program(const PositionQuery& query, const engine::Address& from,
                   const engine::Address& to);
  void send(const std::string& text, const engine::Address& client, const engine::Address& local);

  PositionServer::QueryHandler on_query_;  // Constant once listening.

  // Loop thread only, once listening.
  std::unique_ptr<engine::UringIo> io_;
  std::unique_ptr<engine::Loop> loop_;
  std::unique_ptr<engine::Datagram> socket_;

  mutable std::mutex mutex_;
  // Under the mutex.
  State state_ = State::built;
  engine::Address address_;
  std::shared_ptr<const PositionTable> table_ = std::make_shared<const PositionTable>();
  std::deque<Outgoing> outgoing_;
  bool sleeping_ = false;  // the loop; whoever leaves something for it wakes it
  PositionStats stats_;

  std::mutex life_mutex_;  // listen() and stop(), never taken by the loop
  std::thread thread_;     // under life_mutex_
};

}  // namespace ringroad
