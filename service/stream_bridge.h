// stream_bridge.h — carries the bytes of two streams over to each other, both ways.
// Owner:  the callbacks of its two streams, together: it goes when both have ended.
// Thread: any: each stream's callbacks run on a loop of its own.
// Bound:  per direction, what one on_data brought and the other side had no room for; the source is
//         paused until that has gone.
// Life:   made -> each side attached -> one side ends -> what it brought is sent, the other is closed.
// Why here: neither loop may wait for the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "ringroad/stream.h"

namespace ringroad::service {

class StreamBridge : public std::enable_shared_from_this<StreamBridge> {
 public:
  enum class Side : uint8_t { here, there };

  /// The callbacks of one of the two; limits and times are the caller's to add.
  StreamOptions options(Side side);
  /// The stream that was made with options(side).
  void attach(Side side, Stream stream);
  /// The stream of that side could not be made: the other one ends.
  void give_up(Side side);

 private:
  struct End {
    Stream stream;
    std::string brought;  // from here, and not yet taken by the other
    bool ended = false;
  };

  void on_link(Side side, bool connected);
  void on_data(Side side, std::string_view bytes);
  void on_writable(Side side);
  void carry(Side from);
  void end(Side side);
  End& at(Side side) { return ends_[static_cast<size_t>(side)]; }
  static Side opposite(Side side) { return side == Side::here ? Side::there : Side::here; }

  std::mutex mutex_;
  std::array<End, 2> ends_;
};

}  // namespace ringroad::service
