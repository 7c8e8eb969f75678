// Folders to lists of files, files to records.
#include "Images.h"
#include "Machine.h"
#include "Picture.h"
#include "Thread.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dirent.h>
#include <map>

namespace nnrt {

namespace {
struct Item {
  std::string path;
  int32_t label;
};

/// Pictures are decoded when a batch needs them. The first ones, as many as `kept` has room for, stay decoded.
class Images : public Dataset {
public:
  Images(const nnrt_source &source, std::vector<std::string> classes, std::vector<Item> found)
      : Dataset(source), classes(std::move(classes)), items(std::move(found)), isKept(items.size()) {
    records = int64_t(items.size());
  }
  Status allocate(const std::string &root) {
    int64_t most = int64_t(1) << 30;
    if (const char *variable = getenv("NNC_PICTURE_BYTES"); variable && *variable) {
      char *end;
      errno = 0;
      most = strtoll(variable, &end, 10);
      if (*end || most < 0 || errno)
        return usage("NNC_PICTURE_BYTES takes a whole number from 0, not '%s'", variable);
    }
    room = std::min<int64_t>(records, most / recordBytes(0));
    return Region::allocate(room * recordBytes(0), kept, root);
  }
  std::string vocabulary() const override {
    std::string text;
    for (const std::string &name : classes)
      text += (text.empty() ? "" : "\n") + name;
    return text;
  }
  bool decodes() const override { return true; }
  Status prepare(const std::vector<int64_t> &wanted) override;
  void copy(int64_t field, int64_t record, char *out) override {
    if (field == 1)
      memcpy(out, &items[record].label, 4);
    else
      memcpy(out, record < room ? kept->data() + record * recordBytes(0) : others[record].data(), recordBytes(0));
  }

private:
  std::vector<std::string> classes;
  std::vector<Item> items;
  std::vector<bool> isKept; // is decoded in `kept`
  int64_t room = 0;
  std::shared_ptr<Region> kept;
  std::map<int64_t, std::vector<char>> others; // of the last batch
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

/// Classes as a message lists them.
static std::string classText(const std::vector<std::string> &classes) {
  std::vector<std::string> items;
  for (const std::string &name : classes)
    items.push_back(shown(name));
  return listText(items);
}

static Status findItems(const std::string &root, const std::vector<std::string> &folders,
                        const std::vector<std::string> &classes, std::vector<Item> &items) {
  for (const std::string &folder : folders) {
    auto known = std::find(classes.begin(), classes.end(), folder);
    if (known == classes.end())
      return wrong("%s: the folder '%s' is none of the classes that the model knows: %s", root.c_str(), folder.c_str(),
                   classText(classes).c_str());
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

/// Decodes on the machine's processors; of several pictures that are damaged the first is reported.
Status Images::prepare(const std::vector<int64_t> &wanted) {
  const nnrt_field &image = source.fields[0];
  std::vector<std::pair<int64_t, char *>> missing; // and where their pixels go
  others.clear();
  for (int64_t record : wanted) {
    if (record < room && !isKept[record])
      missing.push_back({record, kept->data() + record * recordBytes(0)});
    else if (record >= room && !others.count(record))
      missing.push_back({record, (others[record] = std::vector<char>(size_t(recordBytes(0)))).data()});
    if (record < room)
      isKept[record] = true;
  }
  size_t count = missing.size();
  std::atomic<size_t> next{0};
  std::vector<Status> problems(count);
  auto work = [&] {
    for (size_t i = next++; i < count; i = next++)
      problems[i] = readPicture(items[missing[i].first].path, image.shape[0], image.shape[1], image.shape[2],
                                reinterpret_cast<uint8_t *>(missing[i].second));
  };
  std::deque<Thread> helpers;
  for (size_t i = 1; i < std::min<size_t>(size_t(onlineCpus()), count); ++i)
    if (helpers.emplace_back().start(work) != 0)
      break; // the others do its share
  work();
  for (Thread &helper : helpers)
    if (helper.joinable())
      helper.join();
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
  const nnrt_field &label = source.fields[1];
  if (label.limit > 0 && int64_t(classes.size()) != label.limit)
    return wrong("%s: holds the folders %s, %zu classes, and the model tells %lld apart", root.c_str(),
                 classText(classes).c_str(), classes.size(), (long long)label.limit);
  std::vector<Item> items;
  NNRT_TRY(findItems(root, folders, classes, items));
  std::unique_ptr<Images> images(new Images(source, std::move(classes), std::move(items)));
  NNRT_TRY(images->allocate(root));
  dataset = std::move(images);
  return {};
}

} // namespace nnrt
