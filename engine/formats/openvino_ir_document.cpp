// SPDX-License-Identifier: MIT
// Parsing the XML of an OpenVINO IR with pugixml.
#include "engine/formats/openvino_ir_document.h"

#include <charconv>
#include <limits>
#include <optional>
#include <pugixml.hpp>
#include <string_view>

namespace facet {

namespace {

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

template <typename T>
std::optional<T> number_in(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <typename T>
Result<std::vector<T>> parse_list(std::string_view text) {
    std::vector<T> values;
    text = trimmed(text);
    while (!text.empty()) {
        const size_t comma = text.find(',');
        const std::string_view item = trimmed(text.substr(0, comma));
        const auto value = number_in<T>(item);
        if (!value) return Error{ErrorCode::kCorrupt, "not a number: '" + std::string(item) + "'"};
        values.push_back(*value);
        if (comma == std::string_view::npos) break;
        text = text.substr(comma + 1);
        if (trimmed(text).empty()) return Error{ErrorCode::kCorrupt, "the list ends with a comma"};
    }
    return values;
}

Result<int64_t> identifier(const pugi::xml_node& element, const char* attribute) {
    if (const auto value = number_in<int64_t>(element.attribute(attribute).value())) return *value;
    return Error{ErrorCode::kCorrupt, std::string("<") + element.name() + "> at byte " +
                                          std::to_string(element.offset_debug()) + ": " +
                                          attribute + " is missing or not a number"};
}

Result<std::vector<IrPort>> read_ports(const pugi::xml_node& list) {
    std::vector<IrPort> ports;
    for (const pugi::xml_node& element : list.children("port")) {
        IrPort port;
        FACET_ASSIGN(port.id, identifier(element, "id"));
        for (const pugi::xml_node& extent : element.children("dim")) {
            const auto value = number_in<int64_t>(trimmed(extent.child_value()));
            if (!value || *value < -1) {
                return Error{ErrorCode::kCorrupt, "port " + std::to_string(port.id) + ": <dim> '" +
                                                      extent.child_value() + "' is not an extent"};
            }
            port.extents.push_back(*value);
        }
        ports.push_back(std::move(port));
    }
    return ports;
}

Result<IrLayer> read_layer(const pugi::xml_node& element) {
    IrLayer layer;
    FACET_ASSIGN(layer.id, identifier(element, "id"));
    layer.name = element.attribute("name").value();
    layer.type = element.attribute("type").value();
    layer.opset = element.attribute("version").value();
    const std::string place = "layer " + std::to_string(layer.id) + " '" + layer.name + "'";
    if (layer.name.empty() || layer.type.empty())
        return Error{ErrorCode::kCorrupt, place + ": has no name or no type"};
    for (const pugi::xml_attribute& attribute : element.child("data").attributes())
        layer.attributes.emplace(attribute.name(), attribute.value());

    auto inputs = read_ports(element.child("input"));
    if (!inputs) return inputs.error().within(place);
    auto outputs = read_ports(element.child("output"));
    if (!outputs) return outputs.error().within(place);
    layer.inputs = *std::move(inputs);
    layer.outputs = *std::move(outputs);
    return layer;
}

Result<IrEdge> read_edge(const pugi::xml_node& element) {
    IrEdge edge;
    FACET_ASSIGN(edge.from_layer, identifier(element, "from-layer"));
    FACET_ASSIGN(edge.from_port, identifier(element, "from-port"));
    FACET_ASSIGN(edge.to_layer, identifier(element, "to-layer"));
    FACET_ASSIGN(edge.to_port, identifier(element, "to-port"));
    return edge;
}

Result<void> check_version(const pugi::xml_node& net) {
    const std::string_view text = net.attribute("version").value();
    const auto version = number_in<int>(text);
    if (!version) return Error{ErrorCode::kCorrupt, "<net> has no version number"};
    if (*version != 10 && *version != 11) {
        return Error{ErrorCode::kUnsupported,
                     "OpenVINO IR version " + std::string(text) +
                         "; supported: versions 10 and 11 (OpenVINO 2020.1 or newer)"};
    }
    return {};
}

}  // namespace

Result<std::vector<int64_t>> parse_integers(const std::string& text) {
    return parse_list<int64_t>(text);
}

Result<std::vector<float>> parse_numbers(const std::string& text) {
    return parse_list<float>(text);
}

Result<IrDocument> parse_ir_document(std::span<const std::byte> xml) {
    pugi::xml_document parsed;
    const pugi::xml_parse_result status = parsed.load_buffer(xml.data(), xml.size());
    if (!status) {
        return Error{ErrorCode::kCorrupt, std::string("XML: ") + status.description() +
                                              " at byte " + std::to_string(status.offset)};
    }
    const pugi::xml_node net = parsed.child("net");
    if (!net) return Error{ErrorCode::kCorrupt, "has no <net>; an OpenVINO IR begins with one"};
    FACET_TRY(check_version(net));

    IrDocument document;
    document.name = net.attribute("name").value();
    for (const pugi::xml_node& element : net.child("layers").children("layer")) {
        FACET_ASSIGN(IrLayer layer, read_layer(element));
        document.layers.push_back(std::move(layer));
    }
    if (document.layers.empty()) return Error{ErrorCode::kCorrupt, "<net> has no layers"};
    for (const pugi::xml_node& element : net.child("edges").children("edge")) {
        FACET_ASSIGN(const IrEdge edge, read_edge(element));
        document.edges.push_back(edge);
    }
    return document;
}

}  // namespace facet
