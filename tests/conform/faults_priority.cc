#include "tests/conform/fault_tables.h"

namespace ringroad::conform {
namespace {

bool sets_priority(const Passing& p) {
  return p.answers("/prio") && (p.request->flags & kSet) != 0;
}

const std::vector<Fault> kFaults = {
    {"priority-is-forgotten",
     {"priority"},
     "",
     [](Passing& p) {
       if (p.answers("/prio") && !sets_priority(p) && p.packet.status == 0) {
         p.packet.param = R"({"prio":0})";
       }
     }},
    {"priority-answers-another",
     {"priority"},
     "",
     [](Passing& p) {
       if (sets_priority(p)) replace(p.packet.param, "7", "6");
     }},
    {"priority-unanswered", {"priority"}, "", [](Passing& p) { drop_if(p, sets_priority(p)); }},
    {"bad-priority-accepted",
     {"priority"},
     "",
     [](Passing& p) {
       if (sets_priority(p)) p.packet.status = 0;
     }},
    {"priority-starts-high",
     {"priority"},
     "",
     [](Passing& p) {
       if (p.answers("/prio") && p.memory.seen++ == 0) p.packet.param = R"({"prio":1})";
     }},
    {"priority-loses-a-tick",
     {"priority"},
     "",
     [](Passing& p) {
       if (sets_priority(p)) p.memory.seen = 1;
       if (p.memory.seen == 1 && p.is(kOut, kPublish)) {
         p.memory.seen = 2;
         p.fate = Fate::drop;
       }
     }},
    {"harmless-priority-is-not-told",
     {},
     "",
     [](Passing& p) { drop_if(p, p.is(kOut, kQosSetup)); }},
    {"no-priorities",
     {},
     "",
     [](Passing& p) {
       if (!p.answers("/prio")) return;
       p.packet.status = 3;
       p.packet.param.clear();
     },
     {"priority"}},
};

}  // namespace

std::vector<Fault> priority_faults() {
  return kFaults;
}

}  // namespace ringroad::conform
