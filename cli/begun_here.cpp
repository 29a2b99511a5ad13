#include "cli/begun_here.hpp"

#include "cli/machine.hpp"
#include "orchestrator/ledger/process_identity.hpp"

namespace layersweep {

LifeDescription begun_here(LifeDescription description) {
    description.code_version = LAYERSWEEP_VERSION;
    description.host = current_process().host;
    description.host_class = host_class();
    return description;
}

}  // namespace layersweep
