/** What is loaded at the start of the program and the provider, and that what is put off comes when it is asked for. */
import { join } from "node:path";
import execa from "execa";
import counts from "../counts.json";

jest.setTimeout(60_000);

const checkout = join(__dirname, "..", "..");

/** Runs `script` as the program and the provider are run; what it prints as JSON comes back. */
async function run<T>(script: string): Promise<T> {
    const { stdout } = await execa(process.execPath, ["--require", "./toolchain/loadTypeScript.js", "--eval", script], {
        cwd: checkout,
    });
    return JSON.parse(stdout) as T;
}

const loaded = `JSON.stringify(Object.keys(require.cache).flatMap((path) => path.split("/node_modules/").slice(1, 2)))`;

async function loadedBy(...files: readonly string[]) {
    await loadedOnce(files); // what is not in the cache yet is transformed, by more modules
    return loadedOnce(files);
}

async function loadedOnce(files: readonly string[]) {
    const paths = await run<string[]>(`${files.map((file) => `require("${file}");`).join("")}console.log(${loaded})`);
    const packages = paths.map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)![0]);
    return { modules: paths.length, packages: [...new Set(packages)].sort() };
}

test("the program loads these packages before it does anything, and no more of them than this", async () => {
    expect(await loadedBy("@pulumi/pulumi", "./config", "./components")).toEqual(counts["at the program's start"]);
});

test("so does the provider", async () => {
    expect(await loadedBy("./provider/main")).toEqual(counts["at the provider's start"]);
});

test("the compiler is there for whoever sends a function to a cloud, and zod's other languages are", async () => {
    const script = `
const { runtime } = require("@pulumi/pulumi");
const { z } = require("zod");
const before = Object.keys(require.cache).some((path) => path.includes("/node_modules/typescript/"));
runtime.serializeFunction(() => 1 + 2).then(({ text }) =>
    console.log(JSON.stringify({ before, isThere: text.includes("1 + 2"), german: z.locales.de().localeError({ code: "custom" }) })));`;
    expect(await run(script)).toEqual({ before: false, isThere: true, german: "Ungültige Eingabe" });
});

test("one that is not installed is said to be missing at once: the SDK then takes its own", async () => {
    const script = `
const filename = "/nowhere/node_modules/@pulumi/pulumi/typescript-shim.js";
try {
    require("node:module")._load("typescript", { filename, paths: [] });
    console.log(JSON.stringify("taken for installed"));
} catch (error) {
    console.log(JSON.stringify(error.code));
}`;
    expect(await run(script)).toBe("MODULE_NOT_FOUND");
});
