// SPDX-License-Identifier: MIT
// The only file that includes OpenCL's headers: each wrapper makes its calls and names their
// errors.
#include "engine/backends/gpu/opencl_api.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <CL/cl_ext.h>

#include <cstdio>
#include <map>
#include <utility>

#include "engine/base/mutex.h"

namespace facet::gpu::opencl {

namespace {

// CL/cl_ext.h, cl_nv_device_attribute_query.
constexpr cl_device_info kCapabilityMajor = 0x4000;
constexpr cl_device_info kCapabilityMinor = 0x4001;
// CL/cl_ext.h: the loader found no platform.
constexpr cl_int kPlatformNotFound = -1001;

struct CodeName {
    cl_int code;
    std::string_view name;
};
constexpr CodeName kCodeNames[] = {
    {CL_DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND"},
    {CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE"},
    {CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE"},
    {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
    {CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
    {CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY"},
    {CL_PROFILING_INFO_NOT_AVAILABLE, "CL_PROFILING_INFO_NOT_AVAILABLE"},
    {CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE"},
    {CL_MAP_FAILURE, "CL_MAP_FAILURE"},
    {CL_MISALIGNED_SUB_BUFFER_OFFSET, "CL_MISALIGNED_SUB_BUFFER_OFFSET"},
    {CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"},
    {CL_COMPILE_PROGRAM_FAILURE, "CL_COMPILE_PROGRAM_FAILURE"},
    {CL_LINKER_NOT_AVAILABLE, "CL_LINKER_NOT_AVAILABLE"},
    {CL_LINK_PROGRAM_FAILURE, "CL_LINK_PROGRAM_FAILURE"},
    {CL_INVALID_VALUE, "CL_INVALID_VALUE"},
    {CL_INVALID_PLATFORM, "CL_INVALID_PLATFORM"},
    {CL_INVALID_DEVICE, "CL_INVALID_DEVICE"},
    {CL_INVALID_CONTEXT, "CL_INVALID_CONTEXT"},
    {CL_INVALID_QUEUE_PROPERTIES, "CL_INVALID_QUEUE_PROPERTIES"},
    {CL_INVALID_COMMAND_QUEUE, "CL_INVALID_COMMAND_QUEUE"},
    {CL_INVALID_MEM_OBJECT, "CL_INVALID_MEM_OBJECT"},
    {CL_INVALID_BINARY, "CL_INVALID_BINARY"},
    {CL_INVALID_BUILD_OPTIONS, "CL_INVALID_BUILD_OPTIONS"},
    {CL_INVALID_PROGRAM, "CL_INVALID_PROGRAM"},
    {CL_INVALID_PROGRAM_EXECUTABLE, "CL_INVALID_PROGRAM_EXECUTABLE"},
    {CL_INVALID_KERNEL_NAME, "CL_INVALID_KERNEL_NAME"},
    {CL_INVALID_KERNEL_DEFINITION, "CL_INVALID_KERNEL_DEFINITION"},
    {CL_INVALID_KERNEL, "CL_INVALID_KERNEL"},
    {CL_INVALID_ARG_INDEX, "CL_INVALID_ARG_INDEX"},
    {CL_INVALID_ARG_VALUE, "CL_INVALID_ARG_VALUE"},
    {CL_INVALID_ARG_SIZE, "CL_INVALID_ARG_SIZE"},
    {CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS"},
    {CL_INVALID_WORK_DIMENSION, "CL_INVALID_WORK_DIMENSION"},
    {CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE"},
    {CL_INVALID_WORK_ITEM_SIZE, "CL_INVALID_WORK_ITEM_SIZE"},
    {CL_INVALID_GLOBAL_OFFSET, "CL_INVALID_GLOBAL_OFFSET"},
    {CL_INVALID_EVENT_WAIT_LIST, "CL_INVALID_EVENT_WAIT_LIST"},
    {CL_INVALID_EVENT, "CL_INVALID_EVENT"},
    {CL_INVALID_OPERATION, "CL_INVALID_OPERATION"},
    {CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE"},
    {CL_INVALID_GLOBAL_WORK_SIZE, "CL_INVALID_GLOBAL_WORK_SIZE"},
    {kPlatformNotFound, "CL_PLATFORM_NOT_FOUND_KHR"},
};

std::string name_of(cl_int code) {
    for (const CodeName& entry : kCodeNames)
        if (entry.code == code) return std::string(entry.name);
    return "OpenCL error " + std::to_string(code);
}

Error failed(std::string_view call, cl_int code, std::string_view device,
             std::string_view detail = {}) {
    const bool memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY;
    std::string text = std::string(device) + ": " + std::string(call) + ": " + name_of(code);
    if (!detail.empty()) text += " (" + std::string(detail) + ")";
    return {memory ? ErrorCode::kOutOfMemory : ErrorCode::kDevice, std::move(text)};
}

Result<void> check(std::string_view call, cl_int code, const ContextPtr& context,
                   std::string_view detail = {}) {
    if (code == CL_SUCCESS) return {};
    return failed(call, code, context->device().name, detail);
}

// What a query of variable length returns; nothing where the device refuses it.
template <typename Query>
std::string text_of(const Query& query) {
    size_t length = 0;
    if (query(0, nullptr, &length) != CL_SUCCESS || length == 0) return {};
    std::string text(length, '\0');
    if (query(length, text.data(), nullptr) != CL_SUCCESS) return {};
    while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.pop_back();
    return text;
}

std::string device_text(cl_device_id device, cl_device_info what) {
    return text_of([&](size_t length, void* text, size_t* needed) {
        return clGetDeviceInfo(device, what, length, text, needed);
    });
}

// 0 where the device refuses the question.
template <typename Value>
Value device_value(cl_device_id device, cl_device_info what) {
    Value value{};
    if (clGetDeviceInfo(device, what, sizeof value, &value, nullptr) != CL_SUCCESS) return {};
    return value;
}

DeviceType type_of(cl_device_type type) {
    if (type & CL_DEVICE_TYPE_GPU) return DeviceType::kGpu;
    return type & CL_DEVICE_TYPE_CPU ? DeviceType::kCpu : DeviceType::kOther;
}

DeviceInfo describe(cl_platform_id platform, cl_device_id id) {
    DeviceInfo info;
    info.platform = platform;
    info.id = id;
    info.type = type_of(device_value<cl_device_type>(id, CL_DEVICE_TYPE));
    info.platform_name = text_of([&](size_t length, void* text, size_t* needed) {
        return clGetPlatformInfo(platform, CL_PLATFORM_NAME, length, text, needed);
    });
    info.name = device_text(id, CL_DEVICE_NAME);
    info.vendor = device_text(id, CL_DEVICE_VENDOR);
    info.driver = device_text(id, CL_DRIVER_VERSION);
    info.version = device_text(id, CL_DEVICE_VERSION);
    // Section 4.2 of the specification: "OpenCL<space><major.minor><space>...".
    std::sscanf(info.version.c_str(), "OpenCL %d.%d", &info.major_version, &info.minor_version);
    info.extensions = device_text(id, CL_DEVICE_EXTENSIONS);
    info.available = device_value<cl_bool>(id, CL_DEVICE_AVAILABLE) != CL_FALSE;
    info.has_compiler = device_value<cl_bool>(id, CL_DEVICE_COMPILER_AVAILABLE) != CL_FALSE;
    info.host_unified = device_value<cl_bool>(id, CL_DEVICE_HOST_UNIFIED_MEMORY) != CL_FALSE;
    info.fp16 = info.has_extension("cl_khr_fp16");
    info.fp64 = info.has_extension("cl_khr_fp64");
    if (info.has_extension("cl_nv_device_attribute_query"))
        info.compute_capability =
            static_cast<int>(device_value<cl_uint>(id, kCapabilityMajor) * 10 +
                             device_value<cl_uint>(id, kCapabilityMinor));
    info.global_memory = device_value<cl_ulong>(id, CL_DEVICE_GLOBAL_MEM_SIZE);
    info.local_memory = device_value<cl_ulong>(id, CL_DEVICE_LOCAL_MEM_SIZE);
    info.largest_allocation = device_value<cl_ulong>(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info.global_cache = device_value<cl_ulong>(id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE);
    info.compute_units = device_value<cl_uint>(id, CL_DEVICE_MAX_COMPUTE_UNITS);
    info.clock_mhz = device_value<cl_uint>(id, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    info.max_work_group = device_value<size_t>(id, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    info.max_work_items = device_value<std::array<size_t, 3>>(id, CL_DEVICE_MAX_WORK_ITEM_SIZES);
    return info;
}

std::string build_log(cl_program program, cl_device_id device) {
    return text_of([&](size_t length, void* text, size_t* needed) {
        return clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, length, text, needed);
    });
}

Result<void> build_program(const ContextPtr& context, cl_program program,
                           const std::string& options) {
    cl_device_id device = context->device().id;
    const cl_int code = clBuildProgram(program, 1, &device, options.c_str(), nullptr, nullptr);
    if (code == CL_SUCCESS) return {};
    Error error = failed("clBuildProgram", code, context->device().name,
                         options.empty() ? "" : "options: " + options);
    const std::string log = build_log(program, device);
    if (!log.empty()) error.message += "\n" + log;
    return error;
}

cl_uint count(const Sync& sync) {
    return static_cast<cl_uint>(sync.after.size());
}
const cl_event* events(const Sync& sync) {
    return sync.after.empty() ? nullptr : sync.after.data();
}

}  // namespace

void Release::operator()(_cl_context* context) const {
    clReleaseContext(context);
}
void Release::operator()(_cl_command_queue* queue) const {
    clReleaseCommandQueue(queue);
}
void Release::operator()(_cl_mem* memory) const {
    clReleaseMemObject(memory);
}
void Release::operator()(_cl_program* program) const {
    clReleaseProgram(program);
}
void Release::operator()(_cl_kernel* kernel) const {
    clReleaseKernel(kernel);
}
void Release::operator()(_cl_event* event) const {
    clReleaseEvent(event);
}

bool DeviceInfo::has_extension(std::string_view extension) const {
    const std::string padded = " " + extensions + " ";
    return padded.find(" " + std::string(extension) + " ") != std::string::npos;
}

Result<std::vector<DeviceInfo>> enumerate_devices() {
    cl_uint platform_count = 0;
    cl_int code = clGetPlatformIDs(0, nullptr, &platform_count);
    if (code == kPlatformNotFound || (code == CL_SUCCESS && platform_count == 0))
        return std::vector<DeviceInfo>();
    std::vector<cl_platform_id> platforms(platform_count);
    if (code == CL_SUCCESS) code = clGetPlatformIDs(platform_count, platforms.data(), nullptr);
    if (code != CL_SUCCESS) return failed("clGetPlatformIDs", code, "OpenCL");
    std::vector<DeviceInfo> found;
    for (cl_platform_id platform : platforms) {
        cl_uint device_count = 0;
        // A platform that fails to count its devices has none; others may have.
        if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &device_count) != CL_SUCCESS)
            continue;
        std::vector<cl_device_id> ids(device_count);
        code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, device_count, ids.data(), nullptr);
        if (code != CL_SUCCESS) continue;
        for (cl_device_id id : ids) found.push_back(describe(platform, id));
    }
    return found;
}

std::optional<uint64_t> free_memory(const DeviceInfo& device) {
    if (device.has_extension("cl_amd_device_attribute_query")) {
        // In kibibytes: all that is free, and the largest piece of it.
        const auto free = device_value<std::array<size_t, 2>>(
            device.id, static_cast<cl_device_info>(CL_DEVICE_GLOBAL_FREE_MEMORY_AMD));
        if (free[0] > 0) return uint64_t{free[0]} * 1024;
    }
    if (device.global_memory == 0) return {};
    return device.global_memory;
}

Result<ContextPtr> Context::open(const DeviceInfo& device) {
    static Mutex mutex;  // guards `contexts`; no other lock is taken while it is held
    static std::map<cl_device_id, std::weak_ptr<const Context>> contexts;
    MutexLock lock(mutex);
    std::weak_ptr<const Context>& known = contexts[device.id];
    if (ContextPtr context = known.lock()) return context;
    const cl_context_properties properties[] = {
        CL_CONTEXT_PLATFORM, reinterpret_cast<cl_context_properties>(device.platform), 0};
    cl_int code = CL_SUCCESS;
    Handle<_cl_context> handle(clCreateContext(properties, 1, &device.id, nullptr, nullptr, &code));
    if (code != CL_SUCCESS) return failed("clCreateContext", code, device.name);
    ContextPtr context(new Context(device, std::move(handle)));
    known = context;
    return context;
}

Result<Buffer> Buffer::create(const ContextPtr& context, size_t bytes) {
    cl_int code = CL_SUCCESS;
    Handle<_cl_mem> handle(
        clCreateBuffer(context->get(), CL_MEM_READ_WRITE, bytes, nullptr, &code));
    FACET_TRY(check("clCreateBuffer", code, context, std::to_string(bytes) + " bytes"));
    return Buffer(std::move(handle), bytes);
}

Result<void> Event::wait() const {
    cl_event event = handle_.get();
    const cl_int waited = clWaitForEvents(1, &event);
    if (waited == CL_SUCCESS) return {};
    // A failed command's own error says more than that the wait ended in one.
    cl_int status = CL_SUCCESS;
    const cl_int asked =
        clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
    const bool says_why = asked == CL_SUCCESS && status < 0;
    return check("clWaitForEvents", says_why ? status : waited, context_);
}

Result<EventTimes> Event::times() const {
    EventTimes times;
    const std::pair<cl_profiling_info, uint64_t*> wanted[] = {
        {CL_PROFILING_COMMAND_QUEUED, &times.queued},
        {CL_PROFILING_COMMAND_SUBMIT, &times.submitted},
        {CL_PROFILING_COMMAND_START, &times.started},
        {CL_PROFILING_COMMAND_END, &times.ended}};
    for (const auto& [what, time] : wanted) {
        const cl_int code =
            clGetEventProfilingInfo(handle_.get(), what, sizeof *time, time, nullptr);
        FACET_TRY(check("clGetEventProfilingInfo", code, context_));
    }
    return times;
}

Result<Program> Program::build(const ContextPtr& context, std::string_view source,
                               const std::string& options) {
    const char* text = source.data();
    const size_t length = source.size();
    cl_int code = CL_SUCCESS;
    Handle<_cl_program> handle(clCreateProgramWithSource(context->get(), 1, &text, &length, &code));
    FACET_TRY(check("clCreateProgramWithSource", code, context));
    FACET_TRY(build_program(context, handle.get(), options));
    return Program(context, std::move(handle));
}

Result<Program> Program::load(const ContextPtr& context, std::span<const std::byte> binary,
                              const std::string& options) {
    cl_device_id device = context->device().id;
    const size_t length = binary.size();
    const auto* bytes = reinterpret_cast<const unsigned char*>(binary.data());
    cl_int status = CL_SUCCESS, code = CL_SUCCESS;
    Handle<_cl_program> handle(
        clCreateProgramWithBinary(context->get(), 1, &device, &length, &bytes, &status, &code));
    FACET_TRY(check("clCreateProgramWithBinary", code, context));
    FACET_TRY(check("clCreateProgramWithBinary", status, context));
    FACET_TRY(build_program(context, handle.get(), options));
    return Program(context, std::move(handle));
}

Result<std::vector<std::byte>> Program::binary() const {
    // One device per context, so one size and one binary.
    size_t length = 0;
    FACET_TRY(
        check("clGetProgramInfo(CL_PROGRAM_BINARY_SIZES)",
              clGetProgramInfo(get(), CL_PROGRAM_BINARY_SIZES, sizeof length, &length, nullptr),
              context_));
    std::vector<std::byte> binary(length);
    std::byte* bytes = binary.data();
    FACET_TRY(check("clGetProgramInfo(CL_PROGRAM_BINARIES)",
                    clGetProgramInfo(get(), CL_PROGRAM_BINARIES, sizeof bytes, &bytes, nullptr),
                    context_));
    return binary;
}

Result<Kernel> Kernel::create(const Program& program, const std::string& name) {
    cl_int code = CL_SUCCESS;
    Handle<_cl_kernel> handle(clCreateKernel(program.get(), name.c_str(), &code));
    FACET_TRY(check("clCreateKernel", code, program.context(), name));
    return Kernel(program.context(), name, std::move(handle));
}

Result<void> Kernel::set_bytes(unsigned index, size_t bytes, const void* value) {
    const cl_int code = clSetKernelArg(get(), index, bytes, value);
    if (code == CL_SUCCESS) return {};
    return failed("clSetKernelArg", code, context_->device().name,
                  name_ + ", argument " + std::to_string(index));
}

Result<void> Kernel::set_arg(unsigned index, const Buffer& buffer) {
    cl_mem memory = buffer.get();
    return set_bytes(index, sizeof memory, &memory);
}

Result<void> Kernel::set_arg(unsigned index, LocalMemory local) {
    return set_bytes(index, local.bytes, nullptr);
}

Result<Kernel::GroupLimits> Kernel::group_limits() const {
    GroupLimits limits;
    const struct {
        cl_kernel_work_group_info what;
        size_t bytes;
        void* value;
    } wanted[] = {
        {CL_KERNEL_WORK_GROUP_SIZE, sizeof limits.largest, &limits.largest},
        {CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof limits.multiple, &limits.multiple},
        {CL_KERNEL_LOCAL_MEM_SIZE, sizeof limits.local_memory, &limits.local_memory},
        {CL_KERNEL_PRIVATE_MEM_SIZE, sizeof limits.private_memory, &limits.private_memory}};
    for (const auto& [what, bytes, value] : wanted) {
        const cl_int code =
            clGetKernelWorkGroupInfo(get(), context_->device().id, what, bytes, value, nullptr);
        FACET_TRY(check("clGetKernelWorkGroupInfo", code, context_, name_));
    }
    return limits;
}

Result<Queue> Queue::create(const ContextPtr& context, bool profiling) {
    cl_int code = CL_SUCCESS;
    const cl_command_queue_properties properties = profiling ? CL_QUEUE_PROFILING_ENABLE : 0;
    Handle<_cl_command_queue> handle(
        clCreateCommandQueue(context->get(), context->device().id, properties, &code));
    FACET_TRY(check("clCreateCommandQueue", code, context));
    return Queue(context, std::move(handle));
}

// `call_with` makes the call, with the event to set or null.
template <typename Call>
Result<void> Queue::enqueue(std::string_view call, const Sync& sync, const Call& call_with,
                            std::string_view detail) {
    cl_event event = nullptr;
    const cl_int code = call_with(sync.done ? &event : nullptr);
    if (code != CL_SUCCESS) return failed(call, code, context_->device().name, detail);
    if (!sync.done) return {};
    sync.done->context_ = context_;
    sync.done->handle_.reset(event);
    return {};
}

Result<void> Queue::run(const Kernel& kernel, const WorkSize& size, Sync sync) {
    const size_t* local = size.local[0] == 0 ? nullptr : size.local.data();
    const auto call = [&](cl_event* event) {
        return clEnqueueNDRangeKernel(get(), kernel.get(), 3, nullptr, size.global.data(), local,
                                      count(sync), events(sync), event);
    };
    return enqueue("clEnqueueNDRangeKernel", sync, call, kernel.name());
}

Result<void> Queue::write(const Buffer& buffer, size_t offset, std::span<const std::byte> source,
                          Sync sync) {
    return enqueue("clEnqueueWriteBuffer", sync, [&](cl_event* event) {
        return clEnqueueWriteBuffer(get(), buffer.get(), CL_FALSE, offset, source.size(),
                                    source.data(), count(sync), events(sync), event);
    });
}

Result<void> Queue::read(const Buffer& buffer, size_t offset, std::span<std::byte> destination,
                         Sync sync) {
    return enqueue("clEnqueueReadBuffer", sync, [&](cl_event* event) {
        return clEnqueueReadBuffer(get(), buffer.get(), CL_FALSE, offset, destination.size(),
                                   destination.data(), count(sync), events(sync), event);
    });
}

Result<void> Queue::copy(const Buffer& source, size_t source_offset, const Buffer& destination,
                         size_t destination_offset, size_t bytes, Sync sync) {
    return enqueue("clEnqueueCopyBuffer", sync, [&](cl_event* event) {
        return clEnqueueCopyBuffer(get(), source.get(), destination.get(), source_offset,
                                   destination_offset, bytes, count(sync), events(sync), event);
    });
}

Result<void> Queue::flush() {
    return check("clFlush", clFlush(get()), context_);
}

Result<void> Queue::finish() {
    return check("clFinish", clFinish(get()), context_);
}

Result<PinnedMemory> PinnedMemory::create(const Queue& queue, size_t bytes) {
    const ContextPtr& context = queue.context();
    cl_int code = CL_SUCCESS;
    PinnedMemory pinned;
    pinned.memory_.reset(clCreateBuffer(context->get(), CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR,
                                        bytes, nullptr, &code));
    const std::string size = std::to_string(bytes) + " bytes of host memory";
    FACET_TRY(check("clCreateBuffer", code, context, size));
    FACET_TRY(check("clRetainCommandQueue", clRetainCommandQueue(queue.get()), context));
    pinned.queue_.reset(queue.get());
    void* mapped =
        clEnqueueMapBuffer(queue.get(), pinned.memory_.get(), CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                           0, bytes, 0, nullptr, nullptr, &code);
    FACET_TRY(check("clEnqueueMapBuffer", code, context, size));
    pinned.bytes_ = {static_cast<std::byte*>(mapped), bytes};
    return pinned;
}

PinnedMemory& PinnedMemory::operator=(PinnedMemory&& other) noexcept {
    std::swap(queue_, other.queue_);
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

PinnedMemory::~PinnedMemory() {
    // Without the unmapping the driver may keep the memory; an error here has nobody to go to.
    if (!bytes_.empty())
        clEnqueueUnmapMemObject(queue_.get(), memory_.get(), bytes_.data(), 0, nullptr, nullptr);
}

}  // namespace facet::gpu::opencl
