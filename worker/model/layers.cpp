#include "worker/model/layers.hpp"

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace layersweep {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

at::Tensor product(const at::Tensor& x, const Trained& weight, const at::Tensor& bias, bool in_out) {
    const auto as_used = [&](const at::Tensor& w) { return in_out ? w : w.t(); };
    if (weight.rounded.defined()) {
        const auto y = at::mm(x.to(at::kBFloat16), as_used(weight.rounded)).to(weight.value.scalar_type());
        return bias.defined() ? y.add(bias) : y;
    }
    return bias.defined() ? at::addmm(bias, x, as_used(weight.value)) : at::mm(x, as_used(weight.value));
}

class Linear : public Function<Linear> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Trained& weight, const Trained& bias, bool in_out) {
        const bool rounded = weight.rounded.defined();
        context->save_for_backward({rounded ? x.to(at::kBFloat16) : x});
        context->saved_data["weight"] = rounded ? weight.rounded : weight.value;
        context->saved_data["weight_gradient"] = weight.gradient;
        context->saved_data["bias_gradient"] = bias.gradient;
        context->saved_data["in_out"] = in_out;
        return product(x, weight, bias.value, in_out);
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        auto& saved = context->saved_data;
        const auto x = context->get_saved_variables().front();
        const auto weight = saved["weight"].toTensor();
        auto weight_gradient = saved["weight_gradient"].toTensor(), bias_gradient = saved["bias_gradient"].toTensor();
        if (bias_gradient.defined()) at::sum_out(bias_gradient, gradients.front(), 0);
        const auto dy = gradients.front().to(weight.scalar_type());
        const bool in_out = saved["in_out"].toBool();
        const auto a = in_out ? x.t() : dy.t();
        const auto& b = in_out ? dy : x;
        if (weight.scalar_type() == weight_gradient.scalar_type())
            at::mm_out(weight_gradient, a, b);
        else
            weight_gradient.copy_(at::mm(a, b));
        return {at::mm(dy, in_out ? weight.t() : weight).to(gradients.front().scalar_type()), {}, {}, {}};
    }
};

class LayerNorm : public Function<LayerNorm> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Trained& weight, const Trained& bias, double epsilon) {
        const auto [y, mean, deviation] = at::native_layer_norm(x, {x.size(-1)}, weight.value, bias.value, epsilon);
        context->save_for_backward({x, mean, deviation});
        context->saved_data["weight"] = weight.value;
        context->saved_data["bias"] = bias.value;
        context->saved_data["weight_gradient"] = weight.gradient;
        context->saved_data["bias_gradient"] = bias.gradient;
        return y;
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        auto& saved = context->saved_data;
        const auto kept = context->get_saved_variables();
        const auto [dx, weight, bias] =
            at::native_layer_norm_backward(gradients.front(), kept[0], {kept[0].size(-1)}, kept[1], kept[2], saved["weight"].toTensor(),
                                           saved["bias"].toTensor(), {true, true, true});
        saved["weight_gradient"].toTensor().copy_(weight);
        saved["bias_gradient"].toTensor().copy_(bias);
        return {dx, {}, {}, {}};
    }
};

class RmsNorm : public Function<RmsNorm> {
public:
    static at::Tensor normalised(const at::Tensor& x, double epsilon, at::Tensor& scale) {
        const auto numbers = x.to(at::kFloat);
        scale = numbers.pow(2).mean(-1, /*keepdim=*/true).add_(epsilon).rsqrt_();
        return numbers.mul(scale).to(x.scalar_type());
    }
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Trained& weight, double epsilon) {
        at::Tensor scale;
        const auto y = normalised(x, epsilon, scale);
        context->save_for_backward({x, scale});
        context->saved_data["weight"] = weight.value;
        context->saved_data["weight_gradient"] = weight.gradient;
        return y * weight.value;
    }
    /// The same operations in the same order as autograd's of transformers' module: float32 inside float64 leaves no room for another.
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto& dy = gradients.front();
        const auto kept = context->get_saved_variables();
        const auto numbers = kept[0].to(at::kFloat), &scale = kept[1];
        const auto weight = context->saved_data["weight"].toTensor();
        auto weight_gradient = context->saved_data["weight_gradient"].toTensor();
        at::sum_out(weight_gradient, dy * numbers.mul(scale).to(dy.scalar_type()), 0);
        const auto inner = (dy * weight).to(at::kFloat);
        const auto of_scale = inner.mul(numbers).sum(-1, /*keepdim=*/true);
        const auto of_mean = of_scale.mul(-0.5).mul_(scale.pow(3)).div_(double(numbers.size(-1)));
        return {inner.mul(scale).add_(numbers.mul(2).mul_(of_mean)).to(dy.scalar_type()), {}, {}};
    }
};

class Pad : public Function<Pad> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& index, const at::Tensor& back) {
        context->save_for_backward({back});
        return x.index_select(0, index);
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        return {gradients.front().index_select(0, context->get_saved_variables().front()), {}, {}};
    }
};

class Unpad : public Function<Unpad> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& index) {
        context->save_for_backward({index});
        context->saved_data["rows"] = x.size(0);
        return x.index_select(0, index);
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        auto shape = gradients.front().sizes().vec();
        shape.front() = context->saved_data["rows"].toInt();
        return {at::zeros(shape, gradients.front().options()).index_copy_(0, context->get_saved_variables().front(), gradients.front()),
                {}};
    }
};

struct Callback : torch::CustomClassHolder {
    explicit Callback(std::function<void()> f) : call(std::move(f)) {}
    std::function<void()> call;
};

class Announced : public Function<Announced> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const c10::intrusive_ptr<Callback>& reached) {
        context->saved_data["reached"] = c10::IValue::make_capsule(reached);
        return x;
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        c10::static_intrusive_pointer_cast<Callback>(context->saved_data["reached"].toCapsule())->call();
        return {gradients.front(), {}};
    }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const Trained& weight, const Trained& bias, bool in_out) {
    return x.requires_grad() ? Linear::apply(x, weight, bias, in_out) : product(x, weight, bias.value, in_out);
}

at::Tensor layer_norm(const at::Tensor& x, const Trained& weight, const Trained& bias, double epsilon) {
    return x.requires_grad() ? LayerNorm::apply(x, weight, bias, epsilon)
                             : at::layer_norm(x, {x.size(-1)}, weight.value, bias.value, epsilon);
}

at::Tensor rms_norm(const at::Tensor& x, const Trained& weight, double epsilon) {
    if (x.requires_grad()) return RmsNorm::apply(x, weight, epsilon);
    at::Tensor scale;
    return RmsNorm::normalised(x, epsilon, scale).mul_(weight.value);
}

at::Tensor pad(const at::Tensor& x, const at::Tensor& index, const at::Tensor& back) {
    return Pad::apply(x, index, back);
}

at::Tensor unpad(const at::Tensor& x, const at::Tensor& index) {
    return Unpad::apply(x, index);
}

at::Tensor announced(const at::Tensor& x, std::function<void()> reached) {
    return Announced::apply(x, c10::make_intrusive<Callback>(std::move(reached)));
}

}  // namespace layersweep
