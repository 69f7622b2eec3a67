// limits.h — what this process may have: descriptors, locked memory, cores, and what /proc says.
// Thread: main thread, before servers start.
// Fails:  a file that cannot be read is an empty text; raise_file_limit() leaves what it cannot
// change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringroad::tools {

struct Limit {
  uint64_t soft = 0;  // UINT64_MAX = unlimited
  uint64_t hard = 0;
};

/// So many open files are enough for a million clients.
inline constexpr uint64_t kFilesEnough = 1'048'576;

/// How many clients fit: the rest is for rings, listeners, logs.
uint64_t client_room(uint64_t files, size_t shards);
/// The same on direct descriptors (ServerOptions::descriptors): each shard has a table of its own.
uint64_t direct_client_room(uint64_t files, size_t shards);

Limit file_limit();
Limit locked_memory_limit();
/// Raises the soft limit of descriptors to the hard one: a gateway needs one per client.
Limit raise_file_limit();

/// First line of a small file, without the newline; empty if it cannot be read.
std::string first_line(const char* path);
/// Value of a "Name:\tvalue" line in /proc/self/status; empty if there is none.
std::string process_status(const char* name);
/// The cores this process may run on.
std::vector<unsigned> allowed_cores();

}  // namespace ringroad::tools
