#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

const std::vector<Fault> kFaults = {
    {"no-handshake", {kEverything}, "", [](Passing& p) { drop_if(p, p.is(kOut, kServinfo)); }},
    {"handshake-status-9",
     {kEverything},
     "",
     [](Passing& p) {
       if (p.is(kOut, kServinfo)) p.packet.status = 9;
     }},
    {"info-not-json",
     {"connect"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kServinfo)) p.packet.param = "{oops";
     }},
    {"wrong-password-accepted",
     {"password-wrong"},
     "pw",
     [](Passing& p) {
       if (p.is(kIn, kServinfo) && contains(p.packet.param, "-wrong")) {
         p.packet.param = R"({"passwd":")" + p.server.password + R"("})";
       }
     }},
    {"missing-password-accepted",
     {"password-missing"},
     "pw",
     [](Passing& p) {
       if (p.is(kIn, kServinfo) && p.packet.param.empty()) {
         p.packet.param = R"({"passwd":")" + p.server.password + R"("})";
       }
     }},
    {"unneeded-password-refused",
     {"password-unneeded"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kServinfo) && p.request != nullptr && !p.request->param.empty()) {
         p.packet.status = 1;
       }
     }},
    {"ping-unanswered", {"ping"}, "", [](Passing& p) { drop_if(p, p.is(kOut, kPing)); }},
    {"ping-other-seqno",
     {"ping"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kPing)) p.packet.seqno += 7;
     }},
    {"ping-other-type",
     {"ping"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kPing)) p.packet.type = kRpc;
     }},
    {"noop-closes", {"noop"}, "", [](Passing& p) { close_if(p, p.is(kIn, kNoop)); }},
    {"first-connection-dies", {"alive"}, "", [](Passing& p) { p.close_first = p.is(kIn, kNoop); }},
    {"first-connection-deaf",
     {"alive"},
     "",
     [](Passing& p) { drop_if(p, p.is(kIn, kRpc) && p.memory.ordinal == 0); }},
    {"subscriptions-survive",
     {"reconnect"},
     "",
     [](Passing& p) {
       if (!p.is(kIn, kSubscribe) || p.packet.url != "/fleet/1/pos") return;
       if (!p.subscribed_exactly({"/fleet/1/pos"})) return;
       p.more_to_server.push_back({.type = kSubscribe, .seqno = 0x7fff0000, .url = "/tick"});
     }},

    {"ids-all-equal", {"connect"}, "", [](Passing& p) { call_client(p, 7); }},
    {"wrong-password-unanswered",
     {"password-wrong"},
     "pw",
     [](Passing& p) {
       drop_if(p, p.is(kOut, kServinfo) && p.request != nullptr &&
                      contains(p.request->param, "-wrong"));
     }},
    {"wrong-password-other-status",
     {"password-wrong"},
     "pw",
     [](Passing& p) {
       if (p.is(kOut, kServinfo) && p.request != nullptr && contains(p.request->param, "-wrong")) {
         p.packet.status = 2;
       }
     }},
    {"missing-password-unanswered",
     {"password-missing"},
     "pw",
     [](Passing& p) {
       drop_if(p, p.is(kOut, kServinfo) && p.request != nullptr && p.request->param.empty());
     }},
    {"noop-is-a-request",
     {"noop"},
     "",
     [](Passing& p) {
       if (p.is(kIn, kNoop)) ++p.memory.seen;
       if (p.answers("/echo") && p.memory.seen > 0) p.packet.param = "{}";
     }},
    {"first-connection-forgets",
     {"alive"},
     "",
     [](Passing& p) {
       if (p.answers("/echo") && p.memory.ordinal == 0) p.packet.param.clear();
     }},
    {"reconnect-refused",
     {"reconnect"},
     "",
     [](Passing& p) {
       if (echoes_param(p, "alive")) p.server.seen = 1;
       if (p.is(kIn, kServinfo) && p.server.seen > 0) close_if(p, ++p.server.seen == 3);
     }},
    {"reconnect-answers-wrong",
     {"reconnect"},
     "",
     [](Passing& p) {
       if (echoes_param(p, "again")) p.packet.param = "{}";
     }},
    {"reconnect-hears-nothing",
     {"reconnect"},
     "",
     [](Passing& p) {
       drop_if(p, p.is(kOut, kPublish) && p.subscribed_exactly({"/fleet/1/pos"}));
     }},
};

}  // namespace

std::vector<Fault> connection_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
