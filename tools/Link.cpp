// Finds lld, start files and libraries in the places where Debian and its relatives keep them, and runs lld. Knows
// nothing of models. A program for the compiler's own architecture is linked with the system's shared libraries, which
// are there without development packages of C++; one for another architecture is linked statically, so that it runs
// under an emulator.
#include "tools/Link.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <algorithm>
#include <vector>

using namespace llvm;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {

Triple tripleOf(StringRef triple) { return Triple(triple.empty() ? sys::getDefaultTargetTriple() : triple.str()); }
bool isForeign(const Triple &triple) { return triple.getArch() != Triple(sys::getDefaultTargetTriple()).getArch(); }

/// Files that live until the end of the link.
struct ScratchFolder {
  SmallString<128> folder;
  std::error_code error;
  ScratchFolder() { error = fs::createUniqueDirectory("nnc", folder); }
  ~ScratchFolder() {
    if (!error)
      (void)fs::remove_directories(folder);
  }
  std::string file(const Twine &name) const {
    SmallString<128> full = folder;
    path::append(full, name);
    return std::string(full);
  }
};

bool write(StringRef file, ArrayRef<char> contents) {
  std::error_code error;
  raw_fd_ostream out(file, error);
  if (error)
    return false;
  out.write(contents.data(), contents.size());
  out.close();
  bool ok = !out.has_error();
  out.clear_error();
  return ok;
}

/// Where start files and libraries of an architecture lie.
std::vector<std::string> libraryFolders(const Triple &triple) {
  std::string arch = triple.getArchName().str(), gnu = arch + "-linux-gnu";
  std::vector<std::string> folders;
  if (isForeign(triple)) {
    folders.push_back("/usr/" + gnu + "/lib");
    folders.push_back("/usr/lib/gcc-cross/" + gnu);
  } else {
    folders.insert(folders.end(), {"/usr/lib/" + gnu, "/lib/" + gnu, "/usr/lib64", "/usr/lib", "/usr/lib/gcc/" + gnu});
  }
  std::vector<std::string> found;
  for (const std::string &folder : folders) {
    if (!fs::is_directory(folder))
      continue;
    if (!StringRef(folder).contains("/gcc")) {
      found.push_back(folder);
      continue;
    }
    // The newest version of GCC's own libraries.
    std::error_code error;
    int newest = 0;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      int version = 0;
      if (!path::filename(it->path()).getAsInteger(10, version))
        newest = std::max(newest, version);
    }
    if (newest)
      found.push_back(folder + "/" + std::to_string(newest));
  }
  return found;
}

std::string findFile(ArrayRef<std::string> folders, StringRef name) {
  for (const std::string &folder : folders)
    if (std::string file = folder + "/" + name.str(); fs::exists(file))
      return file;
  return "";
}

std::string findLinker() {
  for (const char *name : {"ld.lld-22", "ld.lld"}) {
    if (ErrorOr<std::string> found = sys::findProgramByName(name))
      return *found;
    if (ErrorOr<std::string> found = sys::findProgramByName(name, {NNC_LLVM_BIN_DIR}))
      return *found;
  }
  return "";
}

nn::LinkError lacking(const Twine &message, const Twine &package) {
  return {message.str(),
          ("install it (Debian: apt-get install " + package + "), or write an object file with --emit=obj").str(), 3};
}

/// What decodes pictures: an archive beside the runtime's, and two libraries of the system.
nn::LinkError imageLibraries(const nn::LinkOptions &options, ArrayRef<std::string> folders,
                             std::vector<std::string> &before, std::vector<std::string> &after) {
  std::string archive = StringRef(options.runtime).drop_back(2).str() + "-images.a";
  if (!fs::exists(archive))
    return {"this nnc was built without libpng and libjpeg, and the program reads images (no " + archive + ")",
            "install them and build nnc again (Debian: apt-get install libpng-dev libjpeg-dev)", 3};
  std::string png = findFile(folders, "libpng16.so.16"), jpeg = findFile(folders, "libjpeg.so.62");
  if (png.empty())
    return lacking("the program reads images, and libpng is not installed (no libpng16.so.16)", "libpng16-16");
  if (jpeg.empty())
    return lacking("the program reads images, and libjpeg is not installed (no libjpeg.so.62)", "libjpeg62-turbo");
  before.insert(before.end(), {"-u", "nnrt_decode_picture"});
  after.insert(after.begin(), {archive, png, jpeg});
  return {};
}

