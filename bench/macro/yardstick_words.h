// yardstick_words.h — what loads and the servers of this folder have agreed on.
// Owner:  values.   Thread: any.
// Why here: the yardsticks know no protocol: a connection says one byte that names its part, and
//           behind that and its answer there are frames only.
#pragma once

namespace ringroad::bench {

inline constexpr char kYardstickSubscriber = 'S';
inline constexpr char kYardstickPublisher = 'P';  // limit-k1: sending begins; half-close ends it
inline constexpr char kYardstickAnswer = '.';
inline constexpr char kZmqMark[] = "subscribed";  // to the forwarder: tell me when I am

}  // namespace ringroad::bench
