// SPDX-License-Identifier: MIT
// The checks of JSON values, and their messages.
#include "engine/vision/json_section.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace facet {
namespace {

using nlohmann::json;

std::string text(NumberRange range) {
    std::ostringstream out;
    out << range.least << " to " << range.most;
    return out.str();
}

std::string joined(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line.append(line.empty() ? "" : ", ").append(word);
    return line;
}

Result<float> number(const JsonSection& section, const std::string& key, const json& value,
                     NumberRange range) {
    if (!value.is_number())
        return section.error(key, std::string("is ") + value.type_name() + "; supported: a number");
    const double found = value.get<double>();
    if (!(found >= range.least && found <= range.most))
        return section.error(key, "is " + value.dump() + "; supported: " + text(range));
    return static_cast<float>(found);
}

Result<int> integer(const JsonSection& section, const std::string& key, const json& value,
                    NumberRange range) {
    if (!value.is_number_integer())
        return section.error(
            key, std::string("is ") + value.type_name() + "; supported: a whole number");
    FACET_TRY(number(section, key, value, range));
    return value.get<int>();
}

Result<std::string> string(const JsonSection& section, const std::string& key, const json& value) {
    if (!value.is_string())
        return section.error(key, std::string("is ") + value.type_name() + "; supported: a string");
    return value.get<std::string>();
}

// Reads each element of an array with `read(key, element)`.
template <typename T, typename Read>
Result<void> list(const JsonSection& section, const std::string& key, const json& value,
                  std::vector<T>& target, const Read& read) {
    if (!value.is_array())
        return section.error(key, std::string("is ") + value.type_name() + "; supported: a list");
    target.clear();
    for (size_t i = 0; i < value.size(); ++i) {
        FACET_ASSIGN(T element, read(key + "[" + std::to_string(i) + "]", value[i]));
        target.push_back(std::move(element));
    }
    return {};
}

}  // namespace

Error JsonSection::error(const std::string& key, const std::string& what) const {
    return {ErrorCode::kInvalidArgument, place_ + ": key '" + path_ + key + "' " + what};
}

Result<void> JsonSection::allow_only(const std::vector<std::string>& known) const {
    for (const auto& [key, value] : object_.items())
        if (std::find(known.begin(), known.end(), key) == known.end())
            return error(key, "is unknown here; supported: " + joined(known));
    return {};
}

Result<void> JsonSection::require(const char* key) const {
    if (!has(key)) return error(key, "is missing");
    return {};
}

Result<void> JsonSection::read_string(const char* key, std::string& target) const {
    if (!has(key)) return {};
    FACET_ASSIGN(target, string(*this, key, at(key)));
    return {};
}

Result<void> JsonSection::read_bool(const char* key, bool& target) const {
    if (!has(key)) return {};
    if (!at(key).is_boolean())
        return error(key, std::string("is ") + at(key).type_name() + "; supported: true, false");
    target = at(key).get<bool>();
    return {};
}

Result<void> JsonSection::read_number(const char* key, NumberRange range, float& target) const {
    if (!has(key)) return {};
    FACET_ASSIGN(target, number(*this, key, at(key), range));
    return {};
}

Result<void> JsonSection::read_integer(const char* key, NumberRange range, int& target) const {
    if (!has(key)) return {};
    FACET_ASSIGN(target, integer(*this, key, at(key), range));
    return {};
}

Result<void> JsonSection::read_strings(const char* key, std::vector<std::string>& target) const {
    if (!has(key)) return {};
    return list(*this, key, at(key), target, [&](const std::string& element, const json& value) {
        return string(*this, element, value);
    });
}

Result<void> JsonSection::read_numbers(const char* key, NumberRange range,
                                       std::vector<float>& target) const {
    if (!has(key)) return {};
    return list(*this, key, at(key), target, [&](const std::string& element, const json& value) {
        return number(*this, element, value, range);
    });
}

Result<void> JsonSection::read_integers(const char* key, NumberRange range,
                                        std::vector<int>& target) const {
    if (!has(key)) return {};
    return list(*this, key, at(key), target, [&](const std::string& element, const json& value) {
        return integer(*this, element, value, range);
    });
}

Result<void> JsonSection::read_number_lists(const char* key, NumberRange range,
                                            std::vector<std::vector<float>>& target) const {
    if (!has(key)) return {};
    const auto inner = [&](const std::string& path,
                           const json& value) -> Result<std::vector<float>> {
        std::vector<float> numbers;
        FACET_TRY(
            list(*this, path, value, numbers, [&](const std::string& element, const json& entry) {
                return number(*this, element, entry, range);
            }));
        return numbers;
    };
    return list(*this, key, at(key), target, inner);
}

}  // namespace facet
