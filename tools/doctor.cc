// doctor.cc — `ringroad doctor`: says what this kernel and these limits allow, and what to change.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "ringroad/server.h"
#include "tools/commands.h"
#include "tools/doctor_findings.h"
#include "tools/limits.h"
#include "tools/terminal.h"

namespace ringroad::tools {
namespace {

/// The only honest test: start one, as `serve` does.
Status try_server() {
  raise_file_limit();
  Server server;
  return server.listen("127.0.0.1:0");
}

Finding kernel_finding() {
  utsname name = {};
  uname(&name);
  return {Grade::good, "kernel", fmt::format("{} {}", name.sysname, name.release)};
}

std::vector<Finding> examine() {
  const Limit files = file_limit();  // before the trial raises it
  const Status trial = try_server();
  return {kernel_finding(),
          judge_engine(trial, first_line("/proc/sys/kernel/io_uring_disabled"),
                       process_status("Seccomp")),
          judge_cores(allowed_cores(), static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN))),
          judge_files(files, allowed_cores().size()),
          judge_locked_memory(locked_memory_limit()),
          judge_backlog(first_line("/proc/sys/net/core/somaxconn")),
          judge_ports(first_line("/proc/sys/net/ipv4/ip_local_port_range")),
          judge_send_memory(first_line("/proc/sys/net/ipv4/tcp_wmem"))};
}

std::string mark(Grade grade, const Palette& palette) {
  switch (grade) {
    case Grade::good:
      return palette.good("ok  ");
    case Grade::note:
      return palette.strong("note");
    case Grade::bad:
      return palette.bad("FAIL");
  }
  return "";
}

ExitCode run_doctor(const std::string& program) {
  const Palette palette(stdout_output());
  fmt::print("{}\n\n", palette.strong("Ringroad doctor: what this kernel and these limits allow"));
  bool runs = true;
  for (const Finding& finding : examine()) {
    runs = runs && finding.grade != Grade::bad;
    fmt::print("  {}  {:<14}{}\n", mark(finding.grade, palette), finding.name, finding.text);
  }
  if (runs) {
    fmt::print("\n{} a server runs here. Next: {} demo\n", palette.good("Good:"), program);
    return ExitCode::ok;
  }
  fmt::print("\n{} no server runs here until what is marked FAIL is cured.\n", palette.bad("Bad:"));
  return ExitCode::kernel_or_limits;
}

constexpr const char* kFooter =
    R"(Starts a server on a free port of 127.0.0.1 and stops it, then reads limits from /proc.
Exit 0: a server runs here. Exit 4: the kernel or the limits do not allow one; the text says why.

Example:
  ringroad doctor || echo "cure the lines above first")";

}  // namespace

Command add_doctor(CLI::App& root) {
  CLI::App* app = root.add_subcommand("doctor", "Say what this kernel and these limits allow");
  app->footer(kFooter);
  return {app, [&root] { return run_doctor(root.get_name()); }};
}

}  // namespace ringroad::tools
