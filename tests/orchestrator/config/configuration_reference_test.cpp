#include "orchestrator/config/configuration_reference.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "orchestrator/config/setting_table.hpp"
#include "tests/support/read_text.hpp"

namespace layersweep {
namespace {

const char* const document = LAYERSWEEP_SOURCE_DIR "/docs/configuration.md";

TEST(ConfigurationReference, DocumentIsWhatTheCodeSays) {
    if (std::getenv("LAYERSWEEP_UPDATE_DOCS") != nullptr) std::ofstream(document, std::ios::binary) << configuration_reference();
    EXPECT_EQ(test::read_text(document), configuration_reference())
        << "run this test with LAYERSWEEP_UPDATE_DOCS=1 and commit docs/configuration.md";
}

TEST(ConfigurationReference, EverySettingIsInIt) {
    const std::string text = configuration_reference();
    for (const auto& setting : setting_table()) EXPECT_NE(text.find("| `" + setting.name + "` |"), std::string::npos) << setting.name;
}

}  // namespace
}  // namespace layersweep
