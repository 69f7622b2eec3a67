#include "bench/macro/load.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ringroad::bench {
namespace {

constexpr size_t kReceiveBytes = size_t{1} << 20;
constexpr int kEventsMax = 512;
constexpr uint64_t kPublisherKey = ~uint64_t{0};
constexpr uint64_t kChurnKeys = uint64_t{1} << 62;  // and above; below: subscribers

}  // namespace

Load::Load(const Dialect& dialect, Drive drive, LoadOptions options)
    : dialect_(dialect),
      drive_(drive),
      options_(options),
      delivered_(options.subscribers, 0),
      // The flood's frames have no payload.
      check_(dialect.frame_bytes, drive == Drive::flood ? "" : kPayloadBegin),
      progress_(options.subscribers, options.window),
      buffer_(kReceiveBytes) {
  for (size_t i = 0; i < options.window; ++i) window_text_ += dialect.publish;
  if (options.churn_per_second > 0) churn_.emplace(dialect, options.churn_per_second);
}

Status Load::connect(uint16_t port) {
  for (size_t i = 0; i < options_.subscribers; ++i) {
    Result<Tcp> socket = join_server(port, dialect_.subscribe, options_.host);
    if (!socket.ok()) return socket.status();
    if (Status status = watch_.add(*socket, i); !status.ok()) return status;
    subscribers_.push_back(std::move(*socket));
  }
  for (const Tcp& subscriber : subscribers_) {
    Status status = take_late_bytes(subscriber, dialect_.late_bytes);
    if (!status.ok()) return status;
  }
  Result<Tcp> publisher = join_publisher(port, dialect_, options_.host);
  if (!publisher.ok()) return publisher.status();
  publisher_ = std::move(*publisher);
  if (Status status = watch_.add(publisher_, kPublisherKey); !status.ok()) return status;
  return churn_ ? churn_->connect(port, options_.host, watch_, kChurnKeys) : Status();
}

Status Load::run_until(Clock::time_point end) {
  for (Clock::time_point now = Clock::now(); now < end; now = Clock::now()) {
    if (Status status = publish_window(); !status.ok()) return status;
    if (Status status = churn_ ? churn_->run(now) : Status(); !status.ok()) return status;
    if (Status status = turn(end); !status.ok()) return status;
  }
  return {};
}

Status Load::turn(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  std::array<epoll_event, kEventsMax> events;
  const int wait_ms = static_cast<int>(std::max<int64_t>(left.count(), 0)) + 1;
  const int count = epoll_wait(watch_.fd(), events.data(), kEventsMax, wait_ms);
  for (int i = 0; i < count; ++i) {
    const uint64_t key = events[static_cast<size_t>(i)].data.u64;
    const Status status = key == kPublisherKey ? discard_answers()
                          : key >= kChurnKeys  ? churn_->receive(key - kChurnKeys)
                                               : receive(key);
    if (!status.ok()) return status;
  }
  return {};
}

Status Load::receive(size_t subscriber) {
  const ssize_t got = recv(subscribers_[subscriber].fd(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return {};
  if (got <= 0 && finishing_ && drive_ == Drive::flood) {
    subscribers_[subscriber] = Tcp();
    ++ended_;
    return {};
  }
  if (got <= 0) return Status(StatusCode::gone, "the server closed a subscriber");
  const uint64_t before = delivered_[subscriber];
  if (!check_.check(before, {buffer_.data(), static_cast<size_t>(got)})) {
    return Status(StatusCode::bad_response, "a subscriber got something else than was published");
  }
  const uint64_t after = before + static_cast<uint64_t>(got);
  delivered_[subscriber] = after;
  counts_.delivered_bytes += static_cast<uint64_t>(got);
  ++counts_.receives;
  if (drive_ == Drive::flood) return {};
  if (after > sent_bytes_) {
    return Status(StatusCode::bad_response, "a subscriber got more than was published");
  }
  progress_.advance(before / dialect_.frame_bytes, after / dialect_.frame_bytes);
  return {};
}

Status Load::discard_answers() {
  const ssize_t got = recv(publisher_.fd(), buffer_.data(), buffer_.size(), 0);
  if (got > 0 || (got < 0 && errno == EAGAIN)) return {};
  if (finishing_) {
    publisher_ = Tcp();
    return {};
  }
  return Status(StatusCode::gone, "the server closed the publisher");
}

Status Load::publish_window() {
  if (drive_ == Drive::flood || finishing_) return {};
  const size_t frame = dialect_.publish.size();
  const uint64_t wanted = (progress_.slowest() + options_.window) * frame;
  while (sent_bytes_ < wanted) {
    const size_t begin = sent_bytes_ % window_text_.size();
    const size_t bytes = std::min(window_text_.size() - begin, wanted - sent_bytes_);
    const ssize_t sent = send(publisher_.fd(), window_text_.data() + begin, bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) break;  // the server is behind: its subscribers will tell
    if (sent < 0) return errno_status("send");
    sent_bytes_ += static_cast<uint64_t>(sent);
  }
  counts_.published = sent_bytes_ / frame;
  return {};
}

LoadCounts Load::counts() const {
  LoadCounts counts = counts_;
  if (churn_) counts.changes = churn_->changes();
  return counts;
}

bool Load::drained() const {
  if (drive_ == Drive::flood) return ended_ == options_.subscribers;
  return progress_.slowest() == counts_.published;
}

Result<uint64_t> Load::finish(std::chrono::milliseconds limit) {
  // A publish that was cut by a full socket must still become whole.
  while (sent_bytes_ % dialect_.publish.size() != 0) {
    if (Status status = publish_window(); !status.ok()) return status;
    if (Status status = turn(Clock::now()); !status.ok()) return status;
  }
  finishing_ = true;
  if (drive_ == Drive::flood) shutdown(publisher_.fd(), SHUT_WR);
  // A slow server may take long for its window; one that is silent has lost what is missing.
  uint64_t before = counts_.delivered_bytes;
  auto end = Clock::now() + limit;
  while (!drained() && Clock::now() < end) {
    if (Status status = turn(end); !status.ok()) return status;
    if (counts_.delivered_bytes != before) end = Clock::now() + limit;
    before = counts_.delivered_bytes;
  }
  // A flood gives everybody the same number; nobody but its server knows which.
  const uint64_t whole = *std::max_element(delivered_.begin(), delivered_.end());
  const uint64_t each = drive_ == Drive::flood ? whole : counts_.published * dialect_.frame_bytes;
  uint64_t missing = 0;
  const size_t frame = dialect_.frame_bytes;
  for (const uint64_t bytes : delivered_) missing += (each - bytes + frame - 1) / frame;
  return missing;
}

}  // namespace ringroad::bench
