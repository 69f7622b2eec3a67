// proxy_url.h — what a URL is called on the two sides of a proxy. Pure.
// Thread: values.   Fails: never.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ringroad::service {

/// What `url` is called there: "/lamp/on" below "/lamp" is "/on", "/lamp" itself is "/". Nothing if it
/// is not below `prefix`.
std::optional<std::string_view> upstream_url(std::string_view prefix, std::string_view url);

/// How often `prefix` stands in `url`, as whole components; those do not overlap.
size_t count_prefix(std::string_view prefix, std::string_view url);

}  // namespace ringroad::service
