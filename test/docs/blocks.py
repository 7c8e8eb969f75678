"""Runs what a Markdown file shows. usage: blocks.py FILE.md BUILD_BIN SOURCE

  ```nn        a program: `nnc check` accepts it without a message (a fragment without a model is completed by an empty one); where it
               begins with `// file: NAME`, commands that follow find it under that name
  ```nn-error  a wrong program: `nnc check` refuses it, and the ```text block that follows is the message
  ```sh        commands, run in one temporary folder per file with nnc on the PATH and examples/ beside; lines that install or
               build (tools/..., cmake ...) are left to other tests
  ```mlir      a module: nn-opt parses it
"""
import os
import re
import subprocess
import sys
import tempfile

document, binaries, source = sys.argv[1:]
folder = tempfile.mkdtemp()
os.symlink(os.path.join(source, "examples"), os.path.join(folder, "examples"))
environment = dict(os.environ, PATH=binaries + os.pathsep + os.environ["PATH"])
failures = 0


def run(command, number, expect_failure=False, shell=False):
    global failures
    result = subprocess.run(command, cwd=folder, env=environment, shell=shell, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    if (result.returncode != 0) != expect_failure:
        failures += 1
        print(f"{document}:{number}: {command} exits with {result.returncode}\n{result.stdout}")
    return result.stdout


lines = open(document).read().split("\n")
blocks, i = [], 0
while i < len(lines):
    if m := re.match(r"^```([a-z-]+)$", lines[i]):
        start = i + 1
        i = next(k for k in range(start, len(lines)) if lines[k] == "```")
        blocks.append((m.group(1), start + 1, lines[start:i]))
    i += 1

count = 0
for k, (language, number, text) in enumerate(blocks):
    body = "\n".join(text) + "\n"
    if language in ("nn", "nn-error"):
        path = os.path.join(folder, "block.nn")
        if not re.search(r"^model ", body, re.M):
            body += "\nmodel Empty(x: f32[batch, 1]) -> f32[batch, 1] { return x }\n"
        open(path, "w").write(body)
        if m := re.match(r"// file: (\S+)", text[0]):
            open(os.path.join(folder, m[1]), "w").write(body)
        message = run(["nnc", "check", "block.nn"], number, expect_failure=language == "nn-error")
        if language == "nn" and message:
            failures += 1
            print(f"{document}:{number}: a message:\n{message}")
        if language == "nn-error":
            expected = "\n".join(blocks[k + 1][2]).strip()
            if expected not in message:
                failures += 1
                print(f"{document}:{number}: the message is\n{message}")
        count += 1
    elif language == "sh":
        for offset, command in enumerate(text):
            command = re.sub(r"\s+#.*$", "", command)
            if command and not re.match(r"(tools/|cmake |build/|git |sudo |bench/)", command):
                run(command, number + offset, shell=True)
                count += 1
    elif language == "mlir":
        path = os.path.join(folder, "block.mlir")
        open(path, "w").write(body)
        run(["nn-opt", "block.mlir"], number)
        count += 1
print(f"{count} blocks")
sys.exit(1 if failures or count == 0 else 0)
