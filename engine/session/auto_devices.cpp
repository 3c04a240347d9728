// SPDX-License-Identifier: MIT
// Reads lists of devices.
#include "engine/session/auto_devices.h"

#include <algorithm>
#include <string_view>

#include "engine/backends/registry.h"

namespace facet {

Result<std::vector<std::string>> devices_of(const std::string& device) {
    constexpr std::string_view kList = "AUTO:";
    if (device == "AUTO") return auto_devices();
    if (!device.starts_with(kList)) return std::vector{device};
    std::vector<std::string> names;
    std::string_view rest = std::string_view(device).substr(kList.size());
    while (true) {
        const size_t comma = std::min(rest.find(','), rest.size());
        const std::string name(rest.substr(0, comma));
        if (name.empty() || name.starts_with("AUTO") || std::ranges::count(names, name) > 0)
            return Error{ErrorCode::kInvalidArgument, "setting 'device': '" + device +
                                                          "': entry '" + name +
                                                          "'; supported: different devices, "
                                                          "separated by commas"};
        names.push_back(name);
        if (comma == rest.size()) return names;
        rest.remove_prefix(comma + 1);
    }
}

}  // namespace facet
