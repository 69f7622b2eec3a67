// Streams: what the playground gives, and what it says of what it got.
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "tools/conform_call.h"
#include "tools/conform_checks.h"
#include "tools/json_value.h"
#include "tools/playground_streams.h"

namespace ringroad::tools {
namespace {

/// Not a whole number of anything.
constexpr size_t kPutBytes = 300'007;

/// What a stream's callbacks have said. Shared with callbacks that may outlive a wait.
class StreamBox {
 public:
  void link(bool connected) {
    const std::lock_guard lock(mutex_);
    (connected ? linked_ : ended_) = true;
    changed_.notify_all();
  }
  /// Keeps no more than is looked at.
  void add(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    bytes_.append(bytes.substr(0, kPlaygroundStreamBytes + 1 - bytes_.size()));
  }
  bool wait_linked(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return linked_ || ended_; });
    return linked_;
  }
  bool wait_ended(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return ended_; });
  }
  std::string bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool linked_ = false;
  bool ended_ = false;
  std::string bytes_;
};

struct Opened {
  Judgement judgement;  // passed: the stream is there
  Stream stream = {};
  std::shared_ptr<StreamBox> box = std::make_shared<StreamBox>();
  std::string param = {};  // of the reply
};

/// Asks for a stream and joins it.
Opened open_stream(Guest& guest, std::string_view url) {
  const Asked asked = ask_for_success(guest, url);
  Opened opened = {.judgement = asked.judgement, .param = asked.reply.payload.param};
  if (!opened.judgement.passed()) return opened;
  const uint16_t tunnel_id = asked.reply.tunnel_id;
  if (tunnel_id == 0) {
    opened.judgement = failure(fmt::format("{} offers no stream (no tunnel id)", url));
    return opened;
  }
  const std::shared_ptr<StreamBox> box = opened.box;
  StreamOptions options;
  options.on_link = [box](Stream, bool connected) { box->link(connected); };
  options.on_data = [box](Stream, std::string_view bytes) { box->add(bytes); };
  options.timeout = guest.exam().patience();
  const Result<Stream> stream = guest.client().create_stream(tunnel_id, std::move(options));
  if (!stream.ok()) {
    opened.judgement = failure(why("stream", stream.status()));
  } else if (!box->wait_linked(guest.exam().patience())) {
    opened.judgement = failure(fmt::format("{}: nobody listens on its port {}", url, tunnel_id));
  } else {
    opened.stream = *stream;
  }
  return opened;
}

Judgement judge_bytes(const std::string& got) {
  const std::string want = playground_bytes(0, kPlaygroundStreamBytes);
  if (got == want) return pass(fmt::format("{} bytes", got.size()));
  const size_t same = static_cast<size_t>(
      std::mismatch(got.begin(), got.end(), want.begin(), want.end()).first - got.begin());
  return failure(fmt::format("{} bytes came and {} were due; they differ from byte {} on",
                             got.size() > want.size() ? "more" : std::to_string(got.size()),
                             want.size(), same));
}

/// What the server says of the last put; a stream that has just ended may not be in it yet.
Judgement expect_put(Guest& guest, const std::string& want) {
  const auto end = Exam::Clock::now() + guest.exam().patience();
  for (;;) {
    const Asked asked = ask_for_success(guest, "/put_result");
    if (!asked.judgement.passed()) return not_skipped(asked.judgement);
    if (same_json(asked.reply.payload.param, want)) return pass();
    if (Exam::Clock::now() < end) continue;
    return failure(
        fmt::format("/put_result answers {}, not {}", shown(asked.reply.payload.param), want));
  }
}

}  // namespace

Judgement check_stream_get(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const Opened opened = open_stream(guest, "/get_data");
  if (!opened.judgement.passed()) return opened.judgement;
  const std::string size = fmt::format(R"({{"size":{}}})", kPlaygroundStreamBytes);
  if (!same_json(opened.param, size)) {
    return failure(fmt::format("/get_data answers {}, not {}", shown(opened.param), size));
  }
  const bool ended = opened.box->wait_ended(guest.exam().patience());
  const Judgement judgement = judge_bytes(opened.box->bytes());
  if (!judgement.passed() || ended) return judgement;
  return failure("the stream is not closed behind its last byte");
}

Judgement check_stream_put(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  Opened opened = open_stream(guest, "/put_data");
  if (!opened.judgement.passed()) return opened.judgement;
  const std::string bytes = playground_bytes(0, kPutBytes);
  if (!opened.stream.set_send_timeout(guest.exam().patience()).ok()) return failure("no time");
  const Result<size_t> taken = opened.stream.send(bytes);
  if (!taken.ok() || *taken < bytes.size()) {
    return failure(
        fmt::format("the server took {} of {} bytes", opened.stream.bytes_sent(), bytes.size()));
  }
  opened.stream.close();
  return expect_put(guest,
                    fmt::format(R"({{"size":{},"crc32":{}}})", bytes.size(), crc32_of(0, bytes)));
}

}  // namespace ringroad::tools
