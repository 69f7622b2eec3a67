#include "tools/playground.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

constexpr const char* kInfo = R"({"name":"ringroad playground"})";
constexpr int kVehicles = 3;

/// A client that has left by now needs no answer. One that asked for more than a packet holds (an
/// escaped URL may be six times as long) is told so: it would wait for its timeout else.
void answer(Call& call, const ReplyContent& content) {
  Status replied = call.reply(content);
  if (replied.code() == StatusCode::invalid_argument) {
    replied = call.reply({.status = ReplyStatus::no_memory});
  }
}

void refuse(Call& call) {
  answer(call, {.status = ReplyStatus::arguments});
}

void answer_echo(Call& call) {
  answer(call, {.param = call.payload().param, .data = call.payload().data});
}

/// Exact for integers as long as the sum fits; empty if a number is missing.
std::string sum_text(const JsonValue& param) {
  const std::optional<JsonValue> a = param.member("a");
  const std::optional<JsonValue> b = param.member("b");
  if (!a || !b || !a->number() || !b->number()) return "";
  int64_t sum = 0;
  if (a->integer() && b->integer() && !__builtin_add_overflow(*a->integer(), *b->integer(), &sum)) {
    return fmt::format("{}", sum);
  }
  return fmt::format("{}", *a->number() + *b->number());
}

void answer_add(Call& call) {
  const std::optional<JsonValue> param = JsonValue::parse(call.payload().param);
  const std::string sum = param ? sum_text(*param) : "";
  const std::string text = fmt::format(R"({{"sum":{}}})", sum);
  if (!JsonValue::parse(text)) return refuse(call);  // no numbers, or a sum beyond all of them
  answer(call, {.param = text});
}

void answer_wild(Call& call) {
  answer(call, {.param = fmt::format(R"({{"url":{}}})", json_string(call.url()))});
}

void answer_method(Call& call) {
  answer(call, {.param = call.method() == Method::set ? R"({"method":1})" : R"({"method":0})"});
}

void answer_fail(Call& call) {
  const std::optional<JsonValue> param = JsonValue::parse(call.payload().param);
  const std::optional<JsonValue> status = param ? param->member("status") : std::nullopt;
  const std::optional<int64_t> number = status ? status->integer() : std::nullopt;
  if (!number || !std::in_range<uint8_t>(*number)) return refuse(call);
  answer(call, {.status = static_cast<ReplyStatus>(*number), .param = R"({"error":"asked"})"});
}

/// The client is told (QOSSETUP) after this answer.
void answer_prio(Call& call) {
  if (call.method() == Method::get) {
    return answer(call, {.param = fmt::format(R"({{"prio":{}}})", call.client().priority())});
  }
  const std::optional<JsonValue> param = JsonValue::parse(call.payload().param);
  const std::optional<JsonValue> prio = param ? param->member("prio") : std::nullopt;
  const std::optional<int64_t> number = prio ? prio->integer() : std::nullopt;
  if (!number || !std::in_range<int>(*number)) return refuse(call);
  const Status set = call.client().set_priority(static_cast<int>(*number));
  if (set.code() == StatusCode::overloaded) return answer(call, {.status = ReplyStatus::no_memory});
  if (!set.ok()) return refuse(call);
  answer(call, {.param = fmt::format(R"({{"prio":{}}})", *number)});
}

}  // namespace

Playground::Playground(PlaygroundOptions options)
    : server_({.info = kInfo,
               .password = std::move(options.password),
               .shards = 1,
               .pin_shards = false}) {
}

Status Playground::register_commands() {
  const std::pair<const char*, Server::CommandHandler> commands[] = {
      {"/echo", answer_echo},
      {"/add", answer_add},
      {"/wild/", answer_wild},
      {"/method", answer_method},
      {"/fail", answer_fail},
      {"/prio", answer_prio},
      {"/dgram/last", [this](Call& call) { answer(call, {.param = last_datagram_json()}); }},
      {"/get_data", [this](Call& call) { streams_.get_data(call); }},
      {"/put_data", [this](Call& call) { streams_.put_data(call); }},
      {"/put_result", [this](Call& call) { streams_.put_result(call); }},
  };
  for (const auto& [url, handler] : commands) {
    if (Status status = server_.command(url, handler); !status.ok()) return status;
  }
  return {};
}

Status Playground::listen(const std::string& address) {
  if (Status status = register_commands(); !status.ok()) return status;
  server_.on_data(
      [this](RemoteClient client, std::string_view url, const PayloadView& payload,
             Channel channel) { take_datagram(std::move(client), url, payload, channel); });
  return server_.listen(address);
}

void Playground::take_datagram(RemoteClient client, std::string_view url,
                               const PayloadView& payload, Channel channel) {
  ++counts_.datagrams;
  last_ = {std::string(url), is_json(payload.param) ? std::string(payload.param) : "null",
           payload.data.size(), channel};
  if (url.empty()) return;
  if (!client.datagram(url, payload, channel).ok()) ++counts_.echoes_refused;
}

std::string Playground::last_datagram_json() const {
  if (counts_.datagrams == 0) return R"({"n":0,"last":null})";
  return fmt::format(R"({{"n":{},"last":{{"url":{},"quick":{},"param":{},"len":{}}}}})",
                     counts_.datagrams, json_string(last_.url), last_.channel == Channel::quick,
                     last_.param, last_.data_bytes);
}

Status Playground::publish_round() {
  const uint64_t n = ++counts_.rounds;
  Status first_failure;
  const auto publish = [&](const std::string& url, const PayloadView& payload, Channel channel) {
    const Status status = server_.publish(url, payload, channel);
    if (status.ok()) return;
    ++counts_.publishes_refused;
    if (first_failure.ok()) first_failure = status;
  };
  const std::string tick = fmt::format(R"({{"n":{}}})", n);
  publish("/tick", {.param = tick}, Channel::normal);
  for (int id = 1; id <= kVehicles; ++id) {
    const std::string param = fmt::format(R"({{"id":{},"x":{},"y":-{}}})", id, n, n);
    const char data[2] = {static_cast<char>(id), static_cast<char>(n & 255)};
    publish(fmt::format("/fleet/{}/pos", id), {.param = param, .data = {data, sizeof data}},
            Channel::normal);
  }
  publish("/qtick", {.param = tick, .data = "Q"}, Channel::quick);
  return first_failure;
}

void run_rounds(Playground& playground, WaitPoint& wait_point) {
  auto next = WaitPoint::Clock::now();
  while (wait_point.wait_until(next) != Wake::interrupted) {
    // What was refused is in the counts; the next round may get through.
    [[maybe_unused]] const Status published = playground.publish_round();
    // A process that was stopped for a while goes on from here, without a burst.
    next = std::max(next + Playground::kRoundInterval, WaitPoint::Clock::now());
  }
}

}  // namespace ringroad::tools
