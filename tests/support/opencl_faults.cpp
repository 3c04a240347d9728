// SPDX-License-Identifier: MIT
// Every entry point that Facet uses, under the loader's names, forwarded to the loader.
#include "tests/support/opencl_faults.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>

#include <cstdlib>
#include <map>
#include <mutex>

namespace facet::testing::opencl_faults {

namespace {

constexpr uint64_t kNever = UINT64_MAX;

struct State {
    std::mutex mutex;  // guards all below
    uint64_t fail_at = kNever;
    Fault fault = Fault::kOnce;
    uint64_t calls = 0, failures = 0;
    std::string failed_call;
    std::map<std::string, int64_t> live;  // by kind
};

State& state() {
    static State instance;
    return instance;
}

void* loader_symbol(const char* name) {
    static void* const loader = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    void* symbol = loader ? dlsym(loader, name) : nullptr;
    if (!symbol) std::abort();
    return symbol;
}

// Counts the call; whether it is to fail.
bool fails(const char* call) {
    State& now = state();
    const std::lock_guard lock(now.mutex);
    ++now.calls;
    const bool fail =
        now.fault == Fault::kLost ? now.calls >= now.fail_at : now.calls == now.fail_at;
    if (fail && now.failures++ == 0) now.failed_call = call;
    return fail;
}

void count(const char* kind, int64_t by) {
    const std::lock_guard lock(state().mutex);
    state().live[kind] += by;
}

}  // namespace

void fail_at(uint64_t nth, Fault fault) {
    const std::lock_guard lock(state().mutex);
    state().fail_at = nth;
    state().fault = fault;
    state().calls = state().failures = 0;
    state().failed_call.clear();
}

void recover() {
    fail_at(kNever, Fault::kOnce);
}

uint64_t calls() {
    const std::lock_guard lock(state().mutex);
    return state().calls;
}

uint64_t failures() {
    const std::lock_guard lock(state().mutex);
    return state().failures;
}

std::string failed_call() {
    const std::lock_guard lock(state().mutex);
    return state().failed_call;
}

std::string live_objects() {
    const std::lock_guard lock(state().mutex);
    std::string text;
    for (const auto& [kind, references] : state().live) {
        if (references == 0) continue;
        if (!text.empty()) text += ", ";
        text += std::to_string(references) + " " + kind + (references == 1 ? "" : "s");
    }
    return text;
}

}  // namespace facet::testing::opencl_faults

namespace faults = facet::testing::opencl_faults;

#define ENTRY extern "C" __attribute__((visibility("default")))
#define REAL(name) reinterpret_cast<decltype(&name)>(faults::loader_symbol(#name))

