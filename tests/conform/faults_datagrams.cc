#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

const std::vector<Fault> kFaults = {
    {"datagram-not-echoed",
     {"datagram"},
     "",
     [](Passing& p) { drop_if(p, p.is(kOut, kDatagram) && !p.quick); }},
    {"datagram-other-url",
     {"datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && !p.quick) p.packet.url += "/";
     }},
    {"datagram-other-data",
     {"datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && !p.quick) flip_bit(p.packet.data, 200);
     }},
    {"datagram-other-param",
     {"datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && !p.quick) replace(p.packet.param, "try", "tried");
     }},
    {"datagram-comes-back-quick",
     {"datagram"},
     "",
     [](Passing& p) { p.quick = p.quick || p.is(kOut, kDatagram); }},
    {"datagram-comes-back-published",
     {"datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && !p.quick) p.packet.type = kPublish;
     }},
    {"last-is-null",
     {"datagram", "quick-datagram"},
     "",
     [](Passing& p) {
       if (p.answers("/dgram/last")) p.packet.param = R"({"n":0,"last":null})";
     }},
    {"last-has-another-length",
     {"datagram", "quick-datagram"},
     "",
     [](Passing& p) {
       if (p.answers("/dgram/last")) replace(p.packet.param, R"("len":300)", R"("len":301)");
     }},
    {"last-is-never-quick",
     {"quick-datagram"},
     "",
     [](Passing& p) {
       if (p.answers("/dgram/last")) replace(p.packet.param, R"("quick":true)", R"("quick":false)");
     }},
    {"quick-not-echoed",
     {"quick-datagram"},
     "",
     [](Passing& p) { drop_if(p, p.is(kOut, kDatagram) && p.quick); }},
    {"quick-echoed-by-tcp",
     {"quick-datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram)) p.quick = false;
     }},
    {"quick-loses-param",
     {"quick-datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && p.quick) p.packet.param.clear();
     }},
    {"qtick-missing",
     {"quick-publish"},
     "",
     [](Passing& p) { drop_if(p, p.is(kOut, kPublish) && p.subscribed_exactly({"/qtick"})); }},
    {"qtick-by-tcp",
     {"quick-publish"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kPublish) && p.subscribed_exactly({"/qtick"})) p.quick = false;
     }},
    {"qtick-other-data",
     {"quick-publish"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kPublish) && p.packet.url == "/qtick") p.packet.data = "q";
     }},
    {"qtick-never-counts",
     {"quick-publish"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kPublish) && p.packet.url == "/qtick") p.packet.param = R"({"n":1})";
     }},

    {"datagram-doubled",
     {"datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && !p.quick) p.more_to_client.push_back(p.packet);
     }},
    {"quick-echoed-by-both",
     {"quick-datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && p.quick) p.more_to_client.push_back(p.packet);
     }},
    {"last-counts-to-one",
     {"datagram", "quick-datagram"},
     "",
     [](Passing& p) {
       if (!p.answers("/dgram/last")) return;
       const size_t end = p.packet.param.find(',');
       if (end != p.packet.param.npos) p.packet.param.replace(0, end, R"({"n":1)");
     }},
    {"last-has-another-url",
     {"datagram", "quick-datagram"},
     "",
     [](Passing& p) {
       if (p.answers("/dgram/last")) replace(p.packet.param, R"("url":"/)", R"("url":"/x)");
     }},
    {"qtick-also-by-tcp",
     {"quick-publish"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kPublish) && p.subscribed_exactly({"/qtick"}))
         p.more_to_client.push_back(p.packet);
     }},
    {"largest-datagram-lost",
     {"datagram"},
     "",
     [](Passing& p) { drop_if(p, p.is(kOut, kDatagram) && p.packet.data.size() > 262'000); }},
    {"largest-datagram-changed",
     {"datagram"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kDatagram) && p.packet.data.size() > 262'000) p.packet.data.back() ^= 1;
     }},
    {"qtick-brings-strangers",
     {"quick-publish"},
     "",
     [](Passing& p) {
       if (!p.is(kOut, kPublish) || !p.subscribed_exactly({"/qtick"})) return;
       p.more_to_client.push_back({.type = kPublish, .url = "/stranger", .param = "{}"});
     }},
};

}  // namespace

std::vector<Fault> datagram_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
