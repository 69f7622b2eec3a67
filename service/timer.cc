#include "ringroad/timer.h"

#include <utility>

#include "service/timer_service.h"

namespace ringroad {

// Makes the service: a static Timer is then destroyed before the service is shut down.
Timer::Timer() : core_(std::make_unique<TimerCore>()) {
  (void)TimerService::instance();
}

Timer::~Timer() {
  TimerService::instance().forget(*core_);
}

Status Timer::start(Duration timeout, Callback callback, Duration interval) {
  return TimerService::instance().start(*core_, timeout, std::move(callback), interval);
}

void Timer::stop() {
  TimerService::instance().stop(*core_);
}

bool Timer::is_started() const {
  return TimerService::instance().started(*core_);
}

uint64_t Timer::failures() {
  return TimerService::instance().failures();
}

}  // namespace ringroad
