#include <fmt/format.h>

#include "tools/conform_call.h"
#include "tools/conform_checks.h"
#include "tools/json_value.h"

namespace ringroad::tools {
namespace {

/// Why somebody got in who should not.
std::string laxness(Examination& examination, const std::string& password) {
  if (password.empty()) return "it does not ask for a password";
  Guest guest(examination.exam, examination.loop);
  const Status status = guest.connect_with("", examination.exam.patience());
  return status.ok() ? "it does not ask for a password" : "it takes a wrong password";
}

/// Tries to log in where that must fail: with status 1, or as the official Go server says it (B7).
Judgement expect_refusal(Examination& examination, const std::string& password) {
  Guest guest(examination.exam, examination.loop);
  const Status status = guest.connect_with(password, examination.exam.patience());
  if (status.ok()) {
    return failure("the server let the client in: " + laxness(examination, password));
  }
  if (status.code() != StatusCode::wrong_password) return failure(why("connect", status));
  return pass(std::string(to_string(status.code())));
}

constexpr const char* kNoPassword = "no --password was given: the server is taken to need none";

}  // namespace

Judgement check_connect(Examination& examination) {
  const std::string info = examination.first.client().server_info();
  if (!info.empty() && !JsonValue::parse(info)) {
    return failure(fmt::format("the server's information is not JSON: {}", shown(info)));
  }
  const Client& first = examination.first.client();
  Guest second(examination.exam, examination.loop);
  if (Status status = second.connect(); !status.ok()) return failure(why("a second", status));
  if (first.has_id() && second.client().has_id() && second.client().id() == first.id()) {
    return failure(fmt::format("a second connection has client id {} as well", first.id()));
  }
  const std::string id = first.has_id() ? fmt::format("client id {}", first.id()) : "no client id";
  return pass(fmt::format("{}, {}", id, info.empty() ? "no information" : shown(info)));
}

Judgement check_password_wrong(Examination& examination) {
  if (examination.exam.password.empty()) return not_applicable(kNoPassword);
  return expect_refusal(examination, examination.exam.password + "-wrong");
}

Judgement check_password_missing(Examination& examination) {
  if (examination.exam.password.empty()) return not_applicable(kNoPassword);
  return expect_refusal(examination, "");
}

Judgement check_password_unneeded(Examination& examination) {
  if (!examination.exam.password.empty()) {
    return not_applicable("--password was given, so the server is taken to need one");
  }
  Guest guest(examination.exam, examination.loop);
  const Status status = guest.connect_with("unneeded", examination.exam.patience());
  if (!status.ok()) return failure(why("with a password that nobody asked for", status));
  return pass();
}

Judgement check_ping(Examination& examination) {
  constexpr int kPings = 3;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  for (int i = 0; i < kPings; ++i) {
    if (Status status = guest.ping(); !status.ok()) return failure(why("ping", status));
  }
  return pass();
}

Judgement check_noop(Examination& examination) {
  constexpr int kNoops = 3;
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  for (int i = 0; i < kNoops; ++i) {
    if (Status status = guest.client().noop(); !status.ok()) return failure(why("noop", status));
  }
  return expect_life(guest, R"({"noop":true})");
}

/// The connection of the first check, after everything else.
Judgement check_alive(Examination& examination) {
  Client& client = examination.first.client();
  if (!client.connected()) return failure("the first connection was closed in the meantime");
  return expect_life(examination.first, R"({"alive":true})");
}

/// A connection that ends takes its subscriptions with it; the next one is as good as the first.
Judgement check_reconnect(Examination& examination) {
  Guest guest(examination.exam, examination.loop);
  if (Status status = guest.connect(); !status.ok()) return failure(why("connect", status));
  const Status first = guest.subscribe({"/tick"});
  if (is_unknown_topic(first)) return skip("/tick: the server refused it with status 3");
  if (!first.ok()) return failure(why("subscribe /tick", first));
  if (!guest.wait_for("/tick", 1)) return failure(kNoTicks);
  guest.client().disconnect();
  const size_t before = guest.messages().size();
  if (Status status = guest.connect(); !status.ok()) return failure(why("the second", status));
  if (Judgement again = expect_life(guest, R"({"again":true})"); !again.passed()) return again;
  const Status second = guest.subscribe({"/fleet/1/pos"});
  if (is_unknown_topic(second)) return skip("/fleet/1/pos: the server refused it with status 3");
  if (!second.ok()) return failure(why("subscribe after it", second));
  if (!guest.wait_for("/fleet/1/pos", 2)) return failure("nothing came after the second connect");
  const MessageBox::Messages all = guest.messages().all();
  const MessageBox::Messages after(all.begin() + static_cast<ptrdiff_t>(before), all.end());
  if (count_of(after, "/tick") > 0) return failure("the subscription outlived its connection");
  return pass();
}

}  // namespace ringroad::tools
