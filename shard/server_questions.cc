// What any thread asks about one client, answered in the client's shard.
#include <string>
#include <utility>

#include "base/failure.h"
#include "base/log.h"
#include "shard/server_core.h"

namespace ringroad {

Status ServerCore::reachable(uint64_t client) const {
  if (!running()) return {StatusCode::not_running, "the server is not listening"};
  if (!find(client).has_value()) return {StatusCode::gone, "the client has disconnected"};
  return {};
}

Status ServerCore::ask(uint64_t client, std::function<void(shard::Session*)> task) {
  if (Status status = reachable(client); !status.ok()) return status;
  const shard::ClientKey key = shard::ClientKey::unpack(client);
  shard::Shard& shard = *shards_[key.shard];
  if (router_.current() != &shard) return shard.post({key, std::move(task)});
  shard.carry_out({key, std::move(task)});
  return {};
}

Status ServerCore::is_subscribed(uint64_t client, std::string_view url,
                                 RemoteClient::AnswerHandler done) {
  return ask(client,
             [this, url = std::string(url), done = std::move(done)](shard::Session* session) {
               try {
                 done(session != nullptr && session->takes(url));
               } catch (...) {
                 handler_failures_.fetch_add(1, std::memory_order_relaxed);
                 LOG(error, "event=handler_failed kind=answer what={}", base::words_of_failure());
               }
             });
}

Status ServerCore::create_stream(uint64_t client, StreamOptions options,
                                 RemoteClient::StreamHandler done) {
  options = guarded(std::move(options));
  const auto tell = [this, done = std::move(done)](const Result<Stream>& stream) {
    try {
      done(stream);
    } catch (...) {
      handler_failures_.fetch_add(1, std::memory_order_relaxed);
      LOG(error, "event=handler_failed kind=stream_opened what={}", base::words_of_failure());
      if (stream.ok()) Stream(*stream).close();
    }
  };
  return ask(client, [this, tell, options = std::move(options)](shard::Session* session) {
    if (session == nullptr) return tell(Status(StatusCode::gone, "the client has disconnected"));
    tell(shards_[session->key().shard]->create_stream(*session, options));
  });
}

}  // namespace ringroad