/// Everything lld is told but the objects; returns what is missing.
nn::LinkError arguments(const nn::LinkOptions &options, std::vector<std::string> &before,
                        std::vector<std::string> &after) {
  Triple triple = tripleOf(options.triple);
  bool isStatic = isForeign(triple);
  std::vector<std::string> folders = libraryFolders(triple);
  const char *headers = isStatic ? "libc6-dev-arm64-cross" : "libc6-dev";
  auto file = [&](StringRef name) { return findFile(folders, name); };
  for (const char *start : {isStatic ? "crt1.o" : "Scrt1.o", "crti.o", "crtn.o", isStatic ? "libc.a" : "libc.so"})
    if (file(start).empty())
      return lacking(Twine("the C library's development files are not installed (no ") + start + " for " +
                         triple.getArchName() + ")",
                     headers);
  before = {"--eh-frame-hdr", "--gc-sections", "--hash-style=gnu", "--build-id=none", "-z", "relro", "-z", "now"};
  before.push_back(options.keepSymbols ? "--discard-locals" : "--strip-all");
  for (const std::string &folder : folders)
    before.push_back("-L" + folder);
  if (isStatic && options.images)
    return {("a program for " + triple.getArchName() + " cannot read images yet").str(),
            "save them as an array: npy(\"images.npy\", …)", 1};
  if (isStatic) {
    for (const char *library : {"libstdc++.a", "libgcc.a", "libgcc_eh.a", "crtbeginT.o", "crtend.o"})
      if (file(library).empty())
        return lacking(Twine("the C++ library for ") + triple.getArchName() + " is not installed (no " + library + ")",
                       "libstdc++-12-dev-arm64-cross");
    before.insert(before.end(), {"-static", file("crt1.o"), file("crti.o"), file("crtbeginT.o")});
    after = {options.runtime, "-lstdc++", "-lm",         "--start-group",  "-lgcc",
             "-lgcc_eh",      "-lc",      "--end-group", file("crtend.o"), file("crtn.o")};
    return {};
  }
  std::string stdcxx = file("libstdc++.so.6"), gcc = file("libgcc_s.so.1"), zlib = file("libz.so.1");
  if (stdcxx.empty() || gcc.empty())
    return lacking("the C++ library is not installed (no libstdc++.so.6 or libgcc_s.so.1)", "libstdc++6");
  if (zlib.empty())
    return lacking("zlib is not installed (no libz.so.1)", "zlib1g");
  const char *loader = triple.isAArch64() ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  // Destructors of static objects are registered under this handle; it matters to shared libraries only.
  before.insert(before.end(), {"-pie", "--dynamic-linker", loader, "--defsym=__dso_handle=0", "--as-needed",
                               file("Scrt1.o"), file("crti.o")});
  after = {options.runtime, stdcxx, "-lm", zlib, gcc, "-lc", file("crtn.o")};
  if (options.images)
    if (nn::LinkError missing = imageLibraries(options, folders, before, after); missing.status)
      return missing;
  if (std::string builtins = file("libgcc.a"); !builtins.empty())
    after.insert(after.end() - 2, builtins);
#ifdef NNC_SANITIZER_ARCHIVES // the runtime is instrumented: so must be the program
  after.insert(after.begin() + 1,
               {"--whole-archive", NNC_SANITIZER_ARCHIVES, "--no-whole-archive", "--export-dynamic", "-lresolv"});
#endif
  return {};
}

std::string firstLines(StringRef file) {
  auto buffer = MemoryBuffer::getFile(file);
  if (!buffer)
    return "";
  StringRef text = (*buffer)->getBuffer().trim();
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  return join(ArrayRef(lines).take_front(5), "\n  ");
}

} // namespace

std::string nn::findRuntime(StringRef tool, StringRef triple, std::string &looked) {
  std::string self = fs::getMainExecutable(tool.str().c_str(), reinterpret_cast<void *>(&nn::findRuntime));
  SmallString<128> archive(path::parent_path(path::parent_path(self)));
  path::append(archive, "lib");
  if (Triple t = tripleOf(triple); isForeign(t))
    path::append(archive, t.getArchName());
  path::append(archive, "libnnrt.a");
  looked = std::string(archive);
  return fs::exists(archive) ? looked : "";
}

nn::LinkError nn::link(ArrayRef<SmallVector<char, 0>> objects, const LinkOptions &options) {
  std::string linker = findLinker();
  if (linker.empty())
    return lacking("making an executable needs the linker lld, which was not found", "lld-22");
  std::vector<std::string> command, after;
  if (LinkError missing = arguments(options, command, after); missing.status)
    return missing;
  ScratchFolder scratch;
  if (scratch.error)
    return {"cannot make a temporary folder: " + scratch.error.message(), "set TMPDIR to a folder that can be written",
            3};
  for (auto [i, object] : enumerate(objects)) {
    command.push_back(scratch.file(Twine(i) + ".o"));
    if (!write(command.back(), object))
      return {"cannot write " + command.back(), "is the disk full?", 3};
  }
  // Linked beside its place and renamed, so that nobody sees half a program. A device takes bytes and is not replaced.
  fs::file_status status;
  bool isDevice = !fs::status(options.output, status) && fs::is_other(status);
  SmallString<128> partial(isDevice ? scratch.file("program") : "");
  int descriptor;
  if (std::error_code error =
          isDevice ? std::error_code() : fs::createUniqueFile(options.output + ".%%%%%%", descriptor, partial))
    return {"cannot write " + options.output + ": " + error.message(), "", 1};
  if (!isDevice)
    (void)sys::Process::SafelyCloseFileDescriptor(descriptor);
  command.insert(command.begin(), linker);
  command.insert(command.end(), {"-o", std::string(partial)});
  command.insert(command.end(), after.begin(), after.end());
  std::string log = scratch.file("log"), failure;
  std::vector<StringRef> words(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(log), StringRef(log)};
  int linked = sys::ExecuteAndWait(linker, words, std::nullopt, redirects, 0, 0, &failure);
  if (linked != 0) {
    (void)fs::remove(partial);
    return {"linking failed: " + (failure.empty() ? firstLines(log) : failure), "", 3};
  }
  if (std::error_code error = isDevice ? fs::copy_file(partial, options.output) : fs::rename(partial, options.output)) {
    (void)fs::remove(partial);
    return {"cannot write " + options.output + ": " + error.message(), "", 1};
  }
  return {};
}
