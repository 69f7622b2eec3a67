// client_stream.h — one stream of a client: the connect, then the stream itself (V48).
// Owner:  SessionLoop, from the command until closed().   Thread: the loop's.
// Life:   connecting, with a timer of its own (G7) -> linked -> closed().
// Fails:  the program hears on_link(false), once, whatever the cause.
#pragma once

#include <memory>

#include "engine/address.h"
#include "engine/io.h"
#include "engine/loop.h"
#include "engine/stream.h"
#include "engine/timer_wheel.h"
#include "ringroad/stream.h"

namespace ringroad::client {

class Session;

/// What Client::create_stream() asks of the loop.
struct StreamRequest {
  std::shared_ptr<StreamChannel> channel;
  StreamOptions options;
};

class ClientStream final : engine::Stream::Owner {
 public:
  ClientStream(engine::StreamHome home, const Session& session, StreamRequest request);
  ~ClientStream();  ///< Must be closed().
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  void connect(const engine::Address& server);
  /// The program hears of the end; what it sent still leaves.
  void close() { stream_.close(); }
  /// The client has lost its server.
  void wind_down() { stream_.wind_down(); }
  /// What has nothing left to send does not wait for its peer any longer.
  void leave() { stream_.leave(); }
  void abort() { stream_.abort(); }
  /// To compare with only: the session may be gone.
  bool belongs_to(const Session& session) const { return session_ == &session; }
  bool closed() const { return stream_.closed() && !connect_.submitted() && !socket_.valid(); }

 private:
  void on_connect(engine::IoEvent& event);
  void on_timeout() { stream_.close(); }
  void on_stream_closed() override;

  const engine::StreamHome home_;
  const Session* const session_;
  const engine::Duration timeout_;
  engine::Stream stream_;
  engine::Socket socket_;  // while connecting
  engine::Completion connect_ = engine::Completion::bind<&ClientStream::on_connect>(this);
  engine::Timer timer_ = engine::Timer::bind<&ClientStream::on_timeout>(this);
};

}  // namespace ringroad::client
