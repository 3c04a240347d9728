// SPDX-License-Identifier: MIT
// The few entries of ONNX Runtime's function table that a run needs, by their place in it.
#include "tests/bench/peers/onnx_runtime.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace facet::bench {
namespace {

// The library exports one function; it leads to a table of pointers whose order never changes.
// Source: onnxruntime_c_api.h, version 1 of the table, which every later one begins with.
struct Base {
    const void* const* (*table)(uint32_t version);
    const char* (*version)();
};
constexpr uint32_t kTableVersion = 1;

enum Slot : size_t {
    kErrorMessage = 2,
    kCreateEnvironment = 3,
    kCreateSessionFromArray = 8,
    kRun = 9,
    kCreateOptions = 10,
    kSetOptimization = 23,
    kSetIntraThreads = 24,
    kSetInterThreads = 25,
    kOutputCount = 31,
    kInputName = 36,
    kOutputName = 37,
    kCreateTensor = 49,
    kTensorBytes = 51,
    kElementCount = 64,
    kTensorShape = 65,
    kCpuMemory = 69,
    kDefaultAllocator = 78,
    kReleaseEnvironment = 92,
    kReleaseStatus = 93,
    kReleaseMemory = 94,
    kReleaseSession = 95,
    kReleaseValue = 96,
    kReleaseShape = 99,
    kReleaseOptions = 100,
};

constexpr int kWarning = 2, kAllOptimizations = 99, kFloat = 1, kArena = 1, kDefaultMemory = 0;

// Handles are opaque to us.
class Table {
  public:
    explicit Table(const void* const* slots) : slots_(slots) {}

    template <typename... Arguments>
    Result<void> call(Slot slot, Arguments... arguments) const {
        auto* function = reinterpret_cast<void* (*)(Arguments...)>(slots_[slot]);
        void* status = function(arguments...);
        if (status == nullptr) return {};
        auto* message = reinterpret_cast<const char* (*)(const void*)>(slots_[kErrorMessage]);
        Error error{ErrorCode::kInternal, std::string("ONNX Runtime: ") + message(status)};
        release(kReleaseStatus, status);
        return error;
    }
    void release(Slot slot, void* handle) const {
        if (handle != nullptr) reinterpret_cast<void (*)(void*)>(slots_[slot])(handle);
    }

  private:
    const void* const* slots_;
};

// A handle with the slot that releases it.
class Handle {
  public:
    Handle(const Table& table, Slot release) : table_(&table), release_(release) {}
    ~Handle() { table_->release(release_, handle_); }
    Handle(Handle&& other) noexcept
        : table_(other.table_),
          release_(other.release_),
          handle_(std::exchange(other.handle_, nullptr)) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    Handle& operator=(Handle&&) = delete;

    [[nodiscard]] void* get() const { return handle_; }
    // For functions that write a handle; releases the one before.
    [[nodiscard]] void** out() {
        table_->release(release_, std::exchange(handle_, nullptr));
        return &handle_;
    }

  private:
    const Table* table_;
    Slot release_;
    void* handle_ = nullptr;
};

class Net final : public OnnxNet {
  public:
    explicit Net(const Table& table)
        : table_(table), session_(table, kReleaseSession), memory_(table, kReleaseMemory) {}

    Result<void> open(void* environment, std::string_view model, int threads) {
        Handle options(table_, kReleaseOptions);
        FACET_TRY(table_.call(kCreateOptions, options.out()));
        FACET_TRY(table_.call(kSetIntraThreads, options.get(), threads));
        FACET_TRY(table_.call(kSetInterThreads, options.get(), 1));
        FACET_TRY(table_.call(kSetOptimization, options.get(), kAllOptimizations));
        FACET_TRY(table_.call(kCreateSessionFromArray, environment,
                              static_cast<const void*>(model.data()), model.size(),
                              static_cast<const void*>(options.get()), session_.out()));
        FACET_TRY(table_.call(kCpuMemory, kArena, kDefaultMemory, memory_.out()));
        return find_names();
    }

