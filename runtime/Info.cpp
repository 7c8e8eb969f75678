// `info`: what this program is, or what a weight file holds.
#include "Program.h"
#include "Safetensors.h"
#include <cstdio>

namespace nnrt {

static std::string tensorText(const nnrt_tensor &tensor) {
  return factsOf(tensor.type).name + shapeText(tensor.shape, tensor.rank);
}

static void describeModel(const nnrt_model &model) {
  printf("model       %s\nsource      %s\ncompiler    %s\ntarget      %s\nprecision   %s\nthreads     %s\n", model.name,
         model.source_hash, model.compiler, model.target, model.precision, model.threads ? "team" : "none");
  printf("\nbytes\n  parameters  %lld\n  gradients   %lld\n  optimizer   %lld\n  activations %lld\n  workspace   "
         "%lld\n  arena       %lld\n",
         (long long)model.parameter_bytes, (long long)model.gradient_bytes, (long long)model.optimizer_bytes,
         (long long)model.activation_bytes, (long long)model.workspace_bytes, (long long)model.arena_bytes);
  printf("\nentries\n");
  for (int64_t i = 0; i < model.n_entries; ++i) {
    const nnrt_entry &entry = model.entries[i];
    std::string in, out;
    for (int64_t k = 0; k < entry.n_tensors; ++k) {
      const nnrt_tensor &tensor = entry.tensors[k];
      if (tensor.role == NNRT_RECORD || tensor.role == NNRT_INPUT)
        in += format("%s%s: %s", in.empty() ? "" : ", ", tensor.name, tensorText(tensor).c_str());
      if (tensor.role == NNRT_OUTPUT || tensor.role == NNRT_METRIC)
        out += format("%s%s: %s", out.empty() ? "" : ", ", tensor.name, tensorText(tensor).c_str());
    }
    printf("  %-15s (%s)%s%s  %lld launches\n", entry.name, in.c_str(), out.empty() ? "" : " -> ", out.c_str(),
           (long long)entry.n_launches);
  }
  printf("\nowned\n");
  for (int64_t i = 0; i < model.n_owned; ++i) {
    static const char *const roles[] = {"param", "state", "slot", "carry", "tally"};
    static_assert(NNRT_PARAM == 0 && sizeof roles == (NNRT_TALLY + 1) * sizeof *roles, "a word for each role");
    printf("  %-6s %s %s\n", roles[model.owned[i].role], model.owned[i].name, tensorText(model.owned[i]).c_str());
  }
}

static Status describeFile(const std::string &path) {
  std::shared_ptr<Region> file;
  NNRT_TRY(Region::map(path, file));
  std::vector<NamedArray> arrays;
  Metadata metadata;
  NNRT_TRY(readSafetensors(path, file, arrays, &metadata));
  std::string source;
  for (const auto &[key, value] : metadata)
    if (key == "source")
      source = value;
    else
      printf("%-12s %s\n", shown(key).c_str(), value.c_str());
  int64_t elements = 0, bytes = 0;
  for (const NamedArray &named : arrays) {
    printf("  %s %s\n", shown(named.name).c_str(), named.array.text().c_str());
    elements += named.array.elements();
    bytes += named.array.bytes();
  }
  printf("%zu tensors, %lld elements, %lld bytes\n", arrays.size(), (long long)elements, (long long)bytes);
  if (!source.empty())
    printf("\n%s%s", source.c_str(), source.back() == '\n' ? "" : "\n");
  return {};
}

Status runInfo(const Invocation &invocation) {
  const std::vector<std::string> &files = invocation.options.arguments;
  if (files.size() > 1)
    return usage("info takes one file, not %zu", files.size());
  if (!files.empty())
    return describeFile(files[0]);
  describeModel(invocation.model);
  return {};
}

} // namespace nnrt
