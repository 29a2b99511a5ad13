#include "worker/parallel/gradient_reducer.hpp"

#include <utility>

#include "protocol/errors.hpp"

namespace layersweep {

GradientReducer::GradientReducer(Collective& gang, at::Tensor flat, std::int64_t bucket_bytes)
    : gang_(gang), flat_(std::move(flat)), bucket_numbers_(bucket_bytes / flat_.element_size()), end_(flat_.numel()) {}

void GradientReducer::written_from(std::int64_t begin) {
    LAYERSWEEP_CHECK(begin <= end_, "gradients that are being summed were written again");
    if (begin < end_ && end_ - begin >= bucket_numbers_) start_from(begin);
}

void GradientReducer::finish() {
    if (end_ > 0) start_from(0);
    gang_.finish_sums();
}

void GradientReducer::start_from(std::int64_t begin) {
    gang_.start_sum(flat_.narrow(0, begin, end_ - begin));
    end_ = begin;
}

}  // namespace layersweep
