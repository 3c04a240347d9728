// SPDX-License-Identifier: MIT
// Writing small OpenVINO IRs.
#include "tests/formats/ir_writer.h"

#include <sstream>

namespace facet::testing {

namespace {

std::string dims(const std::string& extents) {
    std::string text, item;
    std::istringstream stream(extents);
    while (std::getline(stream, item, ',')) text += "<dim>" + item + "</dim>";
    return text;
}

}  // namespace

IrWriter::Source IrWriter::parameter(const std::string& name, const std::string& type,
                                     const std::string& shape) {
    Source source =
        layer(name, "Parameter", "element_type=\"" + type + "\" shape=\"" + shape + "\"", {});
    if (shape.find_first_of("?.") == std::string::npos) source.extents = shape;
    return source;
}

IrWriter::Source IrWriter::constant_bytes(const std::string& name, const std::string& type,
                                          const std::string& shape, std::string_view bytes) {
    Source source = layer(name, "Const",
                          "element_type=\"" + type + "\" shape=\"" + shape + "\" offset=\"" +
                              std::to_string(weights_.size()) + "\" size=\"" +
                              std::to_string(bytes.size()) + "\"",
                          {});
    weights_ += bytes;
    source.extents = shape;
    return source;
}

IrWriter::Source IrWriter::layer(const std::string& name, const std::string& type,
                                 const std::string& attributes, const std::vector<Source>& inputs,
                                 const std::string& opset, int outputs) {
    const int id = static_cast<int>(first_output_.size());
    std::ostringstream text;
    text << "<layer id=\"" << id << "\" name=\"" << name << "\" type=\"" << type << "\" version=\""
         << (opset.empty() ? "opset1" : opset) << "\"><data " << attributes << "/><input>";
    for (size_t port = 0; port < inputs.size(); ++port) {
        text << "<port id=\"" << port << "\">" << dims(inputs[port].extents) << "</port>";
        edges_.push_back({inputs[port], id, static_cast<int>(port)});
    }
    text << "</input><output>";
    for (int port = 0; port < outputs; ++port)
        text << "<port id=\"" << inputs.size() + port << "\"/>";
    text << "</output></layer>\n";
    layers_ += text.str();
    first_output_.push_back(static_cast<int>(inputs.size()));
    return {id, 0, {}};
}

void IrWriter::result(const Source& source) {
    layer("result" + std::to_string(first_output_.size()), "Result", "", {source}, {}, 0);
}

std::string IrWriter::xml() const {
    std::ostringstream text;
    text << "<?xml version=\"1.0\"?>\n<net name=\"net\" version=\"11\"><layers>\n"
         << layers_ << "</layers><edges>\n";
    for (const Edge& edge : edges_) {
        text << "<edge from-layer=\"" << edge.from.layer << "\" from-port=\""
             << first_output_[edge.from.layer] + edge.from.port << "\" to-layer=\"" << edge.to_layer
             << "\" to-port=\"" << edge.to_port << "\"/>\n";
    }
    text << "</edges></net>\n";
    return text.str();
}

}  // namespace facet::testing
