// tidy: long file: one table, a few lines per fault; it reads as a list
#include "tests/conform/fault.h"

namespace ringroad::conform {
namespace {

constexpr Direction kIn = Direction::to_server;
constexpr Direction kOut = Direction::to_client;

void replace(std::string& text, std::string_view part, std::string_view by) {
  const size_t at = text.find(part);
  if (at != text.npos) text.replace(at, part.size(), by);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

void drop_if(Passing& p, bool condition) {
  if (condition) p.fate = Fate::drop;
}

void close_if(Passing& p, bool condition) {
  if (condition) p.fate = Fate::close;
}

WirePacket success(const WirePacket& request) {
  return {.type = request.type, .flags = kReply, .seqno = request.seqno};
}

/// The server never hears of it, the client hears that all is well.
void pretend(Passing& p, bool condition) {
  if (!condition) return;
  p.fate = Fate::drop;
  p.more_to_client.push_back(success(p.packet));
}

bool is_empty_unsubscribe(const WirePacket& packet) {
  return packet.type == kUnsubscribe && packet.url.empty() && packet.param.empty();
}

/// Calls that want no reply have a seqno of n << 16.
bool wants_no_reply(uint32_t seqno) {
  return seqno != 0 && (seqno & 0xffff) == 0;
}

/// An echo that was asked for with this in its param.
bool echoes_param(const Passing& p, std::string_view part) {
  return p.answers("/echo") && contains(p.request->param, part);
}

bool echoes_bytes(const Passing& p, size_t bytes) {
  return p.answers("/echo") && p.request->data.size() == bytes;
}

const std::set<std::string> kOnlyTick = {"/tick"};
const std::set<std::string> kOnlyFleet = {"/fleet/"};
const std::set<std::string> kOnlyAll = {"/"};
const std::set<std::string> kAllAndTick = {"/", "/tick"};
const std::set<std::string> kList = {"/fleet/2/pos", "/tick"};

bool publishes(const Passing& p, const std::set<std::string>& to, std::string_view url) {
  return p.is(kOut, kPublish) && p.subscribed_exactly(to) && p.packet.url == url;
}

/// This connection has at some time subscribed to "/".
bool had_everything(const Passing& p) {
  if (p.is(kIn, kSubscribe) && p.packet.url == "/") ++p.memory.seen;
  return p.memory.seen > 0;
}

const std::vector<Fault> kConnectionFaults = {
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
         p.packet.param = R"({"passwd":")" + p.password + R"("})";
       }
     }},
    {"missing-password-accepted",
     {"password-missing"},
     "pw",
     [](Passing& p) {
       if (p.is(kIn, kServinfo) && p.packet.param.empty()) {
         p.packet.param = R"({"passwd":")" + p.password + R"("})";
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
};

const std::vector<Fault> kEchoFaults = {
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
       if (echoes_bytes(p, 256) && (p.request->flags & kSet) == 0) p.packet.data[255] ^= 1;
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
       if (p.answers("/echo") && p.packet.data.size() > 262'000) p.packet.data.back() ^= 1;
     }},
    {"largest-never-answered",
     {"echo-largest"},
     "",
     [](Passing& p) { drop_if(p, p.answers("/echo") && p.packet.data.size() > 262'000); }},
};

const std::vector<Fault> kCallFaults = {
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
};

const std::vector<Fault> kSubscribeFaults = {
    {"exact-gets-below",
     {"subscribe-exact"},
     "",
     [](Passing& p) {
       if (!publishes(p, kOnlyTick, "/tick")) return;
       p.more_to_client.push_back({.type = kPublish, .url = "/tick/x", .param = "{}"});
     }},
    {"exact-skips-rounds",
     {"subscribe-exact"},
     "",
     [](Passing& p) { drop_if(p, publishes(p, kOnlyTick, "/tick") && ++p.memory.seen % 2 == 0); }},
    {"exact-doubled",
     {"subscribe-exact"},
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
     [](Passing& p) {
       const bool in = had_everything(p);
       pretend(p, p.is(kIn, kUnsubscribe) && p.packet.url == "/tick" && !in);
     }},
    {"unsubscribe-refused",
     {"subscribe-exact"},
     "",
     [](Passing& p) {
       const bool in = had_everything(p);
       if (p.is(kOut, kUnsubscribe) && p.request != nullptr && p.request->url == "/tick" && !in) {
         p.packet.status = 2;
       }
     }},
    {"prefix-misses-one",
     {"subscribe-prefix"},
     "",
     [](Passing& p) { drop_if(p, publishes(p, kOnlyFleet, "/fleet/2/pos")); }},
    {"prefix-wrong-data",
     {"subscribe-prefix"},
     "",
     [](Passing& p) {
       if (publishes(p, kOnlyFleet, "/fleet/3/pos")) p.packet.data[1] ^= 1;
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
};

const std::vector<Fault> kDatagramFaults = {
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
       if (p.is(kOut, kDatagram) && !p.quick) p.packet.data[200] ^= 1;
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
     [](Passing& p) { drop_if(p, p.is(kOut, kPublish) && p.packet.url == "/qtick"); }},
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
};

}  // namespace

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> joined;
    for (const auto* part :
         {&kConnectionFaults, &kEchoFaults, &kCallFaults, &kSubscribeFaults, &kDatagramFaults}) {
      joined.insert(joined.end(), part->begin(), part->end());
    }
    return joined;
  }();
  return all;
}

}  // namespace ringroad::conform
