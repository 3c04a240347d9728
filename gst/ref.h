// SPDX-License-Identifier: MIT
// Ref<T>: a counted reference to a GStreamer object that says whether it was given or borrowed.
#pragma once

#include <gst/gst.h>

#include <type_traits>
#include <utility>

namespace facet {

// GstBuffer, GstCaps, GstEvent and the like are mini objects; everything else counted is a GObject.
template <typename T>
constexpr bool kIsMiniObject =
    std::is_same_v<T, GstBuffer> || std::is_same_v<T, GstCaps> || std::is_same_v<T, GstEvent> ||
    std::is_same_v<T, GstQuery> || std::is_same_v<T, GstMessage> || std::is_same_v<T, GstSample>;

// Owns one reference, or none. Reentrant; the object's own rules hold for what it points to.
template <typename T>
class Ref {
  public:
    Ref() = default;
    Ref(Ref&& other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
    Ref& operator=(Ref&& other) noexcept {
        if (this != &other) reset(std::exchange(other.pointer_, nullptr));
        return *this;
    }
    Ref(const Ref&) = delete;
    Ref& operator=(const Ref&) = delete;
    ~Ref() { reset(nullptr); }

    [[nodiscard]] T* get() const { return pointer_; }
    explicit operator bool() const { return pointer_ != nullptr; }
    // Hands the reference to a function that takes it (transfer full).
    [[nodiscard]] T* release() { return std::exchange(pointer_, nullptr); }

  private:
    template <typename U>
    friend Ref<U> adopt(U* pointer);

    void reset(T* pointer) {
        T* old = std::exchange(pointer_, pointer);
        if (old == nullptr) return;
        if constexpr (kIsMiniObject<T>)
            gst_mini_object_unref(GST_MINI_OBJECT_CAST(old));
        else
            g_object_unref(old);
    }

    T* pointer_ = nullptr;
};

// Takes over a reference that the caller was given (transfer full).
template <typename T>
[[nodiscard]] Ref<T> adopt(T* pointer) {
    Ref<T> ref;
    ref.pointer_ = pointer;
    return ref;
}

// Adds a reference to what the caller only borrows (transfer none).
template <typename T>
[[nodiscard]] Ref<T> share(T* pointer) {
    if (pointer == nullptr) return {};
    if constexpr (kIsMiniObject<T>)
        gst_mini_object_ref(GST_MINI_OBJECT_CAST(pointer));
    else
        g_object_ref(pointer);
    return adopt(pointer);
}

}  // namespace facet
