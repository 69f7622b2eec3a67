// Streams of a server's clients: the user's callbacks, each wrapped once.
#include <utility>

#include "base/failure.h"
#include "base/log.h"
#include "shard/server_core.h"

namespace ringroad {

Result<Stream> ServerCore::create_stream(shard::Session& session, StreamOptions options) {
  return shards_[session.key().shard]->create_stream(session, guarded(std::move(options)));
}

/// A callback that throws has not taken what it was given: the stream would lack it unsaid.
StreamOptions ServerCore::guarded(StreamOptions options) {
  const auto guard = [this](Stream& stream, const char* kind, const auto& run) {
    try {
      run();
    } catch (...) {
      handler_failures_.fetch_add(1, std::memory_order_relaxed);
      LOG(error, "event=handler_failed kind={} stream={} what={}", kind, stream.tunnel_id(),
          base::words_of_failure());
      stream.close();
    }
  };
  if (options.on_link) {
    options.on_link = [guard, handler = std::move(options.on_link)](Stream stream, bool connected) {
      guard(stream, "stream_link", [&] { handler(stream, connected); });
    };
  }
  if (options.on_data) {
    options.on_data = [guard, handler = std::move(options.on_data)](Stream stream,
                                                                    std::string_view bytes) {
      guard(stream, "stream_data", [&] { handler(stream, bytes); });
    };
  }
  if (options.on_writable) {
    options.on_writable = [guard, handler = std::move(options.on_writable)](Stream stream) {
      guard(stream, "stream_writable", [&] { handler(stream); });
    };
  }
  return options;
}

}  // namespace ringroad
