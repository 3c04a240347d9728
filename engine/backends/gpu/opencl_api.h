// SPDX-License-Identifier: MIT
// OpenCL 1.2 through the ICD loader: its objects as owned handles, its error codes as Results.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/result.h"

// OpenCL's own types, so that its headers stay in opencl_api.cpp.
struct _cl_platform_id;
struct _cl_device_id;
struct _cl_context;
struct _cl_command_queue;
struct _cl_mem;
struct _cl_program;
struct _cl_kernel;
struct _cl_event;

// Every error names the call, OpenCL's name for what went wrong, and the device. kOutOfMemory where
// memory could not be had, on the device or for its driver; kDevice for everything else.
// OpenCL counts references itself: an object here may outlive the Context it was made in.
namespace facet::gpu::opencl {

struct Release {
    void operator()(_cl_context* context) const;
    void operator()(_cl_command_queue* queue) const;
    void operator()(_cl_mem* memory) const;
    void operator()(_cl_program* program) const;
    void operator()(_cl_kernel* kernel) const;
    void operator()(_cl_event* event) const;
};
template <typename Object>
using Handle = std::unique_ptr<Object, Release>;

enum class DeviceType { kCpu, kGpu, kOther };

// What a device says of itself. Bytes where nothing else is said.
struct DeviceInfo {
    _cl_platform_id* platform = nullptr;
    _cl_device_id* id = nullptr;
    DeviceType type = DeviceType::kOther;
    std::string platform_name, name, vendor, driver;
    std::string version;  // "OpenCL 3.0 CUDA"
    int major_version = 0, minor_version = 0;
    std::string extensions;  // separated by spaces
    bool available = false, has_compiler = false, host_unified = false;
    bool fp16 = false, fp64 = false;
    int compute_capability = 0;  // of NVIDIA's devices: 90 is 9.0; 0: none
    uint64_t global_memory = 0, local_memory = 0, largest_allocation = 0, global_cache = 0;
    uint32_t compute_units = 0, clock_mhz = 0;
    size_t max_work_group = 0;  // work items
    std::array<size_t, 3> max_work_items{};

    [[nodiscard]] bool has_extension(std::string_view extension) const;
};

// Every device of every platform, in the loader's order; none where there is no platform.
[[nodiscard]] Result<std::vector<DeviceInfo>> enumerate_devices();

// Bytes of the device's memory that nobody uses, where its vendor tells; of others all of it, since
// OpenCL itself has no such figure. Nothing: not even that is known.
[[nodiscard]] std::optional<uint64_t> free_memory(const DeviceInfo& device);

// Thread-safe.
class Context {
  public:
    // The one of this device while anybody holds it, else a new one.
    [[nodiscard]] static Result<std::shared_ptr<const Context>> open(const DeviceInfo& device);

    [[nodiscard]] const DeviceInfo& device() const { return device_; }
    [[nodiscard]] _cl_context* get() const { return handle_.get(); }

  private:
    Context(DeviceInfo device, Handle<_cl_context> handle)
        : device_(std::move(device)), handle_(std::move(handle)) {}

    DeviceInfo device_;
    Handle<_cl_context> handle_;
};
using ContextPtr = std::shared_ptr<const Context>;

// Memory of the device. Thread-safe.
class Buffer {
  public:
    // Contents undefined. `bytes` > 0.
    [[nodiscard]] static Result<Buffer> create(const ContextPtr& context, size_t bytes);

    Buffer() = default;
    [[nodiscard]] size_t bytes() const { return bytes_; }
    [[nodiscard]] _cl_mem* get() const { return handle_.get(); }
    explicit operator bool() const { return handle_ != nullptr; }

  private:
    Buffer(Handle<_cl_mem> handle, size_t bytes) : handle_(std::move(handle)), bytes_(bytes) {}

    Handle<_cl_mem> handle_;
    size_t bytes_ = 0;
};

// Nanoseconds of the device's own clock.
struct EventTimes {
    uint64_t queued = 0, submitted = 0, started = 0, ended = 0;
};

// The end of an enqueued command. Thread-safe.
class Event {
  public:
    Event() = default;
    [[nodiscard]] _cl_event* get() const { return handle_.get(); }
    explicit operator bool() const { return handle_ != nullptr; }
    // Returns when the command has ended; an error where it, or one it waited for, failed.
    // Precondition: the command's queue has been flushed, or is the only one concerned.
    [[nodiscard]] Result<void> wait() const;
    // Of a command that has ended, in a queue that profiles.
    [[nodiscard]] Result<EventTimes> times() const;

  private:
    friend class Queue;
    ContextPtr context_;
    Handle<_cl_event> handle_;
};

// What a command waits for beside those before it in its queue, and the event that it sets.
struct Sync {
    std::span<_cl_event* const> after = {};
    Event* done = nullptr;
};

// OpenCL C compiled for one device. Thread-safe.
class Program {
  public:
    // The error holds the device's build log.
    [[nodiscard]] static Result<Program> build(const ContextPtr& context, std::string_view source,
                                               const std::string& options);
    // From what binary() returned on an equal device with an equal driver; an error where the
    // driver does not take it.
    [[nodiscard]] static Result<Program> load(const ContextPtr& context,
                                              std::span<const std::byte> binary,
                                              const std::string& options);

