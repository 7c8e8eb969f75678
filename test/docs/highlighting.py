# The TextMate grammar knows the words that the parser and the type names know, no others, and gives a sample the scopes it should have.
# usage: highlighting.py SOURCE
import json
import re
import sys
from pathlib import Path

source = Path(sys.argv[1])
folder = source / "editors/vscode"
package = json.loads((folder / "package.json").read_text())
json.loads((folder / package["contributes"]["languages"][0]["configuration"]).read_text())
grammar = json.loads((folder / package["contributes"]["grammars"][0]["path"]).read_text())
patterns = [(re.compile(p["match"]), p.get("name"), p.get("captures", {})) for p in grammar["patterns"]]


def scopes(line):
    """(text, scope) for what the grammar names, from left to right; the first pattern that matches at the nearest place wins."""
    at = 0
    while at < len(line):
        matches = [(m.start(), i, m) for i, (p, _, _) in enumerate(patterns) if (m := p.search(line, at)) and m.group()]
        if not matches:
            return
        _, i, match = min(matches, key=lambda entry: entry[:2])
        _, name, captures = patterns[i]
        if name:
            yield match.group(), name
        for number, capture in captures.items():
            if match.group(int(number)):
                yield match.group(int(number)), capture["name"]
        at = match.end()


# Words of the grammar against those of the parser.
text = "".join((source / "frontend" / f"{name}.cpp").read_text()
               for name in ["ParseDecl", "ParseStmt", "ParsePrimary", "ParseExpr", "ParseType"])
parser = set(re.findall(r'(?:\.is|acceptWord)\("(\w+)"\)', text)) | set(re.findall(r'text\(\) == "(\w+)"', text))
parser |= set(re.findall(r'"(\w+)"', re.search(r"declarationWords\[\] = \{(.*?)\}", text, re.S)[1]))
parser |= set(re.findall(r'Tok::Identifier, "(\w+)"', text)) | {"allow"}
parser -= {"_", "def", "function", "func", "class", "elif", "elseif", "while", "lambda"}  # no words, or words of other languages, which get a hint
types = (source / "frontend/Program.cpp").read_text()
parser |= set(re.findall(r'"(\w+)"', re.search(r"isTypeName.*?\{(.*?)\};", types, re.S)[1]))
parser |= {"none", "pi", "inf"}
words = set()
for pattern, name, captures in patterns:
    scope = name or captures["1"]["name"]
    if not scope.startswith(("variable", "entity", "string", "comment", "constant.numeric")) or "declaration" in str(captures):
        words |= set(re.findall(r"\b[A-Za-z]\w+\b", re.sub(r"\\[a-z]", " ", pattern.pattern))) - {"A-Za-z_"}
words -= {"Za", "z_"}
if words != parser:
    print("only in the grammar:", sorted(words - parser), "only in the parser:", sorted(parser - words))
    sys.exit(1)

sample = [
    ("/// Scales x.", [("/// Scales x.", "comment.line.documentation.nn")]),
    ('kernel fn gate(x: T[...], state: float = 2.5e-3) { // ok', [
        ("kernel", "storage.modifier.nn"), ("fn", "storage.type.declaration.nn"), ("gate", "entity.name.function.nn"),
        ("x", "variable.other.nn"), ("T", "variable.other.nn"), ("...", "keyword.operator.nn"), ("state", "variable.other.nn"),
        ("float", "support.type.nn"), ("=", "keyword.operator.nn"), ("2.5e-3", "constant.numeric.nn"),
        ("// ok", "comment.line.double-slash.nn")]),
    ('  let y = if training and not false { x |> Dense(3) as head } else { x }', [
        ("let", "storage.type.value.nn"), ("y", "variable.other.nn"), ("=", "keyword.operator.nn"), ("if", "keyword.control.nn"),
        ("training", "constant.language.nn"), ("and", "keyword.operator.word.nn"), ("not", "keyword.operator.word.nn"),
        ("false", "constant.language.nn"), ("x", "variable.other.nn"), ("|>", "keyword.operator.nn"),
        ("Dense", "entity.name.function.call.nn"), ("3", "constant.numeric.nn"), ("as", "keyword.operator.word.nn"),
        ("head", "variable.other.nn"), ("else", "keyword.control.nn"), ("x", "variable.other.nn")]),
    ('  data = csv("a \\"b\\".csv")', [
        ("data", "variable.other.nn"), ("=", "keyword.operator.nn"), ("csv", "entity.name.function.call.nn"),
        ('"a \\"b\\".csv"', "string.quoted.double.nn")]),
    ("  @allow(pipe-of-sum) emit h axis 1", [
        ("@", "punctuation.attribute.nn"), ("allow", "keyword.other.attribute.nn"), ("pipe", "variable.other.nn"),
        ("-", "keyword.operator.nn"), ("of", "variable.other.nn"), ("-", "keyword.operator.nn"), ("sum", "variable.other.nn"),
        ("emit", "keyword.control.nn"), ("h", "variable.other.nn"), ("axis", "keyword.control.nn"), ("1", "constant.numeric.nn")]),
]
failures = 0
for line, expected in sample:
    if list(scopes(line)) != expected:
        failures += 1
        print(line, *scopes(line), sep="\n  ")
print(f"{len(words)} words, {len(sample)} lines")
sys.exit(bool(failures))
