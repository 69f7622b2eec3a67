#include "client/lookup.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "proto/position.h"

namespace ringroad::client {

using Kind = proto::PositionAnswer::Kind;

Lookup::Lookup(std::vector<engine::Address> servers, Question question)
    : servers_(std::move(servers)),
      question_(std::move(question)),
      key_(proto::lower_case(question_.name)),
      query_(proto::position_query_text(question_.name, question_.family)) {
  CHECK(!servers_.empty());
}

Lookup::Step Lookup::on_datagram(std::string_view text) {
  CHECK(!result_.has_value());
  const proto::PositionAnswer answer = proto::parse_position_answer(text);
  if (!answer.name.empty() && proto::lower_case(answer.name) != key_) return Step::wait;
  if (answer.kind == Kind::malformed) {
    return settle({StatusCode::bad_response, "position server " + server().to_string() +
                                                 " answered with something that is no position"});
  }
  const AddressFamily family = question_.family;
  const bool fits = family == AddressFamily::any || answer.position.family() == family;
  if (answer.kind == Kind::unknown || !fits) {
    return settle({StatusCode::not_found,
                   "position server " + server().to_string() + " does not know \"" + key_ + "\"" +
                       (family == AddressFamily::any ? "" : " under this address family")});
  }
  result_ = answer.position;
  return Step::end;
}

Lookup::Step Lookup::on_silence() {
  if (++tries_ <= kTries) return Step::send;
  return settle({StatusCode::timed_out, "position server " + server().to_string() +
                                            " did not answer " + std::to_string(kTries) +
                                            " queries within " +
                                            std::to_string(try_time().count()) + " ms each"});
}

Lookup::Step Lookup::on_failure(const Status& cause) {
  CHECK(!cause.ok());
  return settle({cause.code(), "position server " + server().to_string() + ": " + cause.message()});
}

/// This server is done with; the next, if there is one.
Lookup::Step Lookup::settle(Status cause) {
  CHECK(!result_.has_value());
  // One that does not know it says more than one that says nothing.
  const bool answered = cause.code() == StatusCode::not_found;
  if (answered || cause_.code() != StatusCode::not_found) cause_ = std::move(cause);
  if (asked_ + 1 == servers_.size()) {
    result_ = cause_;
    return Step::end;
  }
  ++asked_;
  tries_ = 1;
  return Step::open;
}

const Result<ServerPosition>& Lookup::result() const {
  CHECK(result_.has_value());
  return *result_;
}

Status Lookup::cause() const {
  if (!cause_.ok()) return cause_;
  return {StatusCode::timed_out, "position server " + server().to_string() + " has not answered"};
}

std::chrono::milliseconds try_time_within(std::chrono::milliseconds time, size_t servers) {
  const auto shares = static_cast<int64_t>(servers) * Lookup::kTries + 1;
  return std::clamp(time / shares, std::chrono::milliseconds(1), LookupOptions().timeout);
}

}  // namespace ringroad::client
