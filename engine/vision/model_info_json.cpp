// SPDX-License-Identifier: MIT
// The checks of JSON values, and their messages.
#include "engine/vision/model_info_json.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace facet {

using nlohmann::json;

struct JsonSection::Node {
    std::shared_ptr<const json> root;
    const json* value;

    [[nodiscard]] const json& operator[](const char* key) const { return value->at(key); }
};

namespace {

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

Result<JsonSection> JsonSection::read_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) return Error{ErrorCode::kNotFound, path.string() + ": file cannot be opened"};
    try {
        const auto root = std::make_shared<const json>(json::parse(file, nullptr, true, true));
        if (!root->is_object())
            return Error{ErrorCode::kInvalidArgument, path.string() + ": is not a JSON object"};
        return JsonSection(std::make_shared<const Node>(Node{root, root.get()}), path.string(), "");
    } catch (const json::exception& failure) {
        return Error{ErrorCode::kInvalidArgument, path.string() + ": " + failure.what()};
    }
}

bool JsonSection::has(const char* key) const {
    return node_->value->contains(key);
}

bool JsonSection::is_list(const char* key) const {
    return has(key) && (*node_)[key].is_array();
}

Error JsonSection::error(const std::string& key, const std::string& what) const {
    return {ErrorCode::kInvalidArgument, place_ + ": key '" + path_ + key + "' " + what};
}

Result<void> JsonSection::allow_only(const std::vector<std::string>& known) const {
    for (const auto& [key, value] : node_->value->items())
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
    FACET_ASSIGN(target, string(*this, key, (*node_)[key]));
    return {};
}

Result<void> JsonSection::read_bool(const char* key, bool& target) const {
    if (!has(key)) return {};
    if (!(*node_)[key].is_boolean())
        return error(key,
                     std::string("is ") + (*node_)[key].type_name() + "; supported: true, false");
    target = (*node_)[key].get<bool>();
    return {};
}

Result<void> JsonSection::read_number(const char* key, NumberRange range, float& target) const {
    if (!has(key)) return {};
    FACET_ASSIGN(target, number(*this, key, (*node_)[key], range));
    return {};
}

Result<void> JsonSection::read_integer(const char* key, NumberRange range, int& target) const {
    if (!has(key)) return {};
    FACET_ASSIGN(target, integer(*this, key, (*node_)[key], range));
    return {};
}

Result<void> JsonSection::read_strings(const char* key, std::vector<std::string>& target) const {
    if (!has(key)) return {};
    return list(*this, key, (*node_)[key], target,
                [&](const std::string& element, const json& value) {
                    return string(*this, element, value);
                });
}

Result<void> JsonSection::read_numbers(const char* key, NumberRange range,
                                       std::vector<float>& target) const {
    if (!has(key)) return {};
    return list(*this, key, (*node_)[key], target,
                [&](const std::string& element, const json& value) {
                    return number(*this, element, value, range);
                });
}

Result<void> JsonSection::read_integers(const char* key, NumberRange range,
                                        std::vector<int>& target) const {
    if (!has(key)) return {};
    return list(*this, key, (*node_)[key], target,
                [&](const std::string& element, const json& value) {
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
    return list(*this, key, (*node_)[key], target, inner);
}

Result<JsonSection> JsonSection::read_object(const char* key) const {
    FACET_TRY(require(key));
    const json& value = (*node_)[key];
    if (!value.is_object())
        return error(key, std::string("is ") + value.type_name() + "; supported: an object");
    return JsonSection(std::make_shared<const Node>(Node{node_->root, &value}), place_,
                       path_ + key + ".");
}

Result<std::vector<JsonSection>> JsonSection::read_objects(const char* key) const {
    FACET_TRY(require(key));
    if (!is_list(key) || (*node_)[key].empty())
        return error(key, "is not a list of at least one object");
    std::vector<JsonSection> sections;
    for (const json& value : (*node_)[key]) {
        const std::string element = std::string(key) + "[" + std::to_string(sections.size()) + "]";
        if (!value.is_object())
            return error(element,
                         std::string("is ") + value.type_name() + "; supported: an object");
        sections.push_back(JsonSection(std::make_shared<const Node>(Node{node_->root, &value}),
                                       place_, path_ + element + "."));
    }
    return sections;
}

}  // namespace facet
