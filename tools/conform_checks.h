// conform_checks.h — the checks of `ringroad conform`, in the order they are made.
// Thread: main thread.
// Bound:  each ends with its waits (conform_guest.h).
// Why here: names are a contract with scripts. What is judged is the playground's contract
//           (`ringroad playground --help`); row ids in details are those of docs/WIRE.md.
#pragma once

#include <string_view>
#include <vector>

#include "tools/conform_guest.h"
#include "tools/conform_report.h"

namespace ringroad::tools {

/// Everything a check needs.
struct Examination {
  const Exam& exam;
  ClientLoop& loop;
  Guest& first;  // connected before the first check, and for all of them
};

struct Check {
  std::string_view name;
  Judgement (*run)(Examination&);
};

const std::vector<Check>& conform_checks();

// Handshake and connection: conform_connection.cc
Judgement check_connect(Examination& examination);
Judgement check_password_wrong(Examination& examination);
Judgement check_password_missing(Examination& examination);
Judgement check_password_unneeded(Examination& examination);
Judgement check_ping(Examination& examination);
Judgement check_noop(Examination& examination);
Judgement check_alive(Examination& examination);
Judgement check_reconnect(Examination& examination);

// Calls: conform_calls.cc, conform_echo.cc
Judgement check_echo_get(Examination& examination);
Judgement check_echo_set(Examination& examination);
Judgement check_echo_json(Examination& examination);
Judgement check_echo_60k(Examination& examination);
Judgement check_echo_largest(Examination& examination);
Judgement check_method(Examination& examination);
Judgement check_add(Examination& examination);
Judgement check_invalid_url(Examination& examination);
Judgement check_error_status(Examination& examination);
Judgement check_wildcard(Examination& examination);
Judgement check_concurrent(Examination& examination);
Judgement check_no_reply(Examination& examination);

// Publish and subscribe: conform_subscribe.cc
Judgement check_subscribe_exact(Examination& examination);
Judgement check_subscribe_prefix(Examination& examination);
Judgement check_subscribe_not_children(Examination& examination);
Judgement check_subscribe_all(Examination& examination);
Judgement check_subscribe_list(Examination& examination);
Judgement check_unsub_empty(Examination& examination);

// Datagrams and the quick channel: conform_datagrams.cc
Judgement check_datagram(Examination& examination);
Judgement check_quick_datagram(Examination& examination);
Judgement check_quick_publish(Examination& examination);

// Streams: conform_streams.cc
Judgement check_stream_get(Examination& examination);
Judgement check_stream_put(Examination& examination);

// Quality of service: conform_priority.cc
Judgement check_priority(Examination& examination);

}  // namespace ringroad::tools
