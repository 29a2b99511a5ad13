#include "worker/training/optimizer.hpp"

#include <ATen/Functions.h>
#include <c10/core/GradMode.h>

namespace layersweep {

AdamW::AdamW(const Parameters& parameters, const TrainingSettings& settings)
    : learning_rate_(settings.learning_rate),
      beta1_(settings.beta1),
      beta2_(settings.beta2),
      epsilon_(settings.epsilon),
      weight_decay_(settings.weight_decay),
      first_moment_(at::zeros_like(parameters.values())),
      second_moment_(at::zeros_like(parameters.values())),
      steps_(at::zeros({}, parameters.values().options().dtype(at::kFloat))) {}

void AdamW::step(Parameters& parameters) {
    at::NoGradGuard no_grad;
    steps_.add_(1);
    at::_fused_adamw_({parameters.values()}, {parameters.gradients()}, {first_moment_}, {second_moment_}, {}, {steps_}, learning_rate_,
                      beta1_, beta2_, weight_decay_, epsilon_, /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace layersweep
