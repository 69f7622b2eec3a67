#include "engine/uring_probe.h"

#include <sys/resource.h>
#include <sys/utsname.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <utility>

namespace ringroad::engine {
namespace {

std::string permission_text(const RefusalFacts& facts) {
  if (facts.disabled_sysctl == "1" || facts.disabled_sysctl == "2") {
    return "the sysctl kernel.io_uring_disabled is " + facts.disabled_sysctl +
           "; set it to 0 (sysctl kernel.io_uring_disabled=0)";
  }
  return "a seccomp profile forbids it (containers often do); run with a profile that allows "
         "io_uring_setup, io_uring_enter and io_uring_register";
}

std::string memory_text(const RefusalFacts& facts) {
  return "RLIMIT_MEMLOCK of " + std::to_string(facts.locked_bytes_max) +
         " bytes is too small; raise it (LimitMEMLOCK=infinity in the systemd unit, or ulimit -l)";
}

}  // namespace

RefusalFacts refusal_facts() {
  RefusalFacts facts;
  utsname names = {};
  if (::uname(&names) == 0) facts.kernel = names.release;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> facts.disabled_sysctl;
  rlimit limit = {};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) facts.locked_bytes_max = limit.rlim_cur;
  return facts;
}

bool is_at_least(std::string_view release, int major, int minor) {
  int found_major = 0, found_minor = 0;
  const char* const end = release.data() + release.size();
  const auto first = std::from_chars(release.data(), end, found_major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  if (std::from_chars(first.ptr + 1, end, found_minor).ec != std::errc()) return false;
  return std::pair(found_major, found_minor) >= std::pair(major, minor);
}

Status refusal_status(const char* call, int error, const RefusalFacts& facts) {
  const std::string what = std::string("io_uring is not usable (") + call + "): ";
  switch (error) {
    case ENOSYS:
      return Status(StatusCode::unsupported, what + "kernel " + facts.kernel +
                                                 " has no io_uring; Linux 6.1 or newer is needed");
    case EINVAL:
      return Status(StatusCode::unsupported,
                    what + "kernel " + facts.kernel + " is too old; Linux 6.1 or newer is needed");
    case EPERM:
    case EACCES:
      return Status(StatusCode::no_permission, what + permission_text(facts));
    case ENOMEM:
      return Status(StatusCode::resource_exhausted, what + memory_text(facts));
    case EMFILE:
      return Status(
          StatusCode::resource_exhausted,
          what + "no descriptor is free; raise RLIMIT_NOFILE (LimitNOFILE= or ulimit -n)");
    case ENFILE:
      return Status(StatusCode::resource_exhausted,
                    what + "the system is out of descriptors; raise the sysctl fs.file-max");
    default:
      return Status(StatusCode::internal,
                    what + std::strerror(error) + " (errno " + std::to_string(error) + ")");
  }
}

}  // namespace ringroad::engine
