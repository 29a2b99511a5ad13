#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace layersweep::test {

/// An environment variable that has its old value again at the end.
class ScopedVariable {
public:
    /// nullptr: not set.
    ScopedVariable(std::string name, const char* value) : name_(std::move(name)) {
        if (const char* old = std::getenv(name_.c_str())) old_ = old;
        set(value);
    }
    ~ScopedVariable() { set(old_ ? old_->c_str() : nullptr); }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;

private:
    void set(const char* value) const {
        if (value == nullptr) {
            ::unsetenv(name_.c_str());
        } else {
            ::setenv(name_.c_str(), value, 1);
        }
    }
    std::string name_;
    std::optional<std::string> old_;
};

}  // namespace layersweep::test
