#pragma once

#include <string>
#include <vector>

#include "protocol/trial.hpp"

namespace layersweep {

/// The files of a data set's splits; validation may have none.
struct SplitFiles {
    std::vector<std::string> train, test, validation;
};

[[nodiscard]] SplitFiles split_files(const DatasetRef& ref);

/// The reference with all that a built-in format knows filled in where it was left empty. Throws ConfigError where it is incomplete or
/// names files that are not there; no file is read.
[[nodiscard]] DatasetRef complete_dataset(const DatasetRef& ref);

/// How errors name a data set.
[[nodiscard]] std::string dataset_where(const DatasetRef& ref);

}  // namespace layersweep
