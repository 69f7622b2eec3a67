#include "tools/fleet_recorder.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "tools/fleet_trace.h"

namespace ringroad::tools {

FleetRecorder::~FleetRecorder() {
  const Status closed = close();
  if (!closed.ok()) return;  // whoever cares has called close()
}

Status FleetRecorder::open(const std::string& path) {
  path_ = path;
  file_ = gzopen(path.c_str(), path.ends_with(".gz") ? "wb" : "wbT");
  if (file_ == nullptr) {
    return Status(StatusCode::invalid_argument,
                  fmt::format("--save: cannot write '{}': {}", path, std::strerror(errno)));
  }
  failed_ = gzprintf(file_, "%s\n", kTraceHeader.data()) <= 0;
  return {};
}

void FleetRecorder::write(const FleetRow& row, const std::string& name) {
  if (file_ == nullptr) return;
  char line[256];
  const auto end = fmt::format_to_n(line, sizeof line, "{:.3f},{},{:.6f},{:.6f},{:.1f}\n",
                                    row.time_s, name, row.lat, row.lon, row.kmh);
  const auto bytes = static_cast<unsigned>(end.out - line);
  failed_ |= gzwrite(file_, line, bytes) != static_cast<int>(bytes);
}

Status FleetRecorder::close() {
  if (file_ == nullptr) return {};
  failed_ |= gzclose(file_) != Z_OK;
  file_ = nullptr;
  if (!failed_) return {};
  return Status(StatusCode::internal,
                fmt::format("--save: '{}' is incomplete: is the disk full?", path_));
}

}  // namespace ringroad::tools
