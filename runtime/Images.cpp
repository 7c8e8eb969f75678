// Folders to lists of files, files to records.
#include "Images.h"
#include "Picture.h"
#include <algorithm>
#include <atomic>
#include <cstring>
#include <dirent.h>
#include <thread>

namespace nnrt {

namespace {
struct Item {
  std::string path;
  int32_t label;
};

class Images : public ArrayDataset {
public:
  Images(const nnrt_source &source, std::vector<std::string> classes)
      : ArrayDataset(source), classes(std::move(classes)) {}
  std::string vocabulary() const override {
    std::string text;
    for (const std::string &name : classes)
      text += (text.empty() ? "" : "\n") + name;
    return text;
  }

private:
  std::vector<std::string> classes;
};
} // namespace

/// Names in a folder, in order, without hidden ones.
static std::vector<std::string> namesIn(const std::string &folder) {
  std::vector<std::string> names;
  if (DIR *open = opendir(folder.c_str())) {
    while (const dirent *entry = readdir(open))
      if (entry->d_name[0] != '.')
        names.push_back(entry->d_name);
    closedir(open);
  }
  std::sort(names.begin(), names.end());
  return names;
}

static bool isPictureName(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return endsWith(name, ".png") || endsWith(name, ".jpg") || endsWith(name, ".jpeg");
}

static std::vector<std::string> knownClasses(const DataPlace &place) {
  std::vector<std::string> classes;
  const nnrt_train *train = place.model ? place.model->train : nullptr;
  for (int64_t i = 0; train && i < train->n_classes; ++i)
    classes.push_back(train->classes[i]);
  if (!classes.empty() || place.vocabulary.empty())
    return classes;
  for (size_t at = 0; at <= place.vocabulary.size();) {
    size_t end = std::min(place.vocabulary.find('\n', at), place.vocabulary.size());
    classes.push_back(place.vocabulary.substr(at, end - at));
    at = end + 1;
  }
  return classes;
}

static Status findItems(const std::string &root, const std::vector<std::string> &folders,
                        const std::vector<std::string> &classes, std::vector<Item> &items) {
  for (const std::string &folder : folders) {
    auto known = std::find(classes.begin(), classes.end(), folder);
    if (known == classes.end())
      return wrong("%s: the folder '%s' is none of the classes that the model knows: %s", root.c_str(), folder.c_str(),
                   listText(classes).c_str());
    size_t before = items.size();
    std::string path = joinPath(root, folder);
    for (const std::string &name : namesIn(path))
      if (isPictureName(name))
        items.push_back({joinPath(path, name), int32_t(known - classes.begin())});
    if (items.size() == before)
      return wrong("%s: holds no picture (.png, .jpg or .jpeg): each class has a folder of pictures", path.c_str());
  }
  return {};
}

/// Decodes all pictures on the machine's processors; of several that are damaged the first is reported.
static Status decodeAll(const std::vector<Item> &items, const nnrt_field &image, uint8_t *out) {
  int64_t bytes = elementsOf(image.shape, image.rank), count = int64_t(items.size());
  std::atomic<int64_t> next{0};
  std::vector<Status> problems(items.size());
  auto work = [&] {
    for (int64_t i = next++; i < count; i = next++)
      problems[i] = readPicture(items[i].path, image.shape[0], image.shape[1], image.shape[2], out + i * bytes);
  };
  std::vector<std::thread> others;
  for (unsigned i = 1;
       i < std::min<unsigned>(std::thread::hardware_concurrency(), unsigned(std::min<int64_t>(count, 64))); ++i)
    others.emplace_back(work);
  work();
  for (std::thread &other : others)
    other.join();
  for (Status &problem : problems)
    NNRT_TRY(std::move(problem));
  return {};
}

Status openImages(const nnrt_source &source, const DataPlace &place, const std::string &advice,
                  std::unique_ptr<Dataset> &dataset) {
  std::string root = joinPath(place.folder, source.files[0]);
  if (!isFolder(root))
    return wrong("there is no folder '%s': %s", root.c_str(), advice.c_str());
  std::vector<std::string> folders;
  for (const std::string &name : namesIn(root))
    if (isFolder(joinPath(root, name)))
      folders.push_back(name);
  if (folders.empty())
    return wrong("%s: holds no folders: each class has a folder of pictures", root.c_str());
  std::vector<std::string> classes = knownClasses(place);
  if (classes.empty())
    classes = folders;
  const nnrt_field &image = source.fields[0], &label = source.fields[1];
  if (label.limit > 0 && int64_t(classes.size()) != label.limit)
    return wrong("%s: holds the folders %s, %zu classes, and the model tells %lld apart", root.c_str(),
                 listText(classes).c_str(), classes.size(), (long long)label.limit);
  std::vector<Item> items;
  NNRT_TRY(findItems(root, folders, classes, items));
  std::vector<Array> arrays(2);
  for (int i = 0; i < 2; ++i) {
    const nnrt_field &field = source.fields[i];
    arrays[i].type = field.type;
    arrays[i].shape.assign(field.shape, field.shape + field.rank);
    arrays[i].shape.insert(arrays[i].shape.begin(), int64_t(items.size()));
    NNRT_TRY(Region::allocate(arrays[i].bytes(), arrays[i].keep, root));
    arrays[i].data = arrays[i].keep->data();
  }
  for (size_t i = 0; i < items.size(); ++i)
    memcpy(arrays[1].keep->data() + i * 4, &items[i].label, 4);
  NNRT_TRY(decodeAll(items, image, reinterpret_cast<uint8_t *>(arrays[0].keep->data())));
  std::unique_ptr<Images> images(new Images(source, std::move(classes)));
  NNRT_TRY(images->set(std::move(arrays), {root, root}));
  dataset = std::move(images);
  return {};
}

} // namespace nnrt
