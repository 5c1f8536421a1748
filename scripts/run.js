/**
 * `npm run bench`, `npm run soak`, `npm run record-version`, `npm run replay`: set-up, then the TypeScript program of
 * that name.
 */
const { join } = require("node:path");
const { afterSetUp } = require("./setup");
const { status } = require("../toolchain/step");

const root = join(__dirname, "..");
/** @type {Record<string, string[]>} */
const commands = {
    "record-version": ["--require", "./toolchain/loadTypeScript.js", "scripts/recordEarlierVersion.ts"],
    replay: ["--require", "./toolchain/loadTypeScript.js", "scripts/replay.ts"],
    bench: ["--require", "./toolchain/loadTypeScript.js", "bench/index.ts"],
    // The same tests with a bigger count, which they read from HOLDFAST_SOAK.
    soak: ["node_modules/jest/bin/jest.js", "--runInBand"],
};

afterSetUp(async (environment) => {
    const [name = "", ...extra] = process.argv.slice(2);
    const command = commands[name];
    if (command === undefined) throw new Error(`usage: run.js ${Object.keys(commands).join("|")}`);
    const env = name === "soak" ? { HOLDFAST_SOAK: "20", ...environment } : environment;
    process.exitCode = await status(process.execPath, [...command, ...extra], { cwd: root, env });
});
