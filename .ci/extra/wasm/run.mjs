// Runs a program for WebAssembly: node run.mjs <file>. A panic traps, and ends this program with its stack.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const module = await WebAssembly.compile(await readFile(process.argv[2]));
if (WebAssembly.Module.imports(module).length === 0) {
  (await WebAssembly.instantiate(module)).exports.main(0, 0);
} else {
  const wasi = new WASI({ version: "preview1" });
  process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
}
