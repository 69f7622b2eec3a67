#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/conform_call.h"
#include "tools/conform_checks.h"
#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

constexpr size_t kWanted = 3;   // messages of each URL before a check is content
constexpr size_t kSilence = 3;  // ticks of a witness without anything for the guest
constexpr const char* kTick = "/tick";
const std::vector<std::string> kFleet = {"/fleet/1/pos", "/fleet/2/pos", "/fleet/3/pos"};

std::optional<int64_t> integer(const std::optional<JsonValue>& object, std::string_view name) {
  const std::optional<JsonValue> member = object ? object->member(name) : std::nullopt;
  return member ? member->integer() : std::nullopt;
}

/// What the contract says this URL carries in round n; nothing for a URL that it does not have.
std::optional<GuestMessage> contract_message(const std::string& url, int64_t n) {
  if (url == kTick) return GuestMessage{url, fmt::format(R"({{"n":{}}})", n), "", {}};
  const auto vehicle = std::find(kFleet.begin(), kFleet.end(), url);
  if (vehicle == kFleet.end()) return std::nullopt;
  const int64_t id = vehicle - kFleet.begin() + 1;
  return GuestMessage{url,
                      fmt::format(R"({{"id":{},"x":{},"y":{}}})", id, n, -n),
                      {static_cast<char>(id), static_cast<char>(n & 255)},
                      {}};
}

int64_t round_of(const GuestMessage& message) {
  const std::optional<JsonValue> param = JsonValue::parse(message.param);
  return integer(param, message.url == kTick ? "n" : "x").value_or(0);
}

/// Reliable messages: the contract's content, and each URL's rounds one after the other.
Judgement judge(const MessageBox::Messages& messages, const std::vector<std::string>& wanted) {
  std::map<std::string, int64_t> last;
  for (const GuestMessage& message : messages) {
    if (message.channel == Channel::quick && message.url == "/qtick") continue;
    if (std::find(wanted.begin(), wanted.end(), message.url) == wanted.end()) {
      return failure(fmt::format("{} came, which was not subscribed", message.url));
    }
    const int64_t n = round_of(message);
    if (n < 1 || n == INT64_MAX) {
      return failure(fmt::format("{} carries {}", message.url, shown(message.param)));
    }
    const std::optional<GuestMessage> due = contract_message(message.url, n);
    if (!same_json(message.param, due->param)) {
      return failure(fmt::format("{} carries {}", message.url, shown(message.param)));
    }
    if (message.data != due->data) {
      return failure(fmt::format("{} {} carries {} bytes of data, or other ones than it should",
                                 message.url, message.param, message.data.size()));
    }
    if (message.channel != Channel::normal) {
      return failure(fmt::format("{} came by the quick channel", message.url));
    }
    const auto [before, is_first] = last.try_emplace(message.url, n);
    if (!is_first && n != before->second + 1) {
      return failure(fmt::format("{}: round {} came after round {}{}", message.url, n,
                                 before->second, n == before->second ? ", a second copy" : ""));
    }
    before->second = n;
  }
  return pass();
}

bool have_all(const MessageBox::Messages& messages, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& url) { return count_of(messages, url) >= kWanted; });
}

std::string missing_in(const MessageBox::Messages& messages,
                       const std::vector<std::string>& wanted) {
  std::string text = "did not come in time:";
  for (const std::string& url : wanted) {
    const size_t count = count_of(messages, url);
    if (count < kWanted) text += fmt::format(" {} ({} of {})", url, count, kWanted);
  }
  return text;
}

/// Connected, and subscribed to what comes every 100 ms: a clock that needs no sleeping.
class Witness {
 public:
  explicit Witness(Examination& examination) : guest_(examination.exam, examination.loop) {}

  Judgement start() {
    if (Status status = guest_.connect(); !status.ok()) return failure(why("connect", status));
    const Status status = guest_.subscribe({kTick});
    if (is_unknown_topic(status)) return skip("/tick: the server refused it with status 3");
    if (!status.ok()) return failure(why("subscribe /tick", status));
    return wait_ticks(1);
  }
  Judgement wait_ticks(size_t count) {
    const size_t wanted = count_of(guest_.messages().all(), kTick) + count;
    if (guest_.wait_for(kTick, wanted)) return pass();
    return failure(wanted == count ? kNoTicks : "another client's /tick did not come in time");
  }

 private:
  Guest guest_;
};

/// Nothing comes while the witness hears kSilence rounds. UDP may be late by one.
Judgement expect_silence(const Guest& guest, Witness& witness, size_t from) {
  if (Judgement ticks = witness.wait_ticks(kSilence); !ticks.passed()) return ticks;
  const MessageBox::Messages all = guest.messages().all();
  size_t quick = 0;
  for (size_t i = from; i < all.size(); ++i) {
    if (all[i].channel == Channel::quick && ++quick < kSilence) continue;
    return failure(fmt::format("{} came after the unsubscribe was answered", all[i].url));
  }
  return pass();
}

/// Each entry is one request; with several URLs it is a list.
using Requests = std::vector<std::vector<std::string>>;

