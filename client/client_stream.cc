#include "client/client_stream.h"

#include <chrono>
#include <utility>

#include "base/check.h"

namespace ringroad::client {
namespace {

constexpr auto kDefaultTimeout = std::chrono::seconds(10);  // V48

engine::Duration timeout_of(const StreamOptions& options) {
  if (options.timeout.count() > 0) return options.timeout;
  return kDefaultTimeout;
}

}  // namespace

ClientStream::ClientStream(engine::StreamHome home, const Session& session, StreamRequest request)
    : home_(home),
      session_(&session),
      timeout_(timeout_of(request.options)),
      stream_(home, std::move(request.channel), std::move(request.options), *this) {
}

ClientStream::~ClientStream() {
  CHECK(closed());
}

void ClientStream::connect(const engine::Address& server) {
  engine::Io& io = home_.loop.io();
  const Result<engine::Socket> socket = io.open(engine::Transport::tcp, server.family());
  if (!socket.ok()) return stream_.close();
  socket_ = *socket;
  (void)io.set_option(socket_, engine::SocketOption::no_delay, 1);  // slower without, not wrong
  io.connect(socket_, server, connect_);
  home_.loop.start_timer(timer_, timeout_);
}

void ClientStream::on_connect(engine::IoEvent& event) {
  const engine::Socket socket = std::exchange(socket_, {});
  home_.loop.stop_timer(timer_);
  if (event.result >= 0 && stream_.waiting()) return stream_.adopt(socket);
  home_.loop.io().close(socket);
  stream_.close();
}

void ClientStream::on_stream_closed() {
  home_.loop.stop_timer(timer_);
  home_.loop.io().cancel(connect_);
}

}  // namespace ringroad::client
