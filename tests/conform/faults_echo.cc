#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

const std::vector<Fault> kFaults = {
    {"get-loses-data",
     {"echo-get"},
     "",
     [](Passing& p) {
       if (echoes_bytes(p, 256) && (p.request->flags & kSet) == 0) p.packet.data.clear();
     }},
    {"get-changes-a-byte",
     {"echo-get"},
     "",
     [](Passing& p) {
       if (echoes_bytes(p, 256) && (p.request->flags & kSet) == 0) flip_bit(p.packet.data, 255);
     }},
    {"get-adds-a-param",
     {"echo-get"},
     "",
     [](Passing& p) {
       if (p.answers("/echo") && p.request->param.empty() && p.request->data.empty() &&
           (p.request->flags & kSet) == 0) {
         p.packet.param = "{}";
       }
     }},
    {"set-loses-param",
     {"echo-set"},
     "",
     [](Passing& p) {
       if (echoes_param(p, "both") && (p.request->flags & kSet) != 0) p.packet.param.clear();
     }},
    {"set-fails",
     {"echo-set"},
     "",
     [](Passing& p) {
       if (echoes_bytes(p, 256) && (p.request->flags & kSet) != 0) p.packet.status = 6;
     }},
    {"json-loses-unicode",
     {"echo-json"},
     "",
     [](Passing& p) {
       if (echoes_param(p, "\xe8\xbb\x8a")) replace(p.packet.param, "\xe8\xbb\x8a", "?");
     }},
    {"json-rounds",
     {"echo-json"},
     "",
     [](Passing& p) {
       if (echoes_param(p, "-273.15")) replace(p.packet.param, "-273.15", "-273.2");
     }},
    {"json-loses-null",
     {"echo-json"},
     "",
     [](Passing& p) {
       if (p.answers("/echo")) replace(p.packet.param, R"("null":null,)", "");
     }},
    {"json-reorders-arrays",
     {"echo-json"},
     "",
     [](Passing& p) {
       if (p.answers("/echo")) replace(p.packet.param, R"([1,"two")", R"(["two",1)");
     }},
    {"json-loses-empty",
     {"echo-json"},
     "",
     [](Passing& p) {
       if (p.answers("/echo") && p.packet.param == "[]") p.packet.param = "{}";
     }},
    {"json-large-integers-are-32-bit",
     {"echo-json"},
     "",
     [](Passing& p) {
       if (p.answers("/echo")) replace(p.packet.param, "9007199254740991", "4294967295");
     }},
    {"data-of-60k-cut",
     {"echo-60k"},
     "",
     [](Passing& p) {
       if (echoes_bytes(p, 61'440)) p.packet.data.pop_back();
     }},
    {"param-of-60k-changed",
     {"echo-60k"},
     "",
     [](Passing& p) {
       if (p.answers("/echo") && p.packet.param.size() > 60'000) p.packet.param[50'000] = 'y';
     }},
    {"largest-closes",
     {"echo-largest"},
     "",
     [](Passing& p) { close_if(p, p.is(kIn, kRpc) && p.packet.data.size() > 262'000); }},
    {"largest-changed",
     {"echo-largest"},
     "",
     [](Passing& p) {
       if (p.answers("/echo") && p.packet.data.size() > 262'000)
         flip_bit(p.packet.data, p.packet.data.size() - 1);
     }},
    {"largest-never-answered",
     {"echo-largest"},
     "",
     [](Passing& p) { drop_if(p, p.answers("/echo") && p.packet.data.size() > 262'000); }},
};

}  // namespace

std::vector<Fault> echo_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
