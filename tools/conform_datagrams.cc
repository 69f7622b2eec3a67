#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "tools/conform_call.h"
#include "tools/conform_checks.h"
#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

constexpr int kTries = 5;                                 // other clients may send as well
constexpr std::chrono::milliseconds kQuickInterval{100};  // between datagrams that may be lost
constexpr size_t kQuickTries = 30;
constexpr const char* kLastUrl = "/dgram/last";

struct Sent {
  std::string url;
  std::string param;
  std::string data;
  Channel channel;

  PayloadView payload() const { return {param, data}; }
};

/// Unlike any other datagram of this run. Short enough for every quick channel (E8).
Sent make_datagram(Channel channel, int attempt) {
  std::string data(300, '\0');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i & 0xff);
  const auto now = Exam::Clock::now().time_since_epoch().count();
  return {"/conform/datagram",
          fmt::format(R"({{"conform":{},"try":{}}})", now % 1'000'000'007, attempt),
          std::move(data), channel};
}

bool is_echo(const GuestMessage& message, const Sent& sent) {
  const bool same_param =
      sent.param.empty() ? message.param.empty() : same_json(message.param, sent.param);
  return message.url == sent.url && message.channel == sent.channel && message.data == sent.data &&
         same_param;
}

/// What of the two differs, for a person.
std::string difference(const GuestMessage& got, const Sent& sent) {
  if (got.url != sent.url) return fmt::format("it came back to {}", shown(got.url));
  if (got.channel != sent.channel) return "it came back by the other channel";
  if (got.data != sent.data) return "it came back with other data";
  return fmt::format("it came back with param {}", shown(got.param));
}

/// It came back as it was, not more often than it was sent, and nothing else came.
Judgement judge_echoes(Guest& guest, const Sent& sent, size_t times) {
  if (guest.client().mirrors_flags()) {
    return pass("by /dgram/last only: Go servers send no datagrams (E11)");
  }
  const MessageBox::Messages echoes = guest.datagrams().all();
  const auto other = std::find_if(echoes.begin(), echoes.end(),
                                  [&](const GuestMessage& m) { return !is_echo(m, sent); });
  if (other != echoes.end()) return failure(difference(*other, sent));
  if (echoes.empty()) return failure("it did not come back");
  if (echoes.size() <= times) return pass();
  return failure(fmt::format("sent {}, it came back {} times", times, echoes.size()));
}

/// True if /dgram/last tells of this one.
bool tells_of(const JsonValue& last, const Sent& sent) {
  const auto text =
      fmt::format(R"({{"url":{},"quick":{},"param":{},"len":{}}})", json_string(sent.url),
                  sent.channel == Channel::quick, sent.param, sent.data.size());
  return same_json(last.text(), text);
}

struct LastDatagram {
  Judgement judgement;
  int64_t count = 0;
  std::optional<JsonValue> last = std::nullopt;
};

LastDatagram ask_last(Guest& guest) {
  const Asked asked = ask_for_success(guest, kLastUrl);
  if (!asked.judgement.passed()) return {asked.judgement};
  const std::string& param = asked.reply.payload.param;
  const auto object = JsonValue::parse(param);
  auto count = object ? object->member("n") : std::nullopt;
  auto last = object ? object->member("last") : std::nullopt;
  if (!count || !count->integer() || !last) {
    return {failure(fmt::format("{} answers {}", kLastUrl, shown(param)))};
  }
  return {pass(), *count->integer(), std::move(last)};
}

/// Sends it until something comes back: once, or again while a quick one may have been lost.
/// Answers how often that was.
Result<size_t> send_until_back(Guest& guest, const Sent& sent) {
  const bool quick = sent.channel == Channel::quick;
  const auto some = [](const MessageBox::Messages& messages) { return !messages.empty(); };
  const size_t times_max = quick ? kQuickTries : 1;
  for (size_t times = 1;; ++times) {
    const Status status = guest.client().datagram(sent.url, sent.payload(), sent.channel);
    if (!status.ok()) return status;
    const auto patience = guest.exam().patience();
    const bool back =
        guest.datagrams().wait(some, quick ? std::min(kQuickInterval, patience) : patience);
    if (back || times == times_max) return times;
  }
}

Judgement check_datagrams(Examination& examination, Channel channel) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const LastDatagram before = ask_last(guest);
  if (!before.judgement.passed()) return before.judgement;
  std::string last_text;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    Guest sender(examination.exam, examination.loop);
    if (Status status = sender.connect(); !status.ok()) return failure(why("connect", status));
    const Sent sent = make_datagram(channel, attempt);
    const Result<size_t> times = send_until_back(sender, sent);
    if (!times.ok()) return failure(why("datagram", times.status()));
    const LastDatagram after = ask_last(sender);
    if (!after.judgement.passed()) return after.judgement;
    // Behind the answer to a call, so that a second copy has come as well.
    const Judgement back = judge_echoes(sender, sent, *times);
    if (!back.passed()) return back;
    if (after.count <= before.count) {
      return failure(fmt::format("{} counts {} datagrams, as before", kLastUrl, after.count));
    }
    if (tells_of(*after.last, sent)) return back;
    last_text = after.last->text();
  }
  return failure(fmt::format("{} tells of another datagram: {}", kLastUrl, shown(last_text)));
}

/// A packet of 262,144 bytes, which comes back as long as it was: an echo of a call has no URL.
Judgement expect_largest_back(Examination& examination) {
  constexpr size_t kPacketPayloadMax = 262'124;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  Sent sent = make_datagram(Channel::normal, 0);
  sent.param.clear();  // a server may write JSON in more bytes than it got
  sent.data.resize(kPacketPayloadMax - sent.url.size(), 'L');
  const Result<size_t> times = send_until_back(guest, sent);
  if (!times.ok()) return failure(why("the largest datagram", times.status()));
  Judgement back = judge_echoes(guest, sent, *times);
  if (!back.passed()) back.detail = "of 262,144 bytes: " + back.detail;
  return back;
}

}  // namespace

Judgement check_datagram(Examination& examination) {
  const Judgement back = check_datagrams(examination, Channel::normal);
  if (!back.passed() || examination.first.client().mirrors_flags()) return back;
  return expect_largest_back(examination);
}

Judgement check_quick_datagram(Examination& examination) {
  return check_datagrams(examination, Channel::quick);
}

Judgement check_quick_publish(Examination& examination) {
  constexpr size_t kWanted = 3;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const Status subscribed = guest.subscribe({"/qtick"});
  if (is_unknown_topic(subscribed)) return skip("/qtick: the server refused it with status 3");
  if (!subscribed.ok()) return failure(why("subscribe /qtick", subscribed));
  if (!guest.wait_for("/qtick", kWanted)) return failure("/qtick did not come in time");
  int64_t last = 0;
  for (const GuestMessage& message : guest.messages().all()) {
    if (message.url != "/qtick") return failure(fmt::format("{} came as well", message.url));
    if (message.channel != Channel::quick) return failure("/qtick came by TCP");
    if (message.data != "Q") {
      return failure(fmt::format("/qtick carries the data {}", shown(message.data)));
    }
    const auto param = JsonValue::parse(message.param);
    const auto member = param ? param->member("n") : std::nullopt;
    const int64_t n = member ? member->integer().value_or(0) : 0;
    if (n < 1 || !same_json(message.param, fmt::format(R"({{"n":{}}})", n))) {
      return failure(fmt::format("/qtick carries {}", shown(message.param)));
    }
    if (n == last) return failure(fmt::format("/qtick {} came twice", n));
    last = n;
  }
  return pass();
}

}  // namespace ringroad::tools
