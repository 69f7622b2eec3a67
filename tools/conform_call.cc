#include "tools/conform_call.h"

#include <fmt/format.h>

#include "tools/json_value.h"
#include "tools/text.h"

namespace ringroad::tools {

Asked ask(Guest& guest, std::string_view url, const CallRequest& request) {
  Result<Reply> reply = guest.call(url, request);
  if (!reply.ok()) return {failure(why(url, reply.status())), {}};
  if (reply->status == ReplyStatus::invalid_url) {
    return {skip(fmt::format("{} answers status 3: the server does not have it", url)), {}};
  }
  return {pass(), std::move(*reply)};
}

Asked ask_for_success(Guest& guest, std::string_view url, const CallRequest& request) {
  Asked asked = ask(guest, url, request);
  if (asked.judgement.passed() && asked.reply.status != ReplyStatus::success) {
    asked.judgement =
        failure(fmt::format("{} answers status {}", url, static_cast<int>(asked.reply.status)));
  }
  return asked;
}

Judgement expect_param(Guest& guest, std::string_view url, const CallRequest& request,
                       std::string_view param) {
  const Asked asked = ask_for_success(guest, url, request);
  if (!asked.judgement.passed()) return asked.judgement;
  const std::string& got = asked.reply.payload.param;
  if (const size_t bytes = asked.reply.payload.data.size(); bytes > 0 && request.data.empty()) {
    return failure(fmt::format("{} answers with {} bytes of data, too", url, bytes));
  }
  if (same_json(got, param)) return pass();
  return failure(fmt::format("{} answers {}, not {}", url, shown(got), shown(param)));
}

Judgement not_skipped(Judgement judgement) {
  if (judgement.verdict == Verdict::skip) judgement = failure("here " + judgement.detail);
  return judgement;
}

Judgement expect_life(Guest& guest, const std::string& param) {
  const Judgement echoed = expect_param(guest, "/echo", {.param = param}, param);
  return echoed.verdict == Verdict::skip ? pass() : echoed;
}

Judgement expect_status(Guest& guest, std::string_view url, const CallRequest& request,
                        int status) {
  const Result<Reply> reply = guest.call(url, request);
  if (!reply.ok()) return failure(why(url, reply.status()));
  const int got = static_cast<int>(reply->status);
  if (got == status) return pass();
  return failure(
      fmt::format("{} {} answers status {}, not {}", url, shown(request.param), got, status));
}

std::string shown(std::string_view text) {
  constexpr size_t kShownMax = 80;
  if (text.empty()) return "nothing";
  if (text.size() <= kShownMax) return std::string(text);
  size_t cut = kShownMax;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80)
    --cut;  // not inside UTF-8
  return fmt::format("{}... ({} bytes)", text.substr(0, cut), grouped(text.size()));
}

}  // namespace ringroad::tools
