// What a server may do: none of it may fail a check.
#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

bool is_call_answer(const Passing& p) {
  return p.direction == kOut && p.request != nullptr && p.request->type == kRpc;
}

const std::vector<Fault> kFaults = {
    {"harmless-overtaking",
     {},
     "",
     [](Passing& p) {
       if (!echoes_param(p, R"({"call":)")) return;
       std::vector<WirePacket>& held = p.memory.held;
       if (held.empty()) {
         held.push_back(p.packet);
         p.fate = Fate::drop;
         return;
       }
       p.more_to_client.push_back(held.front());
       held.clear();
     }},
    {"harmless-answers-twice",
     {},
     "",
     [](Passing& p) {
       if (is_call_answer(p)) p.more_to_client.push_back(p.packet);
     }},
    {"harmless-spaces-in-json",
     {},
     "",
     [](Passing& p) {
       if (p.direction == kOut) replace(p.packet.param, ":", " : ");
     }},
    {"harmless-number-text",
     {},
     "",
     [](Passing& p) {
       if (p.answers("/add")) replace(p.packet.param, "42", "4.2e1");
     }},
    {"harmless-ids-from-zero",
     {},
     "",
     [](Passing& p) { call_client(p, static_cast<uint32_t>(p.memory.ordinal)); },
     {},
     "PASS connect client id 0,"},
    {"harmless-unasked-packets",
     {},
     "",
     [](Passing& p) {
       if (!is_call_answer(p)) return;
       p.more_to_client.push_back({.type = kPing, .seqno = p.packet.seqno + 1});
       p.more_to_client.push_back({.type = kNoop});
       p.more_to_client.push_back({.type = kRpc, .seqno = p.packet.seqno + 1, .url = "/echo"});
     }},
    {"no-urls-known",
     {},
     "",
     [](Passing& p) {
       if (!is_call_answer(p)) return;
       p.packet = {.type = kRpc, .flags = kReply, .status = 3, .seqno = p.packet.seqno};
     },
     {"echo-get", "echo-set", "echo-json", "echo-60k", "echo-largest", "method", "add",
      "error-status", "wildcard", "concurrent", "no-reply", "datagram", "quick-datagram",
      "priority", "stream-get", "stream-put"}},
    {"no-topics-known",
     {},
     "",
     [](Passing& p) {
       if (p.is(kOut, kSubscribe)) p.packet.status = 3;
     },
     {"subscribe-exact", "subscribe-prefix", "subscribe-not-children", "subscribe-all",
      "subscribe-list", "unsub-empty", "quick-publish", "reconnect"}},
};

}  // namespace

std::vector<Fault> harmless_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
