#include "base/failure.h"

#include <exception>

namespace ringroad::base {

std::string words_of_failure() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "no std::exception";
  }
}

}  // namespace ringroad::base