    [[nodiscard]] Result<std::vector<std::byte>> binary() const;
    [[nodiscard]] const ContextPtr& context() const { return context_; }
    [[nodiscard]] _cl_program* get() const { return handle_.get(); }

  private:
    Program(ContextPtr context, Handle<_cl_program> handle)
        : context_(std::move(context)), handle_(std::move(handle)) {}

    ContextPtr context_;
    Handle<_cl_program> handle_;
};

// A __local argument of so many bytes.
struct LocalMemory {
    size_t bytes = 0;
};

// One kernel function with its arguments. Thread-bound; make one per thread.
class Kernel {
  public:
    [[nodiscard]] static Result<Kernel> create(const Program& program, const std::string& name);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] _cl_kernel* get() const { return handle_.get(); }

    // A null Buffer is a null pointer to the kernel.
    [[nodiscard]] Result<void> set_arg(unsigned index, const Buffer& buffer);
    [[nodiscard]] Result<void> set_arg(unsigned index, LocalMemory local);
    // Of the type that the kernel declares, to the bit: int32_t for int, float for float.
    template <typename Value>
    requires std::is_arithmetic_v<Value>
    [[nodiscard]] Result<void> set_arg(unsigned index, Value value) {
        static_assert(!std::is_same_v<Value, bool>, "a kernel takes no bool");
        return set_bytes(index, sizeof value, &value);
    }
    // All arguments, from the first on.
    template <typename... Values>
    [[nodiscard]] Result<void> set_args(const Values&... values) {
        unsigned index = 0;
        Result<void> result;
        (void)((result = set_arg(index++, values), result.ok()) && ...);
        return result;
    }

    // The largest work group that the device runs this kernel in, and its preferred multiple.
    struct GroupLimits {
        size_t largest = 0, multiple = 0;
        uint64_t local_memory = 0, private_memory = 0;  // bytes; per group, per work item
    };
    [[nodiscard]] Result<GroupLimits> group_limits() const;

  private:
    Kernel(ContextPtr context, std::string name, Handle<_cl_kernel> handle)
        : context_(std::move(context)), name_(std::move(name)), handle_(std::move(handle)) {}
    [[nodiscard]] Result<void> set_bytes(unsigned index, size_t bytes, const void* value);

    ContextPtr context_;
    std::string name_;
    Handle<_cl_kernel> handle_;
};

// Work items in all, and per group; groups of the driver's choice where `local` is 0. The kernel's
// ranges must be multiples of the group's.
struct WorkSize {
    std::array<size_t, 3> global{1, 1, 1};
    std::array<size_t, 3> local{0, 0, 0};
};

// Commands in order. They start when flush(), a blocking call or the driver sends them off.
// Buffers, kernels and arguments in use are kept alive by OpenCL; host memory is the caller's to
// keep until the command has ended. Thread-safe, but the order of two threads' commands is theirs.
class Queue {
  public:
    [[nodiscard]] static Result<Queue> create(const ContextPtr& context, bool profiling = false);

    [[nodiscard]] const ContextPtr& context() const { return context_; }
    [[nodiscard]] _cl_command_queue* get() const { return handle_.get(); }

    [[nodiscard]] Result<void> run(const Kernel& kernel, const WorkSize& size, Sync sync = {});
    // Bytes [offset, offset + source.size()) of the buffer; does not wait.
    [[nodiscard]] Result<void> write(const Buffer& buffer, size_t offset,
                                     std::span<const std::byte> source, Sync sync = {});
    [[nodiscard]] Result<void> read(const Buffer& buffer, size_t offset,
                                    std::span<std::byte> destination, Sync sync = {});
    [[nodiscard]] Result<void> copy(const Buffer& source, size_t source_offset,
                                    const Buffer& destination, size_t destination_offset,
                                    size_t bytes, Sync sync = {});
    // Sends off what is enqueued.
    [[nodiscard]] Result<void> flush();
    // Waits for all of it; errors of commands show in their events, not here.
    [[nodiscard]] Result<void> finish();

  private:
    Queue(ContextPtr context, Handle<_cl_command_queue> handle)
        : context_(std::move(context)), handle_(std::move(handle)) {}
    template <typename Call>
    [[nodiscard]] Result<void> enqueue(std::string_view call, const Sync& sync,
                                       const Call& call_with, std::string_view detail = {});

    ContextPtr context_;
    Handle<_cl_command_queue> handle_;
};

// Host memory that the device copies from and to without staging of its own. The pointer stays
// valid for the object's life. Thread-compatible.
class PinnedMemory {
  public:
    // `queue` is used to map it and, in the destructor, to unmap it.
    [[nodiscard]] static Result<PinnedMemory> create(const Queue& queue, size_t bytes);

    PinnedMemory() = default;
    PinnedMemory(PinnedMemory&& other) noexcept { *this = std::move(other); }
    PinnedMemory& operator=(PinnedMemory&& other) noexcept;
    ~PinnedMemory();

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

  private:
    Handle<_cl_command_queue> queue_;
    Handle<_cl_mem> memory_;
    std::span<std::byte> bytes_;
};

}  // namespace facet::gpu::opencl
