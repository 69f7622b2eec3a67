// conform_call.h — calls of a check: the answer, or the judgement that its absence is.
// Thread: main thread.   Bound: Exam::patience().
// Why here: "status 3 is a SKIP" holds for every URL of the contract, in one place.
#pragma once

#include <string>
#include <string_view>

#include "tools/conform_guest.h"
#include "tools/conform_report.h"

namespace ringroad::tools {

/// What a call came to. `judgement` passed: there is a reply to judge.
struct Asked {
  Judgement judgement;
  Reply reply;
};

/// No answer is a failure; status 3 is a skip: the server does not have this part of the contract.
Asked ask(Guest& guest, std::string_view url, const CallRequest& request = {});
/// The same, and any status but success is a failure.
Asked ask_for_success(Guest& guest, std::string_view url, const CallRequest& request = {});
/// Success with this param, by value.
Judgement expect_param(Guest& guest, std::string_view url, const CallRequest& request,
                       std::string_view param);
/// For what the server has shown to have: answering status 3 there is a failure.
Judgement not_skipped(Judgement judgement);
/// The connection works: /echo sends this back, or the server says that it has no /echo.
Judgement expect_life(Guest& guest, const std::string& param);
/// This status, whatever it is.
Judgement expect_status(Guest& guest, std::string_view url, const CallRequest& request, int status);

/// Cut to a line's length.
std::string shown(std::string_view text);

}  // namespace ringroad::tools
