// session_loop.h — the sessions of one thread on one ring: commands in, turns, and the end of all.
// Owner:  LoopThread.   Thread: one, always the same.
// Bound:  a turn takes about kBytesPerTurn of commands; when the loop stops, connections get a
//         second to send what they have.
// Fails:  nothing here; sessions answer.
// Why here: everything a thread of clients does, without the thread, so that it can run on any Io.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/intrusive_list.h"
#include "client/client_stream.h"
#include "client/command_queue.h"
#include "client/session.h"
#include "engine/block.h"
#include "engine/loop.h"
#include "engine/stream_hub.h"
#include "engine/timer_wheel.h"

namespace ringroad::client {

class SessionLoop final : engine::Loop::Work {
 public:
  SessionLoop(engine::Io& io, CommandQueue& queue);
  ~SessionLoop();  ///< Must be finished().
  SessionLoop(const SessionLoop&) = delete;
  SessionLoop& operator=(const SessionLoop&) = delete;

  void turn() { loop_.turn(); }
  /// The queue was closed, every session is idle, every socket closed.
  bool finished() const {
    return stopping_ && sessions_.empty() && lookups_.empty() && ending_.empty() &&
           streams_.empty();
  }

  // For sessions.
  engine::Loop& loop() { return loop_; }
  engine::BlockWriter& writer() { return writer_; }
  /// Until its hook is unlinked: it is disconnected when the loop stops.
  void attach(Session& session) {
    if (!session.hook_.linked()) sessions_.push_back(session);
  }
  /// Destroyed when it is closed.
  ClientStream& add_stream(const Session& session, StreamRequest request);
  /// Of this session, which has ended (V44): now, or with their peers.
  void close_streams(const Session& session);
  void wind_down_streams(const Session& session);
  /// Destroyed when it is closed.
  void retire(std::unique_ptr<ServerConnection> connection);
  /// Stopped, and destroyed when it is closed.
  void retire(std::unique_ptr<LoopLookup> lookup);

 private:
  size_t drain(size_t bytes_budget) override;
  bool flush() override;
  bool may_sleep() override;
  bool has_mail() const override { return false; }  // it does not spin
  void awake() override { queue_.awake(); }

  void stop();
  void on_stop_timeout();

  CommandQueue& queue_;
  CommandBatch batch_;  // taken, from next_ on not yet applied
  size_t next_ = 0;
  bool queue_closed_ = false;  // nothing follows batch_
  bool stopping_ = false;
  bool stop_flush_over_ = false;  // the next stop_timer_ ends everything
  engine::BlockPool pool_;
  engine::BlockWriter writer_{pool_};
  engine::Loop loop_;
  base::IntrusiveList<Session, &Session::hook_> sessions_;  // not idle
  std::vector<std::unique_ptr<LoopLookup>> lookups_;        // over
  std::vector<std::unique_ptr<ServerConnection>> ending_;
  engine::StreamHub stream_hub_;
  std::vector<std::unique_ptr<ClientStream>> streams_;  // of all sessions; bound: descriptors
  engine::Timer stop_timer_ = engine::Timer::bind<&SessionLoop::on_stop_timeout>(this);
};

}  // namespace ringroad::client
