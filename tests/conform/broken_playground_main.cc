// broken_playground_main.cc — `broken_playground [--break NAME] [--password PW]`, for trying by hand.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "tests/conform/broken_playground.h"

namespace {

using ringroad::conform::Fault;
using ringroad::conform::faults;

int list_faults() {
  for (const Fault& fault : faults()) {
    const std::string skips =
        fault.skips.empty() ? "" : fmt::format("skips {}", fmt::join(fault.skips, " "));
    fmt::print("{:<32} {}{}\n", fault.name, fmt::join(fault.breaks, " "), skips);
  }
  return 0;
}

int serve(const std::string& name, const std::string& password) {
  const auto fault = std::find_if(faults().begin(), faults().end(),
                                  [&](const Fault& known) { return known.name == name; });
  if (!name.empty() && fault == faults().end()) {
    fmt::print(stderr, "broken_playground: --break {}: no such fault, see --list\n", name);
    return 2;
  }
  ringroad::tools::WaitPoint wait_point;
  const ringroad::conform::BrokenPlayground playground(password, name.empty() ? nullptr : &*fault);
  if (!playground.valid()) {
    fmt::print(stderr, "broken_playground: cannot listen on 127.0.0.1\n");
    return 3;
  }
  fmt::print("serving {} with {} (Ctrl-C stops)\n", playground.url(),
             name.empty() ? "no fault" : name);
  std::fflush(stdout);
  while (wait_point.wait() != ringroad::tools::Wake::interrupted) continue;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A playground with one fault, to see that `ringroad conform` notices it.");
  std::string name;
  std::string password;
  bool list = false;
  app.add_option("--break", name, "The fault; none: a faithful playground");
  app.add_option("--password", password, "What clients must present");
  app.add_flag("--list", list, "The faults, each with the checks that must fail; * is all");
  CLI11_PARSE(app, argc, argv);
  return list ? list_faults() : serve(name, password);
}
