#pragma once

#include <cerrno>

namespace layersweep {

/// Result of a system call that says 0 for success; called again as long as a signal interrupts it. errno is the last call's.
template <class Call>
int repeat_interrupted(Call&& call) {
    int result = 0;
    do result = call();
    while (result != 0 && errno == EINTR);
    return result;
}

}  // namespace layersweep
