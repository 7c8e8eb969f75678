# Compares the EBNF of docs/language.md with the parser, in both directions. Every program of the tree that nnc parses must be
# derived from the grammar (Earley's algorithm, one declaration at a time); sentences drawn from the grammar must parse.
# usage: grammar.py NNC SOURCE FOLDER. Exits 1 with a line per disagreement.
import random
import re
import subprocess
import sys
from pathlib import Path

TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\.\.\.|\.\.|\|>|->|:=|==|!=|<=|>=|\n|[^\s]')
NAME = re.compile(r"[A-Za-z_]\w*$")


def read_grammar(page):
    """{rule: list of alternatives}, each a list of symbols; repetitions and options become rules of their own."""
    text = re.search(r"## Grammar\n\n```\n(.*?)```", page, re.S)[1]
    rules, count = {}, [0]

    def tokens(line):
        return re.findall(r'"[^"]*"|[\w-]+|[][{}()|]', line)

    def parse(words, close):
        alternatives, current = [], []
        while words and words[0] != close:
            word = words.pop(0)
            if word == "|":
                alternatives.append(current)
                current = []
            elif word in "[{(":
                inner = parse(words, {"[": "]", "{": "}", "(": ")"}[word])
                words.pop(0)
                count[0] += 1
                name = f"{'optional' if word == '[' else 'repeated' if word == '{' else 'group'}-{count[0]}"
                rules[name] = inner if word == "(" else [[], *([*a, name] if word == "{" else a for a in inner)]
                current.append(name)
            else:
                current.append(word)
        return alternatives + [current]

    for rule in re.split(r"\n(?=\w)", text.strip()):
        name, body = rule.split("=", 1)
        rules[name.strip()] = parse(tokens(body), None)
    return rules


def lex(text):
    return [t for t in TOKEN.findall(text) if not t.startswith("//")]


def matches(symbol, token):
    if symbol.startswith('"'):
        return symbol[1:-1] == token
    return {"name": bool(NAME.match(token)) and token != "_" or token == "_", "number": token[0].isdigit(), "string": token[0] == '"'}.get(symbol, False)


def derives(rules, start, words):
    """Whether `words`, without newlines, are a sentence. Newlines may stand everywhere, so `separator` may be nothing."""
    nullable = set()
    while True:
        more = {n for n, alternatives in rules.items() if any(all(s in nullable for s in a) for a in alternatives)} - nullable
        if not more:
            break
        nullable |= more
    sets = [dict() for _ in range(len(words) + 1)]

    def add(k, item):
        if item not in sets[k]:
            sets[k][item] = None
            queue.append(item)

    waiting = [dict() for _ in range(len(words) + 1)]
    queue = []
    for a in range(len(rules[start])):
        add(0, (start, a, 0, 0))
    furthest = 0
    for k in range(len(words) + 1):
        queue[:] = list(sets[k])
        while queue:
            name, a, dot, origin = queue.pop()
            body = rules[name][a]
            if dot == len(body):
                for item in list(waiting[origin].get(name, ())):
                    add(k, (item[0], item[1], item[2] + 1, item[3]))
                continue
            symbol = body[dot]
            if symbol in rules:
                waiting[k].setdefault(symbol, []).append((name, a, dot, origin))
                for b in range(len(rules[symbol])):
                    add(k, (symbol, b, 0, k))
                if symbol in nullable:
                    add(k, (name, a, dot + 1, origin))
            elif k < len(words) and matches(symbol, words[k]):
                sets[k + 1][(name, a, dot + 1, origin)] = None
        if sets[k]:
            furthest = k
    done = any(name == start and dot == len(rules[name][a]) and origin == 0 for name, a, dot, origin in sets[-1])
    return done, furthest


def declarations(text):
    """The text in pieces that begin in the first column."""
    return [piece for piece in re.split(r"\n(?=[A-Za-z@])", "\n" + text) if piece.strip()]


def programs(source):
    for path in sorted(source.rglob("*.nn")):
        if "build" not in path.parts and "errors" not in path.parts and "wrong" not in path.name:
            yield str(path.relative_to(source)), path.read_text()
    for path in sorted((source / "docs").glob("*.md")):
        for k, block in enumerate(re.findall(r"^```nn\n(.*?)^```", path.read_text(), re.M | re.S), 1):
            yield f"{path.name}, block {k}", block


class Writer:
    """Draws sentences. Names are fresh, so that nothing is declared twice; depth is bounded by taking what is shortest."""

    def __init__(self, rules, seed):
        self.rules, self.random, self.names = rules, random.Random(seed), 0
        self.depths = {}
        self.owned = False  # inside the first value of a parameter, where `as` names the parameter
        for _ in range(len(rules)):
            for name, alternatives in rules.items():
                known = [max([self.depths.get(s, 99) if s in rules else 0 for s in a], default=0) + 1 for a in alternatives]
                self.depths[name] = min(known)

    def depth(self, alternative):
        return max([self.depths[s] if s in self.rules else 0 for s in alternative], default=0)

    def words(self, symbol, budget):
        if symbol not in self.rules:
            return [self.terminal(symbol)]
        if symbol == "separator":
            return ["\n"]
        if symbol == "attribute":  # warnings must exist
            return ["@", "allow", "(", "unused", "-", "parameter", ")"]
        alternatives = self.rules[symbol]
        if self.owned and any(a[:1] == ['"as"'] for a in alternatives):
            return []
        fitting = [a for a in alternatives if self.depth(a) < budget] or [min(alternatives, key=self.depth)]
        chosen = self.random.choice(fitting)
        out, outer = [], self.owned
        self.owned |= symbol == "owned"
        for part in chosen:
            out += self.words(part, budget - 1)
        self.owned = outer
        return out + ["\n"] if symbol in ("declaration",) else out

    def terminal(self, symbol):
        if symbol.startswith('"'):
            return symbol[1:-1]
        self.names += 1
        return {"name": f"n{self.names}", "number": self.random.choice(["3", "0.5", "1e-3", "17"]), "string": f'"s{self.names}"'}[symbol]


def spaced(words):
    text = "\n".join(" ".join(line.split(" ")) for line in " ".join(words).split("\n"))
    return text.replace("\n ", "\n")


def main(nnc, source, folder):
    source, folder = Path(source), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rules = read_grammar((source / "docs" / "language.md").read_text())
    undefined = {s for alternatives in rules.values() for a in alternatives for s in a
                 if not s.startswith('"') and s not in rules and s not in ("name", "number", "string", "newline")}
    complaints = [f"the grammar does not define {name}" for name in sorted(undefined)]
    flat = dict(rules, separator=[[], ['";"', "separator"]])
    count = 0
    for name, text in programs(source):
        for piece in declarations(text):
            words = [t for t in lex(piece) if t != "\n"]
            if not words:
                continue
            count += 1
            good, furthest = derives(flat, "file", words)
            if not good:
                complaints.append(f"{name}: the grammar has no {' '.join(words[max(0, furthest - 12):furthest + 4])}")
    for seed in range(150):
        writer = Writer(rules, seed)
        path = folder / f"{seed}.nn"
        path.write_text(spaced(writer.words("declaration", 18 + seed % 30)))
        out = subprocess.run([nnc, "--emit=ast", path], capture_output=True, text=True)
        if out.returncode:
            complaints.append(f"{path}: {out.stderr}")
    print("\n".join(complaints[:20]) or f"{count} declarations, 150 sentences")
    return bool(complaints) or count < 300


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
