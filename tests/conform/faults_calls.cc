#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

/// Calls that want no reply have a seqno of n << 16.
bool wants_no_reply(uint32_t seqno) {
  return seqno != 0 && (seqno & 0xffff) == 0;
}

const std::vector<Fault> kFaults = {
    {"method-always-get",
     {"method"},
     "",
     [](Passing& p) {
       if (p.answers("/method")) p.packet.param = R"({"method":0})";
     }},
    {"sum-is-43",
     {"add"},
     "",
     [](Passing& p) {
       if (p.answers("/add")) replace(p.packet.param, "42", "43");
     }},
    {"sum-is-text",
     {"add"},
     "",
     [](Passing& p) {
       if (p.answers("/add")) replace(p.packet.param, "42", "\"42\"");
     }},
    {"bad-params-added",
     {"add"},
     "",
     [](Passing& p) {
       if (p.answers("/add")) p.packet.status = 0;
     }},
    {"unknown-url-accepted",
     {"invalid-url"},
     "",
     [](Passing& p) {
       if (p.answers("/no/such/url")) p.packet.status = 0;
     }},
    {"unknown-url-unanswered",
     {"invalid-url"},
     "",
     [](Passing& p) { drop_if(p, p.answers("/no/such/url")); }},
    {"below-exact-accepted",
     {"invalid-url"},
     "",
     [](Passing& p) {
       if (p.answers("/echo/below")) p.packet.status = 0;
     }},
    {"failure-is-success",
     {"error-status"},
     "",
     [](Passing& p) {
       if (p.answers("/fail")) p.packet.status = 0;
     }},
    {"failure-loses-payload",
     {"error-status"},
     "",
     [](Passing& p) {
       if (p.answers("/fail")) p.packet.param.clear();
     }},
    {"status-has-seven-bits",
     {"error-status"},
     "",
     [](Passing& p) {
       if (p.answers("/fail")) p.packet.status &= 0x7f;
     }},
    {"wild-tells-its-pattern",
     {"wildcard"},
     "",
     [](Passing& p) {
       if (p.direction == kOut) replace(p.packet.param, R"("/wild/x")", R"("/wild/")");
     }},
    {"wild-joins-slashes",
     {"wildcard"},
     "",
     [](Passing& p) {
       if (p.direction == kOut) replace(p.packet.param, "/wild//x", "/wild/x");
     }},
    {"wild-without-itself",
     {"wildcard"},
     "",
     [](Passing& p) {
       if (p.answers("/wild")) p.packet.status = 2;
     }},
    {"wild-takes-siblings",
     {"wildcard"},
     "",
     [](Passing& p) {
       if (p.answers("/wildx")) p.packet.status = 0;
     }},
    {"answers-swapped",
     {"concurrent"},
     "",
     [](Passing& p) {
       if (!echoes_param(p, R"({"call":)")) return;
       std::vector<WirePacket>& held = p.memory.held;
       held.push_back(p.packet);
       drop_if(p, held.size() % 2 == 1);
       if (held.size() % 2 == 1) return;
       std::swap(held[held.size() - 2].seqno, p.packet.seqno);
       p.more_to_client.push_back(held[held.size() - 2]);
     }},
    {"one-answer-lost",
     {"concurrent"},
     "",
     [](Passing& p) { drop_if(p, p.direction == kOut && p.packet.param == R"({"call":100})"); }},
    {"no-reply-closes",
     {"no-reply"},
     "",
     [](Passing& p) { close_if(p, p.is(kIn, kRpc) && wants_no_reply(p.packet.seqno)); }},
    {"no-reply-answers-the-next",
     {"no-reply"},
     "",
     [](Passing& p) {
       if (p.answers("/echo") && contains(p.request->param, "waited")) {
         p.packet.param = R"({"nobody":"waits"})";
       }
     }},

    {"method-always-set",
     {"method"},
     "",
     [](Passing& p) {
       if (p.answers("/method")) p.packet.param = R"({"method":1})";
     }},
    {"wild-refused",
     {"wildcard"},
     "",
     [](Passing& p) {
       if (p.answers("/wild/x/y")) p.packet.status = 2;
     }},
};

}  // namespace

std::vector<Fault> call_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
