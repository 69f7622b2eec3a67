#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

const std::vector<Fault> kFaults = {
    {"get-offers-no-stream",
     {"stream-get"},
     "",
     [](Passing& p) {
       if (p.answers("/get_data")) p.packet.flags &= static_cast<uint8_t>(~kTunnel);
     },
     {},
     "offers no stream"},
    {"get-is-elsewhere",
     {"stream-get"},
     "",
     [](Passing& p) {
       if (p.answers("/get_data")) p.packet.tunnel_id = 1;
     },
     {},
     "nobody listens"},
    {"get-tells-another-size",
     {"stream-get"},
     "",
     [](Passing& p) {
       if (p.answers("/get_data")) replace(p.packet.param, "1048576", "1048577");
     }},
    {"get-never-sends",  // it is a put's stream: takes, and gives nothing
     {"stream-get"},
     "",
     [](Passing& p) {
       if (p.is(kIn, kRpc)) replace(p.packet.url, "/get_data", "/put_data");
       if (p.answers("/get_data")) p.packet.param = R"({"size":1048576})";
     }},
    {"put-offers-no-stream",
     {"stream-put"},
     "",
     [](Passing& p) {
       if (p.answers("/put_data")) p.packet.flags &= static_cast<uint8_t>(~kTunnel);
     },
     {},
     "offers no stream"},
    {"put-loses-a-byte",
     {"stream-put"},
     "",
     [](Passing& p) {
       if (p.answers("/put_result")) replace(p.packet.param, "300007", "300006");
     }},
    {"put-has-another-sum",
     {"stream-put"},
     "",
     [](Passing& p) {
       if (p.answers("/put_result")) replace(p.packet.param, R"("crc32":)", R"("crc32":1)");
     }},
    {"put-has-no-result",
     {"stream-put"},
     "",
     [](Passing& p) { drop_if(p, p.answers("/put_result")); }},
    {"no-streams-at-all",
     {},
     "",
     [](Passing& p) {
       if (!p.answers("/get_data") && !p.answers("/put_data")) return;
       p.packet.flags = kReply;
       p.packet.status = 3;
     },
     {"stream-get", "stream-put"}},
};

}  // namespace

std::vector<Fault> stream_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
