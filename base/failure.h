// failure.h — what a handler of the program threw, in words.
// Thread: any, inside a catch block only.
// Why here: every place that calls the program's code catches, counts and logs; all say it alike.
#pragma once

#include <string>

namespace ringroad::base {

/// What the exception that is being handled says of itself.
std::string words_of_failure();

}  // namespace ringroad::base
