#include <fmt/format.h>

#include <optional>
#include <string>

#include "tools/conform_call.h"
#include "tools/conform_checks.h"
#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

constexpr const char* kPrio = "/prio";
constexpr const char* kTick = "/tick";
constexpr size_t kTicks = 2;  // before, between and behind the changes

std::string prio_json(int priority) {
  return fmt::format(R"({{"prio":{}}})", priority);
}

Judgement set_and_see(Guest& guest, int priority) {
  const std::string param = prio_json(priority);
  const Judgement set = expect_param(guest, kPrio, {.method = Method::set, .param = param}, param);
  if (!set.passed()) return not_skipped(set);
  return not_skipped(expect_param(guest, kPrio, {.method = Method::get}, param));
}

/// No round was lost, doubled or moved by the changes.
Judgement judge_ticks(const MessageBox::Messages& messages) {
  int64_t last = 0;
  for (const GuestMessage& message : messages) {
    const std::optional<JsonValue> param = JsonValue::parse(message.param);
    const std::optional<JsonValue> member = param ? param->member("n") : std::nullopt;
    const int64_t n = member ? member->integer().value_or(0) : 0;
    if (last != 0 && n != last + 1) {
      return failure(
          fmt::format("/tick: round {} came after round {} while the priority changed", n, last));
    }
    last = n;
  }
  return pass();
}

}  // namespace

Judgement check_priority(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const Judgement first = expect_param(guest, kPrio, {.method = Method::get}, prio_json(0));
  if (!first.passed()) return first;
  const Status subscribed = guest.subscribe({kTick});
  const bool has_ticks = !is_unknown_topic(subscribed);
  if (has_ticks && !subscribed.ok()) return failure(why("subscribe /tick", subscribed));
  size_t ticks = 0;
  for (const int priority : {7, 3, 0}) {
    if (has_ticks && !guest.wait_for(kTick, ticks += kTicks)) return failure(kNoTicks);
    const Judgement judgement = set_and_see(guest, priority);
    if (!judgement.passed()) return judgement;
  }
  if (guest.client().mirrors_flags()) return judge_ticks(guest.messages().all());  // C6
  for (const char* bad : {R"({"prio":8})", R"({"prio":-1})", R"({"prio":"1"})", "[]", ""}) {
    const Judgement refused =
        not_skipped(expect_status(guest, kPrio, {.method = Method::set, .param = bad}, 2));
    if (!refused.passed()) return refused;
  }
  const Judgement last = not_skipped(expect_param(guest, kPrio, {}, prio_json(0)));
  if (!last.passed() || !has_ticks) return last;
  if (!guest.wait_for(kTick, ticks + kTicks)) return failure(kNoTicks);
  return judge_ticks(guest.messages().all());
}

}  // namespace ringroad::tools
