# Writes a C++ source whose function gives the text of files:
#   cmake -D FOLDER=dir -D FILES=a/./b;c/./d/e -D FUNCTION=CppTemplates -D OUTPUT=x.cpp
#         -P embed_templates.cmake
# Each file is named by what is behind its /./ (b, d/e).
set(source "#include \"ctl/scaffold/templates.h\"\n\n#include <array>\n
namespace holdfast::ctl {\n
std::span<const TemplateFile> ${FUNCTION}() {\n    static constexpr auto kFiles = std::to_array<TemplateFile>({\n")
foreach(file IN LISTS FILES)
  file(READ "${FOLDER}/${file}" text)
  string(REGEX REPLACE "^.*/\\./" "" name "${file}")
  string(APPEND source "{\"${name}\", R\"~~~~(${text})~~~~\"},\n")
endforeach()
string(APPEND source "    });\n    return kFiles;\n}\n\n}  // namespace holdfast::ctl\n")
file(WRITE "${OUTPUT}" "${source}")
