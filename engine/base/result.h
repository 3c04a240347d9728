// SPDX-License-Identifier: MIT
// Result<T>: either a value or an Error that says what failed, where, and what would help.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace facet {

enum class ErrorCode {
    kInvalidArgument,  // the caller asked for something outside the stated range
    kNotFound,         // a file or name does not exist
    kUnsupported,      // well-formed, but outside what Facet can do; the message says what is
    kCorrupt,          // a file or message that breaks its own format
    kIo,               // the operating system refused to read or write
    kOutOfMemory,
    kDevice,     // an accelerator or its library failed
    kCancelled,  // the owner withdrew the work; not a fault
    kOverload,   // shed, because the device cannot keep up; not a fault
    kInternal,   // a broken invariant of Facet itself
};

// The word an error message begins with, e.g. "Unsupported".
[[nodiscard]] std::string_view to_string(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::kInternal;
    // One sentence naming file, node and field where they apply, without the code's word.
    std::string message;

    // "Unsupported: node 'Conv_12' (Conv): ...".
    [[nodiscard]] std::string text() const { return std::string(to_string(code)) + ": " + message; }
    // The same error seen from one level further out: "model.xml: node ...".
    [[nodiscard]] Error within(std::string_view place) const {
        return {code, std::string(place) + ": " + message};
    }
};

// Holds T or Error. Reading value() of a failed result, or error() of a good one, is a programming
// error and asserts. Reentrant.
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] T& value() & { return assert(ok()), *std::get_if<0>(&state_); }
    [[nodiscard]] const T& value() const& { return assert(ok()), *std::get_if<0>(&state_); }
    [[nodiscard]] T&& value() && { return assert(ok()), std::move(*std::get_if<0>(&state_)); }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    [[nodiscard]] const Error& error() const { return assert(!ok()), *std::get_if<1>(&state_); }

  private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const Error& error() const { return assert(!ok()), *error_; }

  private:
    std::optional<Error> error_;
};

}  // namespace facet

#define FACET_CONCAT_INNER(a, b) a##b
#define FACET_CONCAT(a, b) FACET_CONCAT_INNER(a, b)

// Returns the error of `expression` (a Result) from the enclosing function, if it has one.
#define FACET_TRY(expression)                                                                  \
    do {                                                                                       \
        if (auto facet_result = (expression); !facet_result.ok()) return facet_result.error(); \
    } while (false)

// FACET_ASSIGN(auto graph, read(path)): binds the value, or returns the error.
#define FACET_ASSIGN(declaration, expression)                  \
    auto FACET_CONCAT(facet_result_, __LINE__) = (expression); \
    if (!FACET_CONCAT(facet_result_, __LINE__).ok())           \
        return FACET_CONCAT(facet_result_, __LINE__).error();  \
    declaration = *std::move(FACET_CONCAT(facet_result_, __LINE__))
