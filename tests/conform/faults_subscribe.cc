#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

const std::set<std::string> kOnlyTick = {"/tick"};
const std::set<std::string> kOnlyFleet = {"/fleet/"};
const std::set<std::string> kOnlyAll = {"/"};
const std::set<std::string> kAllAndTick = {"/", "/tick"};
const std::set<std::string> kList = {"/fleet/2/pos", "/tick"};

bool publishes(const Passing& p, const std::set<std::string>& to, std::string_view url) {
  return p.is(kOut, kPublish) && p.subscribed_exactly(to) && p.packet.url == url;
}

/// The request is for /tick, on a connection that never asked for anything else.
bool about_only_tick(const Passing& p, const WirePacket& request) {
  return request.type == kUnsubscribe && request.url == "/tick" && p.subscribed_exactly(kOnlyTick);
}

// A client of the check of priorities has subscribed to /tick alone, too.
const std::vector<Fault> kFaults = {
    {"exact-gets-below",
     {"subscribe-exact", "priority"},
     "",
     [](Passing& p) {
       if (!publishes(p, kOnlyTick, "/tick")) return;
       p.more_to_client.push_back({.type = kPublish, .url = "/tick/x", .param = "{}"});
     }},
    {"exact-skips-rounds",
     {"subscribe-exact", "priority"},
     "",
     [](Passing& p) { drop_if(p, publishes(p, kOnlyTick, "/tick") && ++p.memory.seen % 2 == 0); }},
    {"exact-doubled",
     {"subscribe-exact", "priority"},
     "",
     [](Passing& p) {
       if (publishes(p, kOnlyTick, "/tick")) p.more_to_client.push_back(p.packet);
     }},
    {"exact-has-data",
     {"subscribe-exact"},
     "",
     [](Passing& p) {
       if (publishes(p, kOnlyTick, "/tick")) p.packet.data = "x";
     }},
    {"exact-has-more-members",
     {"subscribe-exact"},
     "",
     [](Passing& p) {
       if (publishes(p, kOnlyTick, "/tick")) replace(p.packet.param, "}", R"(,"more":1})");
     }},
    {"unsubscribe-ignored",
     {"subscribe-exact"},
     "",
     [](Passing& p) { pretend(p, p.direction == kIn && about_only_tick(p, p.packet)); }},
    {"unsubscribe-refused",
     {"subscribe-exact"},
     "",
     [](Passing& p) {
       if (p.request != nullptr && about_only_tick(p, *p.request)) p.packet.status = 2;
     }},
    {"prefix-misses-one",
     {"subscribe-prefix"},
     "",
     [](Passing& p) { drop_if(p, publishes(p, kOnlyFleet, "/fleet/2/pos")); }},
    {"prefix-wrong-data",
     {"subscribe-prefix"},
     "",
     [](Passing& p) {
       if (publishes(p, kOnlyFleet, "/fleet/3/pos")) flip_bit(p.packet.data, 1);
     }},
    {"prefix-wrong-sign",
     {"subscribe-prefix"},
     "",
     [](Passing& p) {
       if (publishes(p, kOnlyFleet, "/fleet/1/pos")) replace(p.packet.param, "\"y\":-", "\"y\":");
     }},
    {"prefix-out-of-order",
     {"subscribe-prefix"},
     "",
     [](Passing& p) {
       if (!publishes(p, kOnlyFleet, "/fleet/1/pos") || ++p.memory.seen > 2) return;
       drop_if(p, p.memory.seen == 1);
       if (p.memory.seen == 1) p.memory.held = {p.packet};
       if (p.memory.seen == 2) p.more_to_client = p.memory.held;
     }},
    {"prefix-unsubscribe-ignored",
     {"subscribe-prefix"},
     "",
     [](Passing& p) { pretend(p, p.is(kIn, kUnsubscribe) && p.packet.url == "/fleet/"); }},
    {"plain-gets-children",
     {"subscribe-not-children"},
     "",
     [](Passing& p) {
       if (p.is(kIn, kSubscribe) && p.packet.url == "/fleet") p.packet.url = "/fleet/";
     }},
    {"plain-is-a-text-prefix",
     {"subscribe-not-children"},
     "",
     [](Passing& p) {
       if (p.is(kIn, kSubscribe) && p.packet.url == "/tic") p.packet.url = "/tick";
     }},
    {"all-misses-tick",
     {"subscribe-all"},
     "",
     [](Passing& p) { drop_if(p, publishes(p, kOnlyAll, "/tick")); }},
    {"overlap-doubled",
     {"subscribe-all"},
     "",
     [](Passing& p) {
       if (publishes(p, kAllAndTick, "/tick")) p.more_to_client.push_back(p.packet);
     }},
    {"all-gets-strangers",
     {"subscribe-all"},
     "",
     [](Passing& p) {
       if (!publishes(p, kOnlyAll, "/tick")) return;
       p.more_to_client.push_back({.type = kPublish, .url = "/stranger"});
     }},
    {"all-unsubscribe-ignored",
     {"subscribe-all"},
     "",
     [](Passing& p) { pretend(p, p.is(kIn, kUnsubscribe) && p.packet.url == "/"); }},
    {"list-is-everything",
     {"subscribe-list"},
     "",
     [](Passing& p) {
       if (!p.is(kIn, kSubscribe) || !p.packet.url.empty()) return;
       p.packet.url = "/";
       p.packet.param.clear();
     }},
    {"list-keeps-the-first",
     {"subscribe-list"},
     "",
     [](Passing& p) { drop_if(p, publishes(p, kList, "/fleet/2/pos")); }},
    {"list-refused",
     {"subscribe-list"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kSubscribe) && p.request != nullptr && p.request->url.empty()) {
         p.packet.status = 2;
       }
     }},
    {"list-unsubscribe-ignored",
     {"subscribe-list"},
     "",
     [](Passing& p) {
       pretend(p, p.is(kIn, kUnsubscribe) && p.packet.url.empty() && !p.packet.param.empty());
     }},
    {"unsub-empty-refused",
     {"unsub-empty"},
     "",
     [](Passing& p) {
       if (p.direction == kOut && p.request != nullptr && is_empty_unsubscribe(*p.request)) {
         p.packet.status = 2;
       }
     }},
    {"unsub-empty-ignored",
     {"unsub-empty"},
     "",
     [](Passing& p) { pretend(p, p.direction == kIn && is_empty_unsubscribe(p.packet)); }},

    {"prefix-unanswered",
     {"subscribe-prefix"},
     "",
     [](Passing& p) {
       drop_if(p, p.is(kOut, kSubscribe) && p.request != nullptr && p.request->url == "/fleet/");
     }},
    {"prefix-by-quick",
     {"subscribe-prefix"},
     "",
     [](Passing& p) { p.quick = p.quick || publishes(p, kOnlyFleet, "/fleet/1/pos"); }},
    {"plain-unsubscribe-refused",
     {"subscribe-not-children"},
     "",
     [](Passing& p) {
       if (p.is(kOut, kUnsubscribe) && p.request != nullptr && p.request->url == "/fleet") {
         p.packet.status = 2;
       }
     }},
    {"all-misses-qtick",
     {"subscribe-all"},
     "",
     [](Passing& p) { drop_if(p, publishes(p, kOnlyAll, "/qtick")); }},
    {"all-has-qtick-by-tcp",
     {"subscribe-all"},
     "",
     [](Passing& p) {
       if (publishes(p, kOnlyAll, "/qtick")) p.quick = false;
     }},
    {"list-unsubscribe-keeps-one",
     {"subscribe-list"},
     "",
     [](Passing& p) {
       if (p.is(kIn, kUnsubscribe)) replace(p.packet.param, "/tick", "/other");
     }},
    {"unsub-empty-keeps-one",
     {"unsub-empty"},
     "",
     [](Passing& p) {
       if (p.direction != kIn || !is_empty_unsubscribe(p.packet)) return;
       p.packet.url = "/tick";
     }},
};

}  // namespace

std::vector<Fault> subscribe_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
