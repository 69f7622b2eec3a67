#include <fmt/format.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tools/conform_call.h"
#include "tools/conform_checks.h"
#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

constexpr const char* kMirrors =
    "this server mirrors request flags, as the official Go one does, whose handlers cannot answer "
    "an error (C6)";

/// Answers of many calls, in the order they come.
class Answers {
 public:
  void add(size_t call, const Result<Reply>& reply) {
    const std::lock_guard lock(mutex_);
    ++count_;
    const std::string want = fmt::format(R"({{"call":{}}})", call);
    if (!reply.ok()) {
      note(why(fmt::format("call {}", call), reply.status()));
    } else if (reply->status == ReplyStatus::invalid_url) {
      ++unknown_url_;
    } else if (reply->status != ReplyStatus::success) {
      note(fmt::format("call {} answers status {}", call, static_cast<int>(reply->status)));
    } else if (!same_json(reply->payload.param, want)) {
      note(fmt::format("call {} was answered with {}", call, shown(reply->payload.param)));
    }
    changed_.notify_all();
  }
  /// False: not all of them came.
  bool wait(size_t count, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return count_ >= count; });
  }
  Judgement judgement(size_t calls) const {
    const std::lock_guard lock(mutex_);
    if (unknown_url_ == calls) return skip("/echo answers status 3: the server does not have it");
    if (!first_wrong_.empty()) return failure(first_wrong_);
    if (unknown_url_ > 0) return failure("some answers are status 3, some are not");
    if (count_ == calls) return pass();
    return failure(fmt::format("{} of {} calls were answered", count_, calls));
  }

 private:
  void note(std::string text) {
    if (first_wrong_.empty()) first_wrong_ = std::move(text);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  size_t count_ = 0;
  std::string first_wrong_;
  size_t unknown_url_ = 0;
};

}  // namespace

Judgement check_method(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const Judgement get = expect_param(guest, "/method", {.method = Method::get}, R"({"method":0})");
  if (!get.passed()) return get;
  return expect_param(guest, "/method", {.method = Method::set}, R"({"method":1})");
}

Judgement check_add(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const Judgement sum =
      expect_param(guest, "/add", {.param = R"({"a":19,"b":23})"}, R"({"sum":42})");
  if (!sum.passed()) return sum;
  if (guest.client().mirrors_flags())
    return pass(fmt::format("bad params not tried: {}", kMirrors));
  for (const char* bad : {R"({"a":"19"})", R"([19,23])", ""}) {
    const Judgement refused = expect_status(guest, "/add", {.param = bad}, 2);
    if (!refused.passed()) return refused;
  }
  return pass();
}

Judgement check_invalid_url(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  for (const char* url : {"/no/such/url", "/echo/below", "/ech"}) {
    const Judgement judgement = expect_status(guest, url, {.param = R"({"any":1})"}, 3);
    if (!judgement.passed()) return judgement;
  }
  return pass();
}

Judgement check_error_status(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  if (guest.client().mirrors_flags()) return not_applicable(kMirrors);
  for (const int status : {2, 5, 128, 254}) {
    const std::string param = fmt::format(R"({{"status":{}}})", status);
    const Asked asked = ask(guest, "/fail", {.param = param});
    if (!asked.judgement.passed()) return asked.judgement;
    if (static_cast<int>(asked.reply.status) != status) {
      return failure(
          fmt::format("/fail {} answers status {}", param, static_cast<int>(asked.reply.status)));
    }
    if (!same_json(asked.reply.payload.param, R"({"error":"asked"})")) {
      return failure(
          fmt::format("/fail {} answers {} with it", param, shown(asked.reply.payload.param)));
    }
  }
  return pass();
}

/// C4. Never exactly "/wild/": that ends the official Python server.
Judgement check_wildcard(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const auto expect_url = [&guest](const std::string& url) {
    const std::string want = fmt::format(R"({{"url":{}}})", json_string(url));
    return expect_param(guest, url, {}, want);
  };
  if (Judgement first = expect_url("/wild/x/y"); !first.passed()) return first;
  for (const char* url : {"/wild/x", "/wild//x", "/wild"}) {
    const Judgement judgement = not_skipped(expect_url(url));
    if (!judgement.passed()) return judgement;
  }
  return expect_status(guest, "/wildx", {}, 3);
}

Judgement check_concurrent(Examination& examination) {
  constexpr size_t kCalls = 200;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const auto answers = std::make_shared<Answers>();
  const auto patience = examination.exam.patience();
  for (size_t i = 0; i < kCalls; ++i) {
    const std::string param = fmt::format(R"({{"call":{}}})", i);
    const Status status =
        guest.client().call("/echo", {.param = param, .timeout = patience},
                            [answers, i](const Result<Reply>& reply) { answers->add(i, reply); });
    if (!status.ok()) return failure(why("call", status));
  }
  // Each call ends by itself, and judgement() counts them.
  (void)answers->wait(kCalls, patience + Exam::kPatience);
  return answers->judgement(kCalls);
}

/// Their answers belong to nobody, and must not be taken for others.
Judgement check_no_reply(Examination& examination) {
  constexpr int kRounds = 20;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  for (int i = 0; i < kRounds; ++i) {
    const Status sent = guest.client().call("/echo", {.param = R"({"nobody":"waits"})"}, nullptr);
    if (!sent.ok()) return failure(why("a call without a callback", sent));
    const std::string param = fmt::format(R"({{"waited":{}}})", i);
    const Judgement judgement = expect_param(guest, "/echo", {.param = param}, param);
    if (!judgement.passed()) return judgement;
  }
  return pass();
}

}  // namespace ringroad::tools
