#include "base/thread.h"

#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

namespace ringroad::base {
namespace {

constexpr size_t kNameBytesMax = 15;

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_ = {};
};

}  // namespace

Result<std::thread> start_thread(const std::string& name, std::function<void()> body) {
  try {
    const SignalsBlocked blocked;
    return std::thread([name = name.substr(0, kNameBytesMax), body = std::move(body)] {
      (void)pthread_setname_np(pthread_self(), name.c_str());
      body();
    });
  } catch (const std::system_error& error) {
    return Status(StatusCode::resource_exhausted,
                  "no thread " + name + ": " + error.what() + " (see ulimit -u)");
  }
}

}  // namespace ringroad::base
