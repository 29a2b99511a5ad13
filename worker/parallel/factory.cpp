#include "worker/parallel/factory.hpp"

#include <algorithm>

#include "protocol/errors.hpp"

namespace layersweep {

namespace {

class SoloCollective final : public Collective {
public:
    [[nodiscard]] int rank() const override { return 0; }
    [[nodiscard]] int size() const override { return 1; }
    void start_sum(const at::Tensor&) override {}
    void finish_sums() override {}
    [[nodiscard]] double waited_s() const override { return 0; }
};

}  // namespace

std::unique_ptr<Collective> solo_collective() {
    return std::make_unique<SoloCollective>();
}

std::unique_ptr<CollectiveFactory> collective_factory(const WorkerDevice& device) {
#ifdef LAYERSWEEP_WITH_CUDA
    if (device.torch_device().is_cuda()) return nccl_collective_factory(device);
#endif
    LAYERSWEEP_CHECK(device.torch_device().is_cpu(), "no collective for this device in this build");
    return mpi_collective_factory();
}

int place_in_gang(WorkerId self, const to_worker::Assign& assign) {
    const auto found = std::find(assign.gang.begin(), assign.gang.end(), self);
    LAYERSWEEP_CHECK(found != assign.gang.end(), "a worker was assigned to a gang that it is not in");
    return int(found - assign.gang.begin());
}

}  // namespace layersweep
