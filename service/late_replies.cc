#include "service/late_replies.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "service/patiently.h"

namespace ringroad::service {
namespace {

constexpr auto kRetryDelayMax = std::chrono::milliseconds(64);

/// Nobody waits for it any more.
bool is_nobodys(const Status& status) {
  return status.code() == StatusCode::gone || status.code() == StatusCode::not_running;
}

}  // namespace

void LateReplies::reply(RemoteClient client, uint32_t seqno, const ReplyContent& content) {
  Status status = client.reply(seqno, content);
  if (status.code() == StatusCode::overloaded) {
    status = keep({.client = client,
                   .seqno = seqno,
                   .status = content.status,
                   .payload = {std::string(content.param), std::string(content.data)},
                   .tunnel_id = content.tunnel_id});
  }
  if (!status.ok() && !is_nobodys(status)) lose(client, status);
}

Status LateReplies::reply_patiently(RemoteClient& client, uint32_t seqno,
                                    const ReplyContent& content) {
  Status status = client.reply(seqno, content);
  if (status.code() != StatusCode::overloaded) return status;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++late_;
  }
  status = patiently([&] { return client.reply(seqno, content); });
  if (status.code() == StatusCode::overloaded) lose(client, status);
  return status;
}

LateReplies::Stats LateReplies::stats() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {.late = late_, .lost = lost_, .waiting_now = waiting_count_};
}

Status LateReplies::keep(Late late) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++late_;
  if (waiting_count_ >= limits_.replies_max) {
    return {StatusCode::overloaded, "the client's shard is full, and " +
                                        std::to_string(waiting_count_) +
                                        " answers wait for room already"};
  }
  if (late.bytes() > limits_.bytes_max - waiting_bytes_) {
    return {StatusCode::overloaded, "the client's shard is full, and answers of " +
                                        std::to_string(waiting_bytes_) +
                                        " bytes wait for room already"};
  }
  if (waiting_count_ == 0) {
    delay_ = kRetryDelay;
    // Not with its own code: the answer is somebody's, and lost.
    if (Status status = start(); !status.ok()) return {StatusCode::overloaded, status.message()};
  }
  late.deadline = std::chrono::steady_clock::now() + limits_.patience;
  ++waiting_count_;
  waiting_bytes_ += late.bytes();
  waiting_.push_back(std::move(late));
  return {};
}

/// Keeps this alive until the callback has run: what waits may outlive the service that answered.
Status LateReplies::start() {
  return timer_.start(delay_, [self = shared_from_this()] { self->retry(); });
}

void LateReplies::retry() {
  std::deque<Late> round;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    round.swap(waiting_);
  }
  // Without the mutex: it posts to shards, and may be the last to hold a server.
  std::deque<Late> rest;
  size_t done = 0;
  size_t done_bytes = 0;
  for (Late& late : round) {
    const size_t bytes = late.bytes();
    if (try_again(late).code() == StatusCode::overloaded) {
      rest.push_back(std::move(late));
    } else {
      ++done;
      done_bytes += bytes;
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  delay_ = done > 0 ? kRetryDelay : std::min(2 * delay_, kRetryDelayMax);
  waiting_count_ -= done;
  waiting_bytes_ -= done_bytes;
  for (Late& late : waiting_) rest.push_back(std::move(late));  // came meanwhile
  waiting_.swap(rest);
  if (waiting_count_ == 0 || start().ok()) return;
  lost_ += waiting_count_;  // the process is ending
  waiting_.clear();
  waiting_count_ = 0;
  waiting_bytes_ = 0;
}

/// overloaded: it waits on.
Status LateReplies::try_again(Late& late) {
  const Status status = late.client.reply(late.seqno, {.status = late.status,
                                                       .param = late.payload.param,
                                                       .data = late.payload.data,
                                                       .tunnel_id = late.tunnel_id});
  if (status.ok() || is_nobodys(status)) return {};
  const bool over = std::chrono::steady_clock::now() >= late.deadline;
  if (status.code() == StatusCode::overloaded && !over) return status;
  lose(late.client, status);
  return {};
}

void LateReplies::lose(const RemoteClient& client, const Status& cause) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++lost_;
  }
  LOG(warn, "event=reply_lost service={} client={} cause={}", service_, client.id(),
      cause.message());
}

}  // namespace ringroad::service