Judgement subscribe_all_of(Guest& guest, const Requests& requests) {
  for (const std::vector<std::string>& urls : requests) {
    const Status status = guest.subscribe(urls);
    if (is_unknown_topic(status)) {
      return skip(fmt::format("the server refused {} with status 3 (D7, D8)", urls.front()));
    }
    if (!status.ok()) return failure(why("subscribe", status));
  }
  return pass();
}

Judgement unsubscribe_all_of(Guest& guest, const Requests& requests) {
  for (const std::vector<std::string>& urls : requests) {
    if (Status status = guest.unsubscribe(urls); !status.ok()) {
      return failure(why("unsubscribe", status));
    }
  }
  return pass();
}

/// Subscribes, judges what comes, unsubscribes, and hears nothing more.
Judgement check_subscription(Examination& examination, const Requests& requests,
                             const std::vector<std::string>& wanted) {
  Witness witness(examination);
  if (Judgement started = witness.start(); !started.passed()) return started;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  if (Judgement subscribed = subscribe_all_of(guest, requests); !subscribed.passed()) {
    return subscribed;
  }
  const bool came = guest.wait_messages(
      [&](const MessageBox::Messages& messages) { return have_all(messages, wanted); });
  const Judgement judged = judge(guest.messages().all(), wanted);
  if (!judged.passed()) return judged;
  if (!came) return failure(missing_in(guest.messages().all(), wanted));
  if (Judgement unsubscribed = unsubscribe_all_of(guest, requests); !unsubscribed.passed()) {
    return unsubscribed;
  }
  const size_t from = guest.messages().size();
  const Judgement still = judge(guest.messages().all(), wanted);
  if (!still.passed()) return still;
  return expect_silence(guest, witness, from);
}

/// What goes by UDP is part of everything, but for the official Go server (D9).
Judgement expect_quick_of_all(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  if (guest.client().mirrors_flags()) return pass();
  const Status subscribed = guest.subscribe({"/"});
  if (!subscribed.ok()) return failure(why("subscribe", subscribed));
  return guest.wait_for("/qtick", 1) ? pass() : failure("/qtick did not come in time");
}

}  // namespace

Judgement check_subscribe_exact(Examination& examination) {
  return check_subscription(examination, {{kTick}}, {kTick});
}

Judgement check_subscribe_prefix(Examination& examination) {
  return check_subscription(examination, {{"/fleet/"}}, kFleet);
}

/// Without its slash at the end a subscription is one URL; a server may refuse what it never sends.
Judgement check_subscribe_not_children(Examination& examination) {
  Witness witness(examination);
  if (Judgement started = witness.start(); !started.passed()) return started;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  Requests accepted;
  for (const std::string pattern : {"/fleet", "/fleet/1", "/tic", "/fleet/1/po"}) {
    const Status status = guest.subscribe({pattern});
    if (!status.ok() && !is_unknown_topic(status)) {
      return failure(why("subscribe " + pattern, status));
    }
    if (status.ok()) accepted.push_back({pattern});
  }
  if (Judgement ticks = witness.wait_ticks(kSilence); !ticks.passed()) return ticks;
  const MessageBox::Messages got = guest.messages().all();
  if (!got.empty()) return failure(fmt::format("{} came", got.front().url));
  return unsubscribe_all_of(guest, accepted);
}

/// With a second subscription inside the first: still one copy.
Judgement check_subscribe_all(Examination& examination) {
  std::vector<std::string> wanted = kFleet;
  wanted.emplace_back(kTick);
  const Judgement alone = check_subscription(examination, {{"/"}}, wanted);
  if (!alone.passed()) return alone;
  const Judgement overlapping = check_subscription(examination, {{"/"}, {kTick}}, wanted);
  if (!overlapping.passed()) return overlapping;
  return expect_quick_of_all(examination);
}

Judgement check_subscribe_list(Examination& examination) {
  const std::vector<std::string> list = {kTick, kFleet[1]};
  return check_subscription(examination, {list}, list);
}

/// With neither URL nor list all subscriptions go (D14).
Judgement check_unsub_empty(Examination& examination) {
  Witness witness(examination);
  if (Judgement started = witness.start(); !started.passed()) return started;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  if (guest.client().mirrors_flags()) {
    return not_applicable(
        "this server mirrors request flags, as the official Go one does, for which an empty "
        "unsubscribe names \"/\" (D14)");
  }
  for (const std::string& pattern : {std::string(kTick), kFleet[0]}) {
    const Status status = guest.subscribe({pattern});
    if (is_unknown_topic(status)) return skip(pattern + ": the server refused it with status 3");
    if (!status.ok()) return failure(why("subscribe " + pattern, status));
    if (!guest.wait_for(pattern, 1)) return failure(pattern + " did not come in time");
  }
  const Status status = guest.unsubscribe_all();
  if (!status.ok()) return failure(why("unsubscribe (Python servers refuse, D14)", status));
  return expect_silence(guest, witness, guest.messages().size());
}

}  // namespace ringroad::tools
