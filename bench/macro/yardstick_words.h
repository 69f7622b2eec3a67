// yardstick_words.h — what a connection to a yardstick says first: one byte that names its part.
// Owner:  values.   Thread: any.
// Why here: the yardsticks know no protocol; behind this byte and its answer there are frames only.
#pragma once

namespace ringroad::bench {

inline constexpr char kYardstickSubscriber = 'S';
inline constexpr char kYardstickPublisher = 'P';  // limit-k1: sending begins; half-close ends it
inline constexpr char kYardstickAnswer = '.';

}  // namespace ringroad::bench