    Result<void> run(const Shape& shape, std::span<const float> input) override {
        Handle value(table_, kReleaseValue);
        const auto extents = shape.extents();
        FACET_TRY(table_.call(kCreateTensor, static_cast<const void*>(memory_.get()),
                              static_cast<void*>(const_cast<float*>(input.data())),
                              input.size_bytes(), extents.data(), extents.size(), kFloat,
                              value.out()));
        for (void*& output : outputs_)
            table_.release(kReleaseValue, std::exchange(output, nullptr));
        const char* input_name = input_name_.c_str();
        const void* inputs[] = {value.get()};
        return table_.call(kRun, session_.get(), static_cast<const void*>(nullptr),
                           static_cast<const char* const*>(&input_name),
                           static_cast<const void* const*>(inputs), size_t{1},
                           static_cast<const char* const*>(output_names_.data()), outputs_.size(),
                           outputs_.data());
    }

    size_t output_count() const override { return outputs_.size(); }
    std::span<const float> output(size_t index) const override {
        void* bytes = nullptr;
        Handle shape(table_, kReleaseShape);
        size_t count = 0;
        if (!table_.call(kTensorBytes, outputs_[index], &bytes).ok() ||
            !table_.call(kTensorShape, static_cast<const void*>(outputs_[index]), shape.out())
                 .ok() ||
            !table_.call(kElementCount, static_cast<const void*>(shape.get()), &count).ok())
            return {};
        return {static_cast<const float*>(bytes), count};
    }

    ~Net() override {
        for (void* output : outputs_) table_.release(kReleaseValue, output);
    }

  private:
    // The names live in the library's allocator as long as the process does: a few bytes per net.
    Result<void> find_names() {
        void* allocator = nullptr;
        FACET_TRY(table_.call(kDefaultAllocator, &allocator));
        const auto* session = static_cast<const void*>(session_.get());
        char* name = nullptr;
        FACET_TRY(table_.call(kInputName, session, size_t{0}, allocator, &name));
        input_name_ = name;
        size_t count = 0;
        FACET_TRY(table_.call(kOutputCount, session, &count));
        for (size_t i = 0; i < count; ++i) {
            FACET_TRY(table_.call(kOutputName, session, i, allocator, &name));
            output_names_.push_back(name);
        }
        outputs_.resize(count);
        return {};
    }

    const Table& table_;
    Handle session_, memory_;
    std::string input_name_;
    std::vector<const char*> output_names_;
    std::vector<void*> outputs_;
};

class Runtime final : public OnnxRuntime {
  public:
    Runtime(const Base* base, const void* const* slots)
        : base_(base), table_(slots), environment_(table_, kReleaseEnvironment) {}

    Result<void> start() {
        return table_.call(kCreateEnvironment, kWarning, "facet-bench", environment_.out());
    }
    std::string version() const override { return base_->version(); }
    Result<std::unique_ptr<OnnxNet>> open(std::string_view model, int threads) override {
        auto net = std::make_unique<Net>(table_);
        FACET_TRY(net->open(environment_.get(), model, threads));
        return std::unique_ptr<OnnxNet>(std::move(net));
    }

  private:
    const Base* base_;
    const Table table_;
    Handle environment_;
};

}  // namespace

Result<std::shared_ptr<OnnxRuntime>> OnnxRuntime::load(const std::filesystem::path& library) {
    // Never unloaded: its threads may outlive the last session.
    void* module = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) return Error{ErrorCode::kNotFound, dlerror()};
    auto* entry = reinterpret_cast<const Base* (*)()>(dlsym(module, "OrtGetApiBase"));
    const void* const* slots = entry == nullptr ? nullptr : entry()->table(kTableVersion);
    if (slots == nullptr)
        return Error{ErrorCode::kNotFound, library.string() + " is no ONNX Runtime"};
    auto runtime = std::make_shared<Runtime>(entry(), slots);
    FACET_TRY(runtime->start());
    return std::shared_ptr<OnnxRuntime>(runtime);
}

}  // namespace facet::bench