// A call that says how it went by what it returns.
#define FORWARD(name, parameters, arguments, error)             \
    ENTRY cl_int CL_API_CALL name parameters {                  \
        static const auto real = REAL(name);                    \
        return faults::fails(#name) ? (error) : real arguments; \
    }

// A call that makes an object, and says how it went through its last argument, `code`.
#define CREATE(name, Object, kind, parameters, arguments, error) \
    ENTRY Object CL_API_CALL name parameters {                   \
        static const auto real = REAL(name);                     \
        if (faults::fails(#name)) {                              \
            if (code) *code = (error);                           \
            return nullptr;                                      \
        }                                                        \
        const Object made = real arguments;                      \
        if (made) faults::count(kind, 1);                        \
        return made;                                             \
    }

// Releases and retains.
#define REFERENCE(name, Object, kind, by)                \
    ENTRY cl_int CL_API_CALL name(Object object) {       \
        static const auto real = REAL(name);             \
        const cl_int code = real(object);                \
        if (code == CL_SUCCESS) faults::count(kind, by); \
        return code;                                     \
    }

// A command, whose event is an object of its own.
#define ENQUEUE(name, parameters, arguments)                        \
    ENTRY cl_int CL_API_CALL name parameters {                      \
        static const auto real = REAL(name);                        \
        if (faults::fails(#name)) return CL_OUT_OF_RESOURCES;       \
        const cl_int code = real arguments;                         \
        if (code == CL_SUCCESS && event) faults::count("event", 1); \
        return code;                                                \
    }

FORWARD(clGetPlatformIDs, (cl_uint length, cl_platform_id* ids, cl_uint* found),
        (length, ids, found), CL_OUT_OF_HOST_MEMORY)
FORWARD(clGetPlatformInfo,
        (cl_platform_id platform, cl_platform_info what, size_t length, void* value,
         size_t* needed),
        (platform, what, length, value, needed), CL_OUT_OF_HOST_MEMORY)
FORWARD(clGetDeviceIDs,
        (cl_platform_id platform, cl_device_type type, cl_uint length, cl_device_id* ids,
         cl_uint* found),
        (platform, type, length, ids, found), CL_OUT_OF_RESOURCES)
FORWARD(clGetDeviceInfo,
        (cl_device_id device, cl_device_info what, size_t length, void* value, size_t* needed),
        (device, what, length, value, needed), CL_OUT_OF_RESOURCES)
CREATE(clCreateContext, cl_context, "context",
       (const cl_context_properties* properties, cl_uint device_count, const cl_device_id* devices,
        void(CL_CALLBACK* notify)(const char*, const void*, size_t, void*), void* user,
        cl_int* code),
       (properties, device_count, devices, notify, user, code), CL_OUT_OF_HOST_MEMORY)
CREATE(clCreateCommandQueue, cl_command_queue, "queue",
       (cl_context context, cl_device_id device, cl_command_queue_properties properties,
        cl_int* code),
       (context, device, properties, code), CL_OUT_OF_RESOURCES)
CREATE(clCreateBuffer, cl_mem, "buffer",
       (cl_context context, cl_mem_flags flags, size_t bytes, void* host, cl_int* code),
       (context, flags, bytes, host, code), CL_MEM_OBJECT_ALLOCATION_FAILURE)
CREATE(clCreateProgramWithSource, cl_program, "program",
       (cl_context context, cl_uint pieces, const char** texts, const size_t* lengths,
        cl_int* code),
       (context, pieces, texts, lengths, code), CL_OUT_OF_HOST_MEMORY)
CREATE(clCreateProgramWithBinary, cl_program, "program",
       (cl_context context, cl_uint device_count, const cl_device_id* devices,
        const size_t* lengths, const unsigned char** binaries, cl_int* status, cl_int* code),
       (context, device_count, devices, lengths, binaries, status, code), CL_INVALID_BINARY)
FORWARD(clBuildProgram,
        (cl_program program, cl_uint device_count, const cl_device_id* devices, const char* options,
         void(CL_CALLBACK* notify)(cl_program, void*), void* user),
        (program, device_count, devices, options, notify, user), CL_BUILD_PROGRAM_FAILURE)
FORWARD(clGetProgramBuildInfo,
        (cl_program program, cl_device_id device, cl_program_build_info what, size_t length,
         void* value, size_t* needed),
        (program, device, what, length, value, needed), CL_OUT_OF_RESOURCES)
FORWARD(clGetProgramInfo,
        (cl_program program, cl_program_info what, size_t length, void* value, size_t* needed),
        (program, what, length, value, needed), CL_OUT_OF_RESOURCES)
CREATE(clCreateKernel, cl_kernel, "kernel", (cl_program program, const char* name, cl_int* code),
       (program, name, code), CL_OUT_OF_RESOURCES)
FORWARD(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t bytes, const void* value),
        (kernel, index, bytes, value), CL_OUT_OF_RESOURCES)
FORWARD(clGetKernelWorkGroupInfo,
        (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what, size_t length,
         void* value, size_t* needed),
        (kernel, device, what, length, value, needed), CL_OUT_OF_RESOURCES)
ENQUEUE(clEnqueueNDRangeKernel,
        (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t* offset,
         const size_t* global, const size_t* local, cl_uint after_count, const cl_event* after,
         cl_event* event),
        (queue, kernel, dimensions, offset, global, local, after_count, after, event))
ENQUEUE(clEnqueueWriteBuffer,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t bytes,
         const void* host, cl_uint after_count, const cl_event* after, cl_event* event),
        (queue, buffer, blocking, offset, bytes, host, after_count, after, event))
ENQUEUE(clEnqueueReadBuffer,
        (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t bytes,
         void* host, cl_uint after_count, const cl_event* after, cl_event* event),
        (queue, buffer, blocking, offset, bytes, host, after_count, after, event))
ENQUEUE(clEnqueueCopyBuffer,
        (cl_command_queue queue, cl_mem source, cl_mem destination, size_t source_offset,
         size_t destination_offset, size_t bytes, cl_uint after_count, const cl_event* after,
         cl_event* event),
        (queue, source, destination, source_offset, destination_offset, bytes, after_count, after,
         event))
FORWARD(clFlush, (cl_command_queue queue), (queue), CL_OUT_OF_RESOURCES)
FORWARD(clGetEventInfo,
        (cl_event event, cl_event_info what, size_t length, void* value, size_t* needed),
        (event, what, length, value, needed), CL_OUT_OF_RESOURCES)
FORWARD(clGetEventProfilingInfo,
        (cl_event event, cl_profiling_info what, size_t length, void* value, size_t* needed),
        (event, what, length, value, needed), CL_PROFILING_INFO_NOT_AVAILABLE)

// Waits that fail have waited all the same, as a lost device's do: nothing runs afterwards.
ENTRY cl_int CL_API_CALL clWaitForEvents(cl_uint length, const cl_event* events) {
    static const auto real = REAL(clWaitForEvents);
    const cl_int code = real(length, events);
    return faults::fails("clWaitForEvents") ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : code;
}

ENTRY cl_int CL_API_CALL clFinish(cl_command_queue queue) {
    static const auto real = REAL(clFinish);
    const cl_int code = real(queue);
    return faults::fails("clFinish") ? CL_OUT_OF_RESOURCES : code;
}

ENTRY void* CL_API_CALL clEnqueueMapBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                           cl_map_flags flags, size_t offset, size_t bytes,
                                           cl_uint after_count, const cl_event* after,
                                           cl_event* event, cl_int* code) {
    static const auto real = REAL(clEnqueueMapBuffer);
    if (faults::fails("clEnqueueMapBuffer")) {
        if (code) *code = CL_MAP_FAILURE;
        return nullptr;
    }
    void* mapped =
        real(queue, buffer, blocking, flags, offset, bytes, after_count, after, event, code);
    if (mapped) faults::count("mapping", 1);
    return mapped;
}

ENTRY cl_int CL_API_CALL clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memory,
                                                 void* mapped, cl_uint after_count,
                                                 const cl_event* after, cl_event* event) {
    static const auto real = REAL(clEnqueueUnmapMemObject);
    const cl_int code = real(queue, memory, mapped, after_count, after, event);
    if (code == CL_SUCCESS) faults::count("mapping", -1);
    return code;
}

REFERENCE(clRetainCommandQueue, cl_command_queue, "queue", 1)
REFERENCE(clReleaseContext, cl_context, "context", -1)
REFERENCE(clReleaseCommandQueue, cl_command_queue, "queue", -1)
REFERENCE(clReleaseMemObject, cl_mem, "buffer", -1)
REFERENCE(clReleaseProgram, cl_program, "program", -1)
REFERENCE(clReleaseKernel, cl_kernel, "kernel", -1)
REFERENCE(clReleaseEvent, cl_event, "event", -1)
