#pragma once

#include "protocol/mpi/mpi_transport.hpp"

namespace layersweep::test {

/// The session of this test program; made by its main before any test runs.
[[nodiscard]] MpiSession& mpi_session();

}  // namespace layersweep::test
