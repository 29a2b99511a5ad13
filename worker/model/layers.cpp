#include "worker/model/layers.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace layersweep {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, bool in_out) {
    const auto w = in_out ? weight : weight.t();
    return bias.defined() ? at::addmm(bias, x, w) : at::mm(x, w);
}

class Linear : public Function<Linear> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Trained& weight, const Trained& bias, bool in_out) {
        context->save_for_backward({x});
        context->saved_data["weight"] = weight.value;
        context->saved_data["weight_gradient"] = weight.gradient;
        context->saved_data["bias_gradient"] = bias.gradient;
        context->saved_data["in_out"] = in_out;
        return product(x, weight.value, bias.value, in_out);
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        auto& saved = context->saved_data;
        const auto x = context->get_saved_variables().front();
        const auto weight = saved["weight"].toTensor();
        auto weight_gradient = saved["weight_gradient"].toTensor(), bias_gradient = saved["bias_gradient"].toTensor();
        const auto& dy = gradients.front();
        const bool in_out = saved["in_out"].toBool();
        if (in_out)
            at::mm_out(weight_gradient, x.t(), dy);
        else
            at::mm_out(weight_gradient, dy.t(), x);
        if (bias_gradient.defined()) at::sum_out(bias_gradient, dy, 0);
        return {at::mm(dy, in_out ? weight.t() : weight), {}, {}, {}};
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
            at::native_layer_norm_backward(gradients.front(), kept[0], {kept[0].size(-1)}, kept[1], kept[2],
                                           saved["weight"].toTensor(), saved["bias"].toTensor(), {true, true, true});
        saved["weight_gradient"].toTensor().copy_(weight);
        saved["bias_gradient"].toTensor().copy_(bias);
        return {dx, {}, {}, {}};
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

}  // namespace

at::Tensor linear(const at::Tensor& x, const Trained& weight, const Trained& bias, bool in_out) {
    return x.requires_grad() ? Linear::apply(x, weight, bias, in_out) : product(x, weight.value, bias.value, in_out);
}

at::Tensor layer_norm(const at::Tensor& x, const Trained& weight, const Trained& bias, double epsilon) {
    return x.requires_grad() ? LayerNorm::apply(x, weight, bias, epsilon)
                             : at::layer_norm(x, {x.size(-1)}, weight.value, bias.value, epsilon);
}

at::Tensor pad(const at::Tensor& x, const at::Tensor& index, const at::Tensor& back) {
    return Pad::apply(x, index, back);
}

at::Tensor unpad(const at::Tensor& x, const at::Tensor& index) {
    return Unpad::apply(x, index);
}

}  // namespace layersweep
