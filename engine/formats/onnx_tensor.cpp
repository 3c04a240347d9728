// SPDX-License-Identifier: MIT
// Borrowing or converting the elements of an ONNX TensorProto.
#include "engine/formats/onnx_tensor.h"

#include <onnx/onnx_pb.h>

#include <cstring>
#include <string>
#include <vector>

#include "engine/formats/file_shape.h"

namespace facet {

namespace {

Error corrupt(const std::string& what) {
    return {ErrorCode::kCorrupt, what};
}

Error wrong_count(int64_t found, const Shape& shape) {
    return corrupt("holds " + std::to_string(found) + " elements, its dims say " + shape.text());
}

Result<Tensor> from_raw_data(const std::shared_ptr<const void>& owner,
                             const onnx::TensorProto& proto, DataType type, const Shape& shape) {
    const std::string& raw = proto.raw_data();
    const bool is_double = proto.data_type() == onnx::TensorProto::DOUBLE;
    const size_t element_size = is_double ? sizeof(double) : size_of(type);
    if (raw.size() != shape.elements() * element_size)
        return wrong_count(static_cast<int64_t>(raw.size() / element_size), shape);
    if (!is_double) return Tensor::from_file_bytes(owner, raw.data(), type, shape);
    Tensor tensor = Tensor::allocate(DataType::kF32, shape);
    const char* source = raw.data();
    for (float& element : tensor.mutable_view().as<float>()) {
        double value;
        std::memcpy(&value, source, sizeof(value));
        element = static_cast<float>(value);
        source += sizeof(value);
    }
    return tensor;
}

// A repeated field whose elements have the tensor's own type.
template <typename Field>
Result<Tensor> borrowed(const std::shared_ptr<const void>& owner, const Field& field, DataType type,
                        const Shape& shape) {
    if (field.size() != shape.elements()) return wrong_count(field.size(), shape);
    if (field.empty()) return Tensor::allocate(type, shape);
    return Tensor::from_file_bytes(owner, field.data(), type, shape);
}

template <typename T, typename Field>
Result<Tensor> converted(const Field& field, const Shape& shape) {
    if (field.size() != shape.elements()) return wrong_count(field.size(), shape);
    Tensor tensor = Tensor::allocate(data_type_of<T>(), shape);
    auto elements = tensor.mutable_view().as<T>();
    for (int i = 0; i < field.size(); ++i) elements[i] = static_cast<T>(field.Get(i));
    return tensor;
}

Result<Tensor> halves(const onnx::TensorProto& proto, const Shape& shape) {
    const auto& field = proto.int32_data();
    if (field.size() != shape.elements()) return wrong_count(field.size(), shape);
    Tensor tensor = Tensor::allocate(DataType::kF16, shape);
    auto elements = tensor.mutable_view().as<Half>();
    for (int i = 0; i < field.size(); ++i) elements[i] = Half{static_cast<uint16_t>(field.Get(i))};
    return tensor;
}

Result<Tensor> from_typed_fields(const std::shared_ptr<const void>& owner,
                                 const onnx::TensorProto& proto, DataType type,
                                 const Shape& shape) {
    if (proto.data_type() == onnx::TensorProto::DOUBLE)
        return converted<float>(proto.double_data(), shape);
    switch (type) {
        case DataType::kF32:
            return borrowed(owner, proto.float_data(), type, shape);
        case DataType::kI32:
            return borrowed(owner, proto.int32_data(), type, shape);
        case DataType::kI64:
            return borrowed(owner, proto.int64_data(), type, shape);
        case DataType::kI8:
            return converted<int8_t>(proto.int32_data(), shape);
        case DataType::kU8:
            return converted<uint8_t>(proto.int32_data(), shape);
        case DataType::kBool:
            return converted<bool>(proto.int32_data(), shape);
        case DataType::kF16:
            return halves(proto, shape);
    }
    return Error{ErrorCode::kInternal, "unknown tensor type"};
}

// A bool other than 0 and 1 in a file must not become a C++ bool.
Result<void> require_valid_bools(const onnx::TensorProto& proto, DataType type) {
    if (type != DataType::kBool || !proto.has_raw_data()) return {};
    for (char byte : proto.raw_data())
        if (byte != 0 && byte != 1) return corrupt("holds a bool that is neither 0 nor 1");
    return {};
}

Result<Tensor> read_elements(const std::shared_ptr<const void>& owner,
                             const onnx::TensorProto& proto) {
    if (proto.data_location() == onnx::TensorProto::EXTERNAL || proto.external_data_size() > 0) {
        return Error{ErrorCode::kUnsupported,
                     "its data lies in another file; supported: models saved with all data inside"};
    }
    if (proto.has_segment())
        return Error{ErrorCode::kUnsupported, "is a segment; supported: whole tensors"};
    FACET_ASSIGN(const DataType type, onnx_data_type(proto.data_type()));
    const std::vector<int64_t> dims(proto.dims().begin(), proto.dims().end());
    FACET_ASSIGN(const Shape shape, shape_from_file(dims));
    FACET_TRY(require_valid_bools(proto, type));
    if (proto.has_raw_data()) return from_raw_data(owner, proto, type, shape);
    return from_typed_fields(owner, proto, type, shape);
}

}  // namespace

Result<Tensor> read_onnx_tensor(const std::shared_ptr<const void>& owner,
                                const onnx::TensorProto& proto) {
    auto tensor = read_elements(owner, proto);
    if (!tensor) return tensor.error().within("tensor '" + proto.name() + "'");
    return tensor;
}

Result<DataType> onnx_data_type(int type) {
    switch (type) {
        case onnx::TensorProto::FLOAT:
        case onnx::TensorProto::DOUBLE:
            return DataType::kF32;
        case onnx::TensorProto::FLOAT16:
            return DataType::kF16;
        case onnx::TensorProto::INT8:
            return DataType::kI8;
        case onnx::TensorProto::UINT8:
            return DataType::kU8;
        case onnx::TensorProto::INT32:
            return DataType::kI32;
        case onnx::TensorProto::INT64:
            return DataType::kI64;
        case onnx::TensorProto::BOOL:
            return DataType::kBool;
        default:
            break;
    }
    std::string name = std::to_string(type);
    if (onnx::TensorProto::DataType_IsValid(type))
        name = onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(type));
    return Error{ErrorCode::kUnsupported,
                 "element type " + name +
                     "; supported: FLOAT, FLOAT16, DOUBLE, INT8, UINT8, INT32, INT64, BOOL"};
}

}  // namespace facet
