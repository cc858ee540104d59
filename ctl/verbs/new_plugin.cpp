#include <string>
#include <system_error>

#include "ctl/scaffold/project.h"
#include "ctl/verb.h"

namespace holdfast::ctl {
namespace {

class NewPlugin final : public Verb {
  public:
    const char* name() const override { return "new-plugin"; }
    const char* help() const override {
        return "Write the project of a new worker plugin; needs no gateway";
    }
    void AddOptions(CLI::App& app) override {
        app.add_option("NAME", name_, "Of the plugin and its service: a-z, 0-9 and _")->required();
        app.add_option("--lang", language_, "cpp or python")
            ->type_name("LANGUAGE")
            ->check(CLI::IsMember({"cpp", "python"}))
            ->capture_default_str();
        app.add_option("--dir", folder_, "The folder to make [NAME]")->type_name("FOLDER");
    }
    int Run(const Context& context) override {
        if (const std::string why = WhyNoPluginName(name_); !why.empty()) {
            throw BadUsage("\"" + name_ + "\" is no name for a plugin: " + why);
        }
        const bool python = language_ == "python";
        const std::string folder = folder_.empty() ? name_ : folder_;
        try {
            WriteProject(name_, python ? PythonTemplates() : CppTemplates(), folder);
        } catch (const std::system_error& error) {
            context.err << "holdfastctl: " << error.what() << '\n';
            return kNotWell;
        }
        context.out << "made " << folder << ", with a test that passes:\n  cd " << folder << "\n  "
                    << (python ? "python3 -m pytest"
                               : "cmake -B build && cmake --build build -j && "
                                 "ctest --test-dir build")
                    << "\nREADME.md goes on from there\n";
        return kOk;
    }

  private:
    std::string name_;
    std::string language_ = "cpp";
    std::string folder_;
};

}  // namespace

Verb& NewPluginVerb() {
    static NewPlugin verb;
    return verb;
}

}  // namespace holdfast::ctl
