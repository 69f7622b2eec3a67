#include "bench/macro/latency_load.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "bench/load/stamp.h"

namespace ringroad::bench {
namespace {

constexpr size_t kReceiveBytes = size_t{1} << 20;
constexpr int kEventsMax = 512;
constexpr uint64_t kPublisherKey = ~uint64_t{0};

uint64_t nanoseconds(Schedule::Clock::time_point time) {
  return static_cast<uint64_t>(time.time_since_epoch() / std::chrono::nanoseconds(1));
}

timespec until(Schedule::Clock::time_point time) {
  const auto left =
      std::max<int64_t>((time - Schedule::Clock::now()) / std::chrono::nanoseconds(1), 0);
  return {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
}

Status broken(std::string_view what) {
  return Status(StatusCode::bad_response, std::string(what));
}

}  // namespace

LatencyLoad::LatencyLoad(const Dialect& dialect, LatencyOptions options)
    : dialect_(dialect),
      options_(options),
      subscribers_(options.subscribers),
      buffer_(kReceiveBytes) {
  publish_stamp_at_ = dialect.publish.find(kPayloadBegin);
  CHECK(publish_stamp_at_ != std::string::npos);
  CHECK(publish_stamp_at_ + kStampBytes <= dialect.publish.size());
}

Status LatencyLoad::connect(uint16_t port) {
  for (size_t i = 0; i < subscribers_.size(); ++i) {
    Result<Tcp> socket = join_server(port, dialect_.subscribe);
    if (!socket.ok()) return socket.status();
    if (Status status = watch_.add(*socket, i); !status.ok()) return status;
    subscribers_[i].socket = std::move(*socket);
  }
  for (const Subscriber& one : subscribers_) {
    Status status = take_late_bytes(one.socket, dialect_.late_bytes);
    if (!status.ok()) return status;
  }
  Result<Tcp> publisher = join_publisher(port, dialect_);
  if (!publisher.ok()) return publisher.status();
  publisher_ = std::move(*publisher);
  schedule_.emplace(options_.per_second, Clock::now());
  return watch_.add(publisher_, kPublisherKey);
}

void LatencyLoad::start_measuring() {
  measured_from_ = Clock::now();
  self_.start();
}

Status LatencyLoad::run_until(Clock::time_point end) {
  while (Clock::now() < end) {
    if (Status status = publish_due(); !status.ok()) return status;
    if (Status status = turn(std::min(end, schedule_->next())); !status.ok()) return status;
  }
  return {};
}

Status LatencyLoad::publish_due() {
  const Clock::time_point now = Clock::now();
  for (Clock::time_point intended = schedule_->next(); schedule_->take_due(now);
       intended = schedule_->next()) {
    const auto stamp =
        write_stamp({.sequence = schedule_->taken() - 1, .intended_ns = nanoseconds(intended)});
    std::memcpy(dialect_.publish.data() + publish_stamp_at_, stamp.data(), stamp.size());
    const std::string& text = dialect_.publish;
    const ssize_t sent = send(publisher_.fd(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(text.size())) {
      return sent < 0 && errno != EAGAIN
                 ? errno_status("send")
                 : Status(StatusCode::overloaded, "the server does not keep up with this rate");
    }
    self_.sent(intended, Clock::now());
  }
  return {};
}

Status LatencyLoad::turn(Clock::time_point end) {
  std::array<epoll_event, kEventsMax> events;
  const timespec wait = until(end);
  const int count = epoll_pwait2(watch_.fd(), events.data(), kEventsMax, &wait, nullptr);
  for (int i = 0; i < count; ++i) {
    const uint64_t key = events[static_cast<size_t>(i)].data.u64;
    const Status status = key == kPublisherKey ? discard_answers() : receive(subscribers_[key]);
    if (!status.ok()) return status;
  }
  return {};
}

Status LatencyLoad::receive(Subscriber& subscriber) {
  const ssize_t got = recv(subscriber.socket.fd(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && errno == EAGAIN) return {};
  if (got <= 0) return Status(StatusCode::gone, "the server closed a subscriber");
  return take(subscriber, std::string_view(buffer_.data(), static_cast<size_t>(got)), Clock::now());
}

Status LatencyLoad::take(Subscriber& subscriber, std::string_view bytes, Clock::time_point now) {
  const size_t frame = dialect_.frame_bytes;
  if (!subscriber.partial.empty()) {
    const std::string_view rest = bytes.substr(0, frame - subscriber.partial.size());
    subscriber.partial += rest;
    bytes.remove_prefix(rest.size());
    if (subscriber.partial.size() < frame) return {};
    const std::string whole = std::exchange(subscriber.partial, std::string());
    if (Status status = take_frame(subscriber, whole, now); !status.ok()) return status;
  }
  for (; bytes.size() >= frame; bytes.remove_prefix(frame)) {
    const Status status = take_frame(subscriber, bytes.substr(0, frame), now);
    if (!status.ok()) return status;
  }
  subscriber.partial = bytes;
  return {};
}

Status LatencyLoad::take_frame(Subscriber& subscriber, std::string_view frame,
                               Clock::time_point now) {
  if (!frame_stamp_at_) {
    const std::string_view mark(reinterpret_cast<const char*>(&kStampMark), sizeof kStampMark);
    const size_t at = frame.find(mark);
    if (at == frame.npos) return broken("a delivered frame has no stamp");
    frame_stamp_at_ = at;
  }
  const auto bytes = std::as_bytes(std::span(frame)).subspan(*frame_stamp_at_);
  const std::optional<Stamp> stamp = read_stamp(bytes);
  if (!stamp) return broken("a delivered frame has its stamp in another place");
  subscriber.ledger.receive(stamp->sequence);
  if (stamp->intended_ns < nanoseconds(measured_from_)) return {};
  ++deliveries_;
  latency_.record(nanoseconds(now) - stamp->intended_ns);
  return {};
}

Status LatencyLoad::discard_answers() {
  const ssize_t got = recv(publisher_.fd(), buffer_.data(), buffer_.size(), 0);
  if (got > 0 || (got < 0 && errno == EAGAIN)) return {};
  return Status(StatusCode::gone, "the server closed the publisher");
}

bool LatencyLoad::drained() const {
  return std::all_of(subscribers_.begin(), subscribers_.end(), [this](const Subscriber& one) {
    return one.ledger.next() >= schedule_->taken();
  });
}

Result<Completeness> LatencyLoad::finish() {
  const Clock::time_point end = Clock::now() + kFinishTime;
  while (!drained() && Clock::now() < end) {
    if (Status status = turn(end); !status.ok()) return status;
  }
  Completeness all;
  for (const Subscriber& one : subscribers_) all += one.ledger.outcome(schedule_->taken());
  return all;
}

}  // namespace ringroad::bench
