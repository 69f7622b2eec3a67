// fleet_recorder.h — writes what a fleet sent, in the format that TraceFleet reads.
// Owner: the demo.   Thread: main thread.
// Fails:  open() and close() say so; a write that failed in between is reported by close().
#pragma once

#include <string>
#include <vector>

#include "ringroad/status.h"
#include "tools/fleet.h"

struct gzFile_s;

namespace ringroad::tools {

class FleetRecorder {
 public:
  FleetRecorder() = default;
  ~FleetRecorder();
  FleetRecorder(const FleetRecorder&) = delete;
  FleetRecorder& operator=(const FleetRecorder&) = delete;

  /// Compressed if the name ends with ".gz". Without open(), write() does nothing.
  Status open(const std::string& path);
  void write(const FleetRow& row, const std::string& name);
  Status close();

 private:
  std::string path_;
  gzFile_s* file_ = nullptr;
  bool failed_ = false;
};

}  // namespace ringroad::tools
