#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace layersweep {

/// Which rows of the token table stand for a model's token ids.
class TokenRows {
public:
    TokenRows() = default;  ///< the table is whole: each token has the row of its id
    /// A table of these tokens only, ascending, in this order.
    TokenRows(std::vector<std::int64_t> tokens, std::int64_t vocabulary);

    [[nodiscard]] std::int64_t operator()(std::int32_t token) const { return row_of_.empty() ? token : row_of_[std::size_t(token)]; }
    [[nodiscard]] bool is_whole() const { return row_of_.empty(); }
    [[nodiscard]] const std::vector<std::int64_t>& tokens() const { return tokens_; }  ///< empty where the table is whole

private:
    std::vector<std::int64_t> tokens_;
    std::vector<std::int32_t> row_of_;  ///< by token id
};

/// Inputs of about the same length, which attention pads to the longest of them; rows [first, first + tokens) of the packed ones.
struct RowGroup {
    std::int64_t first = 0, tokens = 0;
    std::int64_t inputs = 0, longest = 0;
    bool is_even = true;  ///< all are of one length: nothing is padded
    at::Tensor padded;    ///< [inputs · longest], int64: for each place of the padded form, which of the group's tokens; 0 in the padding
    at::Tensor real;      ///< [tokens], int64: for each of the group's tokens, its place in the padded form
    at::Tensor visible;   ///< [longest, prefix + longest], bool: which keys each position may look at
    at::Tensor present;   ///< [inputs, 1, 1, prefix + longest], bool: keys that are no padding; undefined where there is none
};

/// The inputs of one pass laid end to end, so that nothing but attention sees padding: first, once for all, the prefix that they begin
/// with, then what each has behind it, longest first. A prefix may also have been computed before and stand nowhere here.
class PackedRows {
public:
    using Input = std::span<const std::int32_t>;
    enum class Prefix { here, computed_before };

    /// All `inputs` begin with the same `prefix` tokens and are longer. `d_model` tells what padding costs. Tensors are on `device`.
    PackedRows(std::span<const Input> inputs, std::int64_t prefix, Prefix where, const TokenRows& rows, std::int64_t position_offset,
               std::int64_t d_model, at::Device device);
    /// The prefix alone.
    PackedRows(Input prefix, const TokenRows& rows, std::int64_t position_offset, at::Device device);

    [[nodiscard]] std::int64_t prefix() const { return prefix_; }    ///< length in tokens
    [[nodiscard]] std::int64_t leading() const { return leading_; }  ///< rows in front that are the prefix: all of it, or none
    [[nodiscard]] std::int64_t inputs() const { return std::int64_t(begin_.size()); }
    [[nodiscard]] std::int64_t longest() const { return longest_; }           ///< input in tokens, prefix included
    [[nodiscard]] const at::Tensor& tokens() const { return tokens_; }        ///< [leading + own], rows of the token table
    [[nodiscard]] const at::Tensor& positions() const { return positions_; }  ///< [leading + own], rows of the position table
    [[nodiscard]] const std::vector<RowGroup>& groups() const { return groups_; }
    /// Packed rows of the inputs' last tokens, [inputs], in the order of the groups.
    [[nodiscard]] const at::Tensor& ends() const { return ends_; }
    /// Where each input's end stands in `ends`, [inputs], in the order in which the inputs were given.
    [[nodiscard]] const at::Tensor& order() const { return order_; }
    /// Packed row of a token of an input; needs the prefix here for the prefix's own.
    [[nodiscard]] std::int64_t row_of(std::size_t input, std::int64_t token) const {
        return token < prefix_ ? token : begin_[input] + token - prefix_;
    }

private:
    std::int64_t prefix_ = 0, leading_ = 0, longest_ = 0;
    std::vector<std::int64_t> begin_;  ///< by input, as given: packed row of its first own token
    at::Tensor tokens_, positions_, ends_, order_;
    std::vector<RowGroup> groups_;
};

}  // namespace layersweep
